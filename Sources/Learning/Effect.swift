import Statistics

/// A figure a change may move.
public enum Outcome: String, Sendable, Codable, Hashable, CaseIterable, CodingKeyRepresentable {
    case timeToFirstToken = "ttft"
    case timePerOutputToken = "tpot"
    case endToEnd = "e2e"
    case throughput
    /// Share of requests that fail.
    case errorRate
    /// Money per hour.
    case cost
}

/// By how much a change multiplies a figure, as a normal distribution of the logarithm: +0.10 is +10.5 %.
public struct EffectEstimate: Sendable, Codable, Hashable {
    /// Mean of the log ratio, dimensionless.
    public var logRatio: Double
    /// Standard deviation of the log ratio, dimensionless.
    public var deviation: Double

    public init(logRatio: Double, deviation: Double) {
        self.logRatio = logRatio
        self.deviation = deviation
    }

    /// Known for certain to change nothing.
    public static let none = EffectEstimate(logRatio: 0, deviation: 0)

    /// The change as a ratio: −0.2 is a fall by 20 %.
    public var relativeChange: Double { expm1(logRatio) }

    /// The 90 % interval of ``relativeChange``.
    public var interval90: ClosedRange<Double> {
        expm1(logRatio - 1.6449 * deviation)...expm1(logRatio + 1.6449 * deviation)
    }

    /// Probability that the figure falls, in `0...1`; one half for an effect of nothing.
    public var probabilityOfFall: Double {
        guard deviation > 0 else { return logRatio < 0 ? 1 : logRatio > 0 ? 0 : 0.5 }
        return standardNormalCumulative(-logRatio / deviation)
    }
}

/// What a change does to every figure, and who says so.
public struct PredictedEffect: Sendable, Codable, Hashable {
    /// Outcomes not listed cannot be predicted from what was measured.
    public var outcomes: [Outcome: EffectEstimate]
    public var source: Source
    /// The reasoning in sentences, with its numbers.
    public var reasoning: [String]

    public init(outcomes: [Outcome: EffectEstimate], source: Source, reasoning: [String]) {
        self.outcomes = outcomes
        self.source = source
        self.reasoning = reasoning
    }

    public enum Source: Sendable, Codable, Hashable {
        /// A physical model without any episode of this deployment; deliberately wide.
        case physicalPrior
        /// Prior and episodes combined.
        case learned(episodes: Int, holdouts: Int)
    }
}

/// Predicts what a change would do.
///
/// The physical prior answers while no episodes exist; an estimator that learns from episodes takes the same place and starts from it.
public protocol EffectEstimator: Sendable {
    func effect(of candidate: Candidate, in state: OperatingPoint) -> PredictedEffect
}
