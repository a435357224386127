import FoundationEssentials

/// The place of a request in its run, written as a UUID of version 8 (RFC 9562 §5.8): what the run is known by, and a number.
struct RequestNumber: Sendable, Hashable {
    let prefix: UInt64
    let number: Int

    init(prefix: UInt64, number: Int) {
        self.prefix = prefix & ~0xF000
        self.number = number
    }

    init(_ id: UUID) {
        let bytes = withUnsafeBytes(of: id.uuid, Array.init)
        func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        prefix = word(0) & ~0xF000
        number = Int(word(8) & (1 << 62 - 1))
    }

    var id: UUID {
        let first = prefix | 0x8000
        let second = UInt64(number) & (1 << 62 - 1) | 1 << 63
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        return UUID(
            uuid: (
                byte(first, 0), byte(first, 1), byte(first, 2), byte(first, 3), byte(first, 4), byte(first, 5), byte(first, 6),
                byte(first, 7), byte(second, 0), byte(second, 1), byte(second, 2), byte(second, 3), byte(second, 4), byte(second, 5),
                byte(second, 6), byte(second, 7)
            ))
    }
}
