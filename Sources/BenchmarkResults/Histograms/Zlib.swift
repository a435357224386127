/// As much of zlib's format (RFC 1950) as histogram logs need: written without compressing, read whatever was written.
enum Zlib {
    /// The bytes as stored blocks: valid for every reader, and one library less.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 0xFFFF, bytes.count)
            let length = UInt16(end - start)
            result.append(end == bytes.count ? 1 : 0)
            for number in [length, ~length] { result += [UInt8(number & 0xFF), UInt8(number >> 8)] }
            result += bytes[start..<end]
            start = end
        } while start < bytes.count
        return result + withUnsafeBytes(of: checksum(bytes).bigEndian) { Array($0) }
    }

    /// The bytes behind zlib's header, whatever they were compressed to.
    ///
    /// - Parameter limit: The most bytes that may come out.
    /// - Throws: `ZlibError` for anything that is no such stream, is cut off, or holds more.
    static func inflate(_ bytes: ArraySlice<UInt8>, limit: Int) throws(ZlibError) -> [UInt8] {
        guard bytes.count >= 6, bytes[bytes.startIndex] & 0x0F == 8, bytes[bytes.startIndex + 1] & 0x20 == 0 else { throw .malformed }
        var inflater = Inflater(bytes: bytes.dropFirst(2), limit: limit)
        let result = try inflater.run()
        guard inflater.checksum == checksum(result) else { throw .checksum }
        return result
    }

    /// Adler-32.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}

enum ZlibError: Error, Sendable, CustomStringConvertible {
    case malformed, cutOff, tooLarge, checksum

    var description: String {
        switch self {
        case .malformed: "the compressed bytes are no zlib stream"
        case .cutOff: "the compressed bytes end too early"
        case .tooLarge: "the compressed bytes hold more than a histogram can"
        case .checksum: "the compressed bytes do not match their checksum"
        }
    }
}
