/// An amount as Kubernetes writes it: `500m`, `0.5`, `64Gi`, `1e3`. The API server rewrites amounts, so `0.5` comes back as `500m`.
struct Quantity: Equatable {
    /// In units, bytes or cores.
    let value: Double

    /// `nil` for a text that is no amount.
    init?(_ text: String) {
        let suffix = Self.suffixes.first { text.hasSuffix($0.name) }
        let number = text.dropLast(suffix?.name.count ?? 0)
        let isPlain = number.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
        guard isPlain, let amount = Double(number), amount.isFinite else { return nil }
        value = amount * (suffix?.factor ?? 1)
    }

    /// Longer ones first, so that `Mi` is not read as `i`. A bare `E` is 10¹⁸, and within `1e3` an exponent.
    private static let suffixes: [(name: String, factor: Double)] = [
        ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("Ti", 0x1p40), ("Pi", 0x1p50), ("Ei", 0x1p60), ("n", 1e-9), ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
    ]

    /// Amounts of cores are multiples of a thousandth, and binary fractions of those need not be equal to the last bit.
    static func == (one: Quantity, other: Quantity) -> Bool {
        abs(one.value - other.value) <= 1e-12 * max(abs(one.value), abs(other.value))
    }
}
