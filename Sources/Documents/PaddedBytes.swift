internal import CSimdjson

/// A copy of some bytes followed by the padding that simdjson may read.
final class PaddedBytes {
    let bytes: UnsafeRawBufferPointer
    private let storage: UnsafeMutableRawPointer

    /// - Parameter source: Copied; borrowed for the call.
    init(_ source: UnsafeRawBufferPointer) {
        let padding = Int(CSIMDJSON_PADDING)
        storage = UnsafeMutableRawPointer.allocate(byteCount: source.count + padding, alignment: 64)
        if let start = source.baseAddress { storage.copyMemory(from: start, byteCount: source.count) }
        (storage + source.count).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
        bytes = UnsafeRawBufferPointer(start: storage, count: source.count)
    }

    deinit { storage.deallocate() }
}

/// The bytes without a UTF-8 byte order mark.
func withoutByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let marked = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    return marked ? UnsafeRawBufferPointer(rebasing: bytes[3...]) : bytes
}
