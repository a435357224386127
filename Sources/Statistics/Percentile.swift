/// A percentile level such as P95, a fraction in `0...1`.
///
/// Levels are compared and printed at a resolution of 0.01 percentage points, so `P99.9` and `0.999` are one level.
public struct Percentile: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The level in hundredths of a percent, `0...10_000`.
    public let basisPoints: Int

    /// - Parameter percent: The level in percent, e.g. 95 or 99.9; outside `0...100` is a caller's bug and traps.
    public init(percent: Double) {
        precondition((0...100).contains(percent), "a percentile lies in 0...100 %, got \(percent)")
        basisPoints = Int((percent * 100).rounded())
    }

    /// The level as a fraction in `0...1`.
    public var fraction: Double { Double(basisPoints) / 10_000 }

    /// The level in percent, `0...100`.
    public var percent: Double { Double(basisPoints) / 100 }

    public static let p50 = Percentile(percent: 50)
    public static let p90 = Percentile(percent: 90)
    public static let p95 = Percentile(percent: 95)
    public static let p99 = Percentile(percent: 99)
    public static let p999 = Percentile(percent: 99.9)

    /// The levels every summary holds.
    public static let standard: [Percentile] = [.p50, .p90, .p95, .p99, .p999]

    public static func < (left: Percentile, right: Percentile) -> Bool { left.basisPoints < right.basisPoints }

    /// `p95`, `p99.9`.
    public var description: String {
        let whole = basisPoints / 100
        let rest = basisPoints % 100
        if rest == 0 { return "p\(whole)" }
        return rest % 10 == 0 ? "p\(whole).\(rest / 10)" : "p\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension Percentile: Codable {
    /// Reads the level in percent.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let percent = try container.decode(Double.self)
        guard (0...100).contains(percent) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a percentile lies in 0...100 %, got \(percent)")
        }
        self.init(percent: percent)
    }

    /// Writes the level in percent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(percent)
    }
}
