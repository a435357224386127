import Learning
import Policies
import Statistics

/// What is believed of configurations before any was tried.
///
/// The objective of a configuration is a sum of one unknown for each value of each knob, of which neighbouring values have alike ones, and one
/// for the configuration itself, which the sum does not explain. A model may give the mean. It is never believed to better than 0.15 log units,
/// for near saturation a model that is 20 % wrong ranks settings little better than chance (control dossier, D8).
public struct EffectPrior: Sendable, Codable, Hashable {
    /// Log units of the objective that a model expects of configurations; one that is not listed is expected to be as all are in the mean.
    public private(set) var expected: [Configuration: Double]
    /// Standard deviation of the difference between two configurations that have nothing in common, log units.
    public let deviation: Double

    /// Smallest standard deviation of a difference.
    public static let minimumDeviation = 0.15
    /// Part of the variance that belongs to a configuration itself.
    static let ownShare = 0.5
    /// Steps of a knob after which what two values have in common has fallen to 1/e.
    static let likeness = 2.0

    /// - Parameters:
    ///   - expected: Of a simulation of the engine, e.g.; what is not finite is left out.
    ///   - deviation: Cut to at least 0.3, which leaves 0.21 for two configurations that are alike but for themselves.
    public init(expected: [Configuration: Double] = [:], deviation: Double = 0.3) {
        self.expected = expected.filter(\.value.isFinite)
        self.deviation = deviation.isFinite ? max(deviation, Self.minimumDeviation / Self.ownShare.squareRoot()) : 0.3
    }

    /// Nothing is known.
    public static let flat = EffectPrior()

    func mean(of configuration: Configuration) -> Double { expected[configuration] ?? average }

    private var average: Double { expected.isEmpty ? 0 : expected.values.sorted().reduce(0, +) / Double(expected.count) }

    /// Covariance of the objectives of two configurations.
    func covariance(_ first: Configuration, _ second: Configuration, in grid: TuningGrid) -> Double {
        let variance = deviation * deviation / 2
        guard first != second else { return variance }
        guard !grid.knobs.isEmpty else { return 0 }
        let common = grid.knobs.reduce(0.0) { sum, knob in sum + Self.likeness(first[knob.name], second[knob.name], of: knob) }
        return variance * (1 - Self.ownShare) * common / Double(grid.knobs.count)
    }

    private static func likeness(_ first: KnobValue?, _ second: KnobValue?, of knob: TunedKnob) -> Double {
        if first == second { return 1 }
        guard let first = first.flatMap(knob.position), let second = second.flatMap(knob.position) else { return 0 }
        return exponential(-Double(max(1, abs(first - second))) / likeness)
    }
}
