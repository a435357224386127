import FoundationEssentials
import Measurements

/// The gaps between chunks in few bytes: each as a variable-length integer of seven bits a byte, low bits first, sign in the lowest bit.
///
/// Source: https://protobuf.dev/programming-guides/encoding/#signed-ints (ZigZag). A gap of 20 ms takes 4 bytes.
enum GapCoding {
    static func encode(_ gaps: [Nanoseconds]) -> Data {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(gaps.count * 4)
        for gap in gaps {
            var rest = UInt64(bitPattern: gap.count << 1 ^ gap.count >> 63)
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
        return Data(bytes)
    }

    /// - Returns: `nil` where the bytes are none of ours.
    static func decode(_ data: Data) -> [Nanoseconds]? {
        var gaps: [Nanoseconds] = []
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in data {
            guard shift < 64 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            shift += 7
            guard byte & 0x80 == 0 else { continue }
            gaps.append(Nanoseconds(Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)))
            value = 0
            shift = 0
        }
        return shift == 0 ? gaps : nil
    }
}
