public import Learning
public import Measurements
public import Verification

/// What a tuner is told of the moment it decides in.
public struct TuningSituation: Sendable, Hashable {
    public var now: Timestamp
    public var readyReplicas: Int
    /// The objective burns: nothing is left to chance, and the row says so.
    public var isUrgent: Bool
    /// Share of requests that configurations are predicted to let miss, `0...1`; of those not listed nothing is known.
    public var predictedMisses: [Configuration: Double]
    /// Share of requests that may miss under a configuration that is tried, `0...1`.
    public var largestMisses: Double
    /// Of the whole pool; `nil` where it is not known, and then nobody tells how long an experiment takes.
    public var requestsPerSecond: Double?
    /// Why some configurations cannot be tried now, a clause each.
    public var obstacles: [Configuration: String] = [:]

    public init(
        now: Timestamp, readyReplicas: Int, isUrgent: Bool = false, predictedMisses: [Configuration: Double] = [:],
        largestMisses: Double = 1, requestsPerSecond: Double? = nil
    ) {
        self.now = now
        self.readyReplicas = readyReplicas
        self.isUrgent = isUrgent
        self.predictedMisses = predictedMisses
        self.largestMisses = largestMisses
        self.requestsPerSecond = requestsPerSecond
    }
}

/// What a tuner decides.
public enum TuningDecision: Sendable, Hashable {
    case hold(TuningRefusal)
    case draw(TuningDraw)
}

/// Why nothing is tried now.
public enum TuningRefusal: Sendable, Codable, Hashable {
    case coolingDown(until: Timestamp)
    /// So many have begun within the time that they are counted in.
    case enoughBegun(Int)
    /// Experiments have spent their part of the error budget of the last day.
    case budgetSpent(share: Double, of: Double)
    /// A canary and a control of the same size need four replicas.
    case tooFewReplicas(Int)
    /// Not even the effect that is hoped for could be told in time.
    case cannotBeTold(CanaryForecast.Refusal)
}

/// One move with what it promises; also what a decision is explained with.
public struct TuningOption: Sendable, Codable, Hashable {
    public var configuration: Configuration
    /// On the objective relative to the incumbent, log ratio; below zero is better.
    public var effect: EffectEstimate
    /// What was believed of it before any experiment.
    public var prior: EffectEstimate
    /// Mean fall of the objective beyond the smallest that is worth a change, log units.
    public var expectedFall: Double
    /// That the fall is worth a change, `0...1`.
    public var probabilityWorthwhile: Double
    /// `nil` where it may be tried.
    public var exclusion: TuningExclusion?
}

/// Why a move is not tried.
public enum TuningExclusion: Sendable, Codable, Hashable {
    case rule(String)
    case failedBefore(String)
    /// The target does not take it, or somebody stands against it.
    case obstacle(String)
    case tooRisky(pessimistic: Double, largest: Double)
    case missesObjective(predicted: Double, budget: Double)
}

/// What was drawn, and from what; kept with the experiment.
public struct TuningDraw: Sendable, Codable, Hashable {
    /// `nil` is a holdout: the same windows without a change.
    public let choice: Configuration?
    public let propensities: Propensities
    public let isUrgent: Bool
    public let seed: UInt64
    public let incumbent: Configuration
    /// All that was weighed, with what was excluded and why.
    public let options: [TuningOption]
    /// How long it will take and what it can find; `nil` where the traffic is not known.
    public let forecast: CanaryForecast?

    public init(
        choice: Configuration?, propensities: Propensities, isUrgent: Bool, seed: UInt64, incumbent: Configuration, options: [TuningOption],
        forecast: CanaryForecast? = nil
    ) {
        self.choice = choice
        self.propensities = propensities
        self.isUrgent = isUrgent
        self.seed = seed
        self.incumbent = incumbent
        self.options = options
        self.forecast = forecast
    }
}
