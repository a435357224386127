/// Whether stated probabilities come true: for every tenth of the scale, what was stated and how often it happened.
public struct Reliability: Sendable, Codable, Hashable {
    /// Ten, from `0..<0.1` to `0.9...1`.
    public private(set) var bins: [Bin]

    public struct Bin: Sendable, Codable, Hashable {
        public var count = 0
        /// Sum of what was stated.
        public var stated = 0.0
        public var happened = 0

        public init() {}

        /// Mean of what was stated; `nil` without statements.
        public var meanStated: Double? { count > 0 ? stated / Double(count) : nil }
        /// How often it came true, in `0...1`; `nil` without statements.
        public var realised: Double? { count > 0 ? Double(happened) / Double(count) : nil }
    }

    public init() { bins = Array(repeating: Bin(), count: 10) }

    public var count: Int { bins.reduce(0) { $0 + $1.count } }

    /// - Parameter stated: A probability; not a number is left out.
    public mutating func record(stated: Double, happened: Bool) {
        guard (0...1).contains(stated) else { return }
        let index = min(9, Int(stated * 10))
        bins[index].count += 1
        bins[index].stated += stated
        bins[index].happened += happened ? 1 : 0
    }

    /// Mean distance of what was stated from what came true, weighted by how often it was stated; `nil` without statements.
    ///
    /// Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI 2015 (expected calibration error).
    public var calibrationError: Double? {
        guard count > 0 else { return nil }
        return bins.reduce(0) { sum, bin in
            guard let stated = bin.meanStated, let realised = bin.realised else { return sum }
            return sum + Double(bin.count) * abs(stated - realised)
        } / Double(count)
    }
}
