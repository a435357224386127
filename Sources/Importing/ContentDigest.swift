import FoundationEssentials

/// A 128-bit digest of content that comes in pieces; it tells contents apart and is no protection against forgery.
///
/// Whoever forges a collision makes one file of his own count as another file of his own. A cryptographic hash would buy nothing here
/// and cost a dependency and a third of the import's time.
///
/// Source: A. Appleby, MurmurHash3_x64_128, public domain, https://github.com/aappleby/smhasher.
struct ContentDigest {
    private var first: UInt64
    private var second: UInt64
    private var pending: [UInt8] = []
    private var length = 0

    init(seed: UInt32 = 0) {
        first = UInt64(seed)
        second = UInt64(seed)
        pending.reserveCapacity(16)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length += bytes.count
        var position = 0
        if !pending.isEmpty {
            position = min(16 - pending.count, bytes.count)
            pending.append(contentsOf: bytes[..<position])
            guard pending.count == 16 else { return }
            let (low, high) = pending.withUnsafeBytes { (Self.word($0, at: 0), Self.word($0, at: 8)) }
            mix(low, high)
            pending.removeAll(keepingCapacity: true)
        }
        while position + 16 <= bytes.count {
            mix(Self.word(bytes, at: position), Self.word(bytes, at: position + 8))
            position += 16
        }
        pending.append(contentsOf: bytes[position...])
    }

    /// The digest of everything so far.
    func finished() -> (UInt64, UInt64) {
        var one = first
        var two = second
        var low: UInt64 = 0
        var high: UInt64 = 0
        for (index, byte) in pending.enumerated() {
            if index < 8 { low |= UInt64(byte) << (8 * index) } else { high |= UInt64(byte) << (8 * (index - 8)) }
        }
        two ^= Self.scrambled(high, 33, Self.multiplierTwo, Self.multiplierOne)
        one ^= Self.scrambled(low, 31, Self.multiplierOne, Self.multiplierTwo)
        one ^= UInt64(length)
        two ^= UInt64(length)
        one &+= two
        two &+= one
        one = Self.avalanche(one)
        two = Self.avalanche(two)
        one &+= two
        two &+= one
        return (one, two)
    }

    /// 32 hexadecimal digits.
    var text: String {
        let (one, two) = finished()
        return Self.hexadecimal(one) + Self.hexadecimal(two)
    }

    /// A stable identity for the content, marked as a UUID of version 8 (RFC 9562: made by the application).
    var uuid: UUID {
        let (one, two) = finished()
        let high = one & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
        let low = two & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return UUID(high: high, low: low)
    }

    private static let multiplierOne: UInt64 = 0x87C3_7B91_1142_53D5
    private static let multiplierTwo: UInt64 = 0x4CF5_AD43_2745_937F

    private mutating func mix(_ low: UInt64, _ high: UInt64) {
        first ^= Self.scrambled(low, 31, Self.multiplierOne, Self.multiplierTwo)
        first = Self.rotated(first, 27) &+ second
        first = first &* 5 &+ 0x52DC_E729
        second ^= Self.scrambled(high, 33, Self.multiplierTwo, Self.multiplierOne)
        second = Self.rotated(second, 31) &+ first
        second = second &* 5 &+ 0x3849_5AB5
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private static func scrambled(_ word: UInt64, _ rotation: UInt64, _ before: UInt64, _ after: UInt64) -> UInt64 {
        rotated(word &* before, rotation) &* after
    }

    private static func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }

    private static func avalanche(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed ^= mixed >> 33
        mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
        mixed ^= mixed >> 33
        mixed = mixed &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension UUID {
    init(high: UInt64, low: UInt64) {
        func byte(_ word: UInt64, _ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        self.init(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5), byte(high, 6), byte(high, 7),
                byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3), byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }

    /// Reads `8-4-4-4-12` hexadecimal digits without allocating.
    init?(text bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 36 else { return nil }
        guard [8, 13, 18, 23].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else { return nil }
        guard let a = hexadecimal(bytes, 0, 8), let b = hexadecimal(bytes, 9, 4), let c = hexadecimal(bytes, 14, 4),
            let d = hexadecimal(bytes, 19, 4), let e = hexadecimal(bytes, 24, 12)
        else { return nil }
        self.init(high: a << 32 | b << 16 | c, low: d << 48 | e)
    }
}

/// The value of hexadecimal digits; `nil` where one is none.
private func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> UInt64? {
    var value: UInt64 = 0
    var invalid: UInt8 = 0
    for index in start..<start + count {
        // '0'-'9' are 0x30-0x39; letters, whatever their case, have bit 6 set and count from 9.
        let byte = bytes[index]
        let isLetter = byte >> 6
        let digit = (byte & 0x0F) &+ isLetter &* 9
        let lower = byte | 0x20
        let isDigit = byte &- 0x30 < 10
        let isHex = lower &- 0x61 < 6
        if !isDigit && !isHex { invalid = 1 }
        value = value << 4 | UInt64(digit)
    }
    return invalid == 0 ? value : nil
}
