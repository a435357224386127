/// What a change must not do even where it turns out worse than expected: the bound that stands before every trial.
public struct PessimisticGate: Sendable, Codable, Hashable {
    /// A figure may not get worse than this in log units at 90 % one-sided confidence.
    public var largestAcceptableHarm: Double
    /// Deviations above the mean of the 90 % one-sided bound.
    public static let deviations = 1.28

    public init(largestAcceptableHarm: Double = 0.45) { self.largestAcceptableHarm = largestAcceptableHarm }

    /// The rise of a figure of which more is worse, in log units: `τ + 1.28 σ`.
    public func pessimistic(_ effect: EffectEstimate) -> Double { effect.logRatio + Self.deviations * effect.deviation }

    public func admits(_ effect: EffectEstimate) -> Bool { pessimistic(effect) <= largestAcceptableHarm }
}

extension EffectEstimate {
    /// Probability that the figure falls by more than an amount in log units, in `0...1`.
    public func probabilityOfFall(beyond amount: Double) -> Double {
        EffectEstimate(logRatio: logRatio + amount, deviation: deviation).probabilityOfFall
    }

    /// Mean of the fall beyond an amount in log units, where smaller falls count for nothing: what a trial can be expected to bring.
    public func expectedFall(beyond amount: Double) -> Double { expectedExcess(mean: -logRatio - amount, deviation: deviation) }
}
