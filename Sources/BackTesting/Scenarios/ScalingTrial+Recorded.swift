public import EngineModels
public import Measurements
import Scaling
public import Simulation

/// What is the same in all standard trials: the engine, its starts, and how requests are long.
public struct TrialConditions: Sendable {
    public var profile: EngineProfile
    public var settings: EngineSettings
    /// Median of a replica's start; the deviation is that of ``ColdStart``.
    public var coldStart: Nanoseconds
    /// Whose pairs of prompt and answer are drawn; not empty.
    public var lengths: RequestTrace
    public var objective: ServiceObjective
    public var seed: UInt64

    public init(
        profile: EngineProfile = .llama70BOnFourH100, settings: EngineSettings = EngineSettings(),
        coldStart: Nanoseconds = Nanoseconds(seconds: 150), lengths: RequestTrace, objective: ServiceObjective = ServiceObjective(),
        seed: UInt64
    ) {
        self.profile = profile
        self.settings = settings
        self.coldStart = coldStart
        self.lengths = lengths
        self.objective = objective
        self.seed = seed
    }

    /// Requests per second that one replica serves in time.
    public var capacity: Double {
        let count = Double(max(1, lengths.requests.count))
        let mix = RequestMix(
            inputTokens: Double(lengths.requests.reduce(0) { $0 + $1.inputTokens }) / count,
            outputTokens: Double(lengths.requests.reduce(0) { $0 + $1.outputTokens }) / count,
            cachedTokens: Double(lengths.requests.reduce(0) { $0 + $1.cachedTokens }) / count)
        return ServiceCapacity(profile: profile, settings: settings)
            .rate(timePerOutputToken: 0.9 * objective.timePerOutputToken.milliseconds, mix)
    }
}

extension ScalingTrial {
    /// A stretch of recorded rates, with what was not recorded drawn: within ten minutes all arrivals share a lognormal factor (deviation 0.2,
    /// remembered for 60 s).
    ///
    /// The pool begins with half more replicas than the first rate needs, and may have two and a half times as many as the highest needs.
    /// - Parameter rates: Scaled as they are to come; with a mean above 0.
    public init(_ rates: RateSeries, under conditions: TrialConditions) {
        let end = Nanoseconds(seconds: rates.seconds)
        let shape = LoadShape.series(LoadShape.series(rates).modulated(for: rates.seconds, seed: conditions.seed))
        var arrivals = Arrivals(shape: shape, lengthsLike: conditions.lengths, seed: conditions.seed)
        self.init(
            arrivals.trace(before: end), firstRate: rates.rates.first ?? 0, highestRate: rates.rates.max() ?? 0, under: conditions)
    }

    /// Recorded requests as they came. The pool begins with half more replicas than their mean rate needs.
    public init(_ trace: RequestTrace, under conditions: TrialConditions) {
        self.init(trace, firstRate: trace.meanRate, highestRate: 1.5 * trace.meanRate, under: conditions)
    }

    private init(_ trace: RequestTrace, firstRate: Double, highestRate: Double, under conditions: TrialConditions) {
        let capacity = max(conditions.capacity, 1e-3)
        let most = min(max(1, Int((2.5 * highestRate / capacity).rounded(.up))), PoolSetup.maximumReplicas)
        self.init(
            setup: PoolSetup(
                profile: conditions.profile, settings: conditions.settings,
                replicas: min(max(1, Int((1.5 * firstRate / capacity).rounded(.up))), most), seed: conditions.seed,
                coldStart: ColdStart(median: conditions.coldStart)),
            requests: trace.requests, end: trace.span, objective: conditions.objective, replicaRange: 1...most)
    }
}
