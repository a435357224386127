/// A string of a JSON text, still as it was written.
struct ScannedText {
    let range: Range<Int>
    let hasEscapes: Bool

    func decoded(in bytes: UnsafeRawBufferPointer) -> String {
        guard hasEscapes else { return String(decoding: bytes[range], as: UTF8.self) }
        var units: [UInt8] = []
        units.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                units.append(bytes[index])
                index += 1
                continue
            }
            index += 2
            switch bytes[index - 1] {
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "u"): units += Array(String(scalar(&index, in: bytes)).utf8)
            case let other: units.append(other)
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// The character behind `\u`, of which a surrogate needs its other half; alone it becomes U+FFFD.
    private func scalar(_ index: inout Int, in bytes: UnsafeRawBufferPointer) -> Character {
        let high = unit(index, in: bytes)
        index += 4
        if (0xD800..<0xDC00).contains(high), index + 6 <= range.upperBound, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        {
            let low = unit(index + 2, in: bytes)
            if (0xDC00..<0xE000).contains(low) {
                index += 6
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)).map(Character.init) ?? "\u{FFFD}"
            }
        }
        return Unicode.Scalar(high).map(Character.init) ?? "\u{FFFD}"
    }

    private func unit(_ start: Int, in bytes: UnsafeRawBufferPointer) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | UInt32(Self.hexadecimal(bytes[start + $1]) ?? 0) }
    }

    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
