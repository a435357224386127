internal import CSimdjson

/// Reads a file line by line in constant memory.
///
/// Accepts LF and CR LF, a byte order mark and a last line without an end. Every line it hands out is followed by the readable bytes that
/// ``JSONRows`` needs.
public final class LineReader {
    /// One line; its bytes live until the next call.
    public struct Line {
        /// Without the end of line; empty where ``isTooLong``.
        public let bytes: UnsafeRawBufferPointer
        /// 1-based.
        public let number: Int
        /// The line is longer than allowed and was passed over.
        public let isTooLong: Bool
    }

    /// Bytes of the file when it was opened; 0 for a pipe.
    public var totalBytes: Int { file.size }
    /// Bytes read from the file so far.
    public private(set) var bytesRead = 0

    private let file: FileBytes
    private let maximumLineBytes: Int
    private let onBytes: (UnsafeRawBufferPointer) -> Void
    private var buffer: UnsafeMutableRawPointer
    private var capacity: Int
    private var start = 0
    private var end = 0
    private var atEnd = false
    private var lineNumber = 0

    /// - Parameter onBytes: Called with every piece of the file as it is read, for digests.
    /// - Throws: `DocumentError` when the file cannot be opened.
    public init(
        path: String, maximumLineBytes: Int = 16 << 20, chunkBytes: Int = 1 << 18,
        onBytes: @escaping (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws {
        file = try FileBytes(path: path)
        self.maximumLineBytes = maximumLineBytes
        self.onBytes = onBytes
        capacity = max(16, chunkBytes)
        buffer = Self.allocate(capacity)
    }

    deinit { buffer.deallocate() }

    /// The next line; `nil` at the end of the file.
    ///
    /// - Throws: `DocumentError` when the file cannot be read.
    public func next() throws -> Line? {
        lineNumber += 1
        var searched = 0
        while true {
            if let offset = FileBytes.firstIndex(of: 0x0A, in: buffer + start + searched, count: end - start - searched) {
                let length = searched + offset
                defer { start += length + 1 }
                return line(length)
            }
            searched = end - start
            if searched > maximumLineBytes { return try passOver() }
            if atEnd {
                guard searched > 0 else { return nil }
                defer { start = end }
                return line(searched)
            }
            try fill()
        }
    }

    private func line(_ length: Int) -> Line {
        guard length <= maximumLineBytes else { return Line(bytes: .init(start: nil, count: 0), number: lineNumber, isTooLong: true) }
        var bytes = UnsafeRawBufferPointer(start: buffer + start, count: length)
        if bytes.last == 0x0D { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast()) }
        return Line(bytes: lineNumber == 1 ? withoutByteOrderMark(bytes) : bytes, number: lineNumber, isTooLong: false)
    }

    private func passOver() throws -> Line {
        let tooLong = Line(bytes: .init(start: nil, count: 0), number: lineNumber, isTooLong: true)
        while true {
            if let offset = FileBytes.firstIndex(of: 0x0A, in: buffer + start, count: end - start) {
                start += offset + 1
                return tooLong
            }
            start = end
            if atEnd { return tooLong }
            try fill()
        }
    }

    /// Moves what is left to the front, grows where that is not enough, and reads on.
    private func fill() throws {
        let left = end - start
        if start > 0 {
            buffer.copyMemory(from: buffer + start, byteCount: left)
            (start, end) = (0, left)
        }
        if end == capacity {
            let larger = Self.allocate(capacity * 2)
            larger.copyMemory(from: buffer, byteCount: end)
            buffer.deallocate()
            (buffer, capacity) = (larger, capacity * 2)
        }
        let got = try file.read(into: buffer + end, count: capacity - end)
        if got == 0 { atEnd = true } else { onBytes(UnsafeRawBufferPointer(start: buffer + end, count: got)) }
        end += got
        bytesRead += got
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        let padding = Int(CSIMDJSON_PADDING)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity + padding, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + padding)
        return memory
    }
}

/// A whole file in memory, within a bound, or its beginning.
public enum FileContent {
    /// The first bytes of a file.
    public struct Beginning: Sendable {
        public let bytes: [UInt8]
        public let isWholeFile: Bool
    }

    /// - Parameter bytes: How many are read at most.
    /// - Throws: `DocumentError` when the file cannot be read, or not a second time.
    public static func beginning(path: String, bytes limit: Int) throws -> Beginning {
        let file = try FileBytes(path: path)
        guard file.isRegular else {
            throw DocumentError(.unreadable, "cannot read '\(path)' twice: it is no regular file; save its content to one")
        }
        var content = [UInt8](repeating: 0, count: limit + 1)
        let got = try content.withUnsafeMutableBytes { buffer in
            var filled = 0
            while let start = buffer.baseAddress, filled < buffer.count {
                let got = try file.read(into: start + filled, count: buffer.count - filled)
                if got == 0 { break }
                filled += got
            }
            return filled
        }
        content.removeSubrange(min(got, limit)...)
        return Beginning(bytes: content, isWholeFile: got <= limit)
    }

    /// - Throws: `DocumentError` when the file cannot be read or is larger than the limit.
    public static func read(path: String, limitBytes: Int) throws -> [UInt8] {
        let file = try FileBytes(path: path)
        guard file.size <= limitBytes else {
            throw DocumentError(.tooLarge, "cannot read '\(path)': expected at most \(limitBytes) bytes, found \(file.size)")
        }
        var content: [UInt8] = []
        content.reserveCapacity(file.size + 1)
        try forEachPiece(of: file) { piece in
            guard content.count + piece.count <= limitBytes else {
                throw DocumentError(.tooLarge, "cannot read '\(path)': it grew beyond \(limitBytes) bytes while it was read")
            }
            content.append(contentsOf: piece)
        }
        return content
    }

    /// Hands out a file in pieces; each lives for its call.
    ///
    /// - Throws: `DocumentError` when the file cannot be read; and whatever the body throws.
    public static func forEachPiece(path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try forEachPiece(of: FileBytes(path: path), body)
    }

    private static func forEachPiece(of file: FileBytes, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        try piece.withUnsafeMutableBytes { buffer in
            while let start = buffer.baseAddress {
                let got = try file.read(into: start, count: buffer.count)
                if got == 0 { return }
                try body(UnsafeRawBufferPointer(start: start, count: got))
            }
        }
    }
}
