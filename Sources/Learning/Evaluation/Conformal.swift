import Statistics

/// Widens or narrows intervals until as many of them miss as they claim to.
///
/// `κ ← κ · exp(gain · (miss − level))`, an adaptive conformal rule that holds in the long run whatever the world does
/// (I. Gibbs, E. Candès, NeurIPS 2021).
public struct AdaptiveWidening: Sendable, Hashable {
    /// Factor on the deviation.
    public private(set) var factor: Double
    /// Share of the intervals that may miss.
    public let level: Double
    static let gain = 0.05
    static let range = 0.7...3.0

    public init(factor: Double = 1, level: Double = 0.1) {
        self.factor = factor
        self.level = level
    }

    public mutating func take(missed: Bool) {
        let raised = factor * exponential(Self.gain * ((missed ? 1 : 0) - level))
        factor = min(max(raised, Self.range.lowerBound), Self.range.upperBound)
    }
}
