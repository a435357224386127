/// One figure per outcome; `nil` where it was not measured.
public struct OutcomeValues: Sendable, Hashable {
    /// Mean of the logarithm of the time to first token in seconds.
    public var timeToFirstToken: Double?
    /// Logarithm of the mean time per output token in seconds.
    public var timePerOutputToken: Double?
    /// Logarithm of the mean end-to-end latency in seconds.
    public var endToEnd: Double?
    /// Logarithm of the throughput in requests per second.
    public var throughput: Double?
    /// Log odds of a request that misses the objective.
    public var errorRate: Double?
    /// Logarithm of the cost rate in money per hour.
    public var cost: Double?

    public init() {}

    public subscript(outcome: Outcome) -> Double? {
        get {
            switch outcome {
            case .timeToFirstToken: timeToFirstToken
            case .timePerOutputToken: timePerOutputToken
            case .endToEnd: endToEnd
            case .throughput: throughput
            case .errorRate: errorRate
            case .cost: cost
            }
        }
        set {
            switch outcome {
            case .timeToFirstToken: timeToFirstToken = newValue
            case .timePerOutputToken: timePerOutputToken = newValue
            case .endToEnd: endToEnd = newValue
            case .throughput: throughput = newValue
            case .errorRate: errorRate = newValue
            case .cost: cost = newValue
            }
        }
    }
}

/// The load and the fleet of a window; what is not known is `nil`. Only what the action cannot have moved belongs in an effect model.
public struct EpisodeConditions: Sendable, Hashable {
    /// Requests per second.
    public var arrivalRate: Double?
    /// Mean per request.
    public var inputTokens: Double?
    /// Mean per request.
    public var outputTokens: Double?
    /// Ratio in `0...1`.
    public var prefixHitRate: Double?
    /// Variance over mean of arrivals a second, dimensionless; 1 for a Poisson process.
    public var dispersion: Double?
    /// Logarithm of the recent over the earlier arrival rate.
    public var trend: Double?
    public var readyReplicas: Double?

    public init() {}
}

/// What a window of an episode saw.
public struct EpisodeWindow: Sendable, Hashable {
    public var conditions: EpisodeConditions
    public var outcomes: OutcomeValues

    public init(conditions: EpisodeConditions = EpisodeConditions(), outcomes: OutcomeValues = OutcomeValues()) {
        self.conditions = conditions
        self.outcomes = outcomes
    }
}

/// What the physical model says of an episode's windows.
public struct EpisodePredictions: Sendable, Hashable {
    /// Of the window before, under the old configuration.
    public var before: OutcomeValues
    /// Of the window after, had nothing been changed.
    public var afterUnchanged: OutcomeValues
    /// Of the window after, under the new configuration.
    public var afterChanged: OutcomeValues

    public init(
        before: OutcomeValues = OutcomeValues(), afterUnchanged: OutcomeValues = OutcomeValues(),
        afterChanged: OutcomeValues = OutcomeValues()
    ) {
        self.before = before
        self.afterUnchanged = afterUnchanged
        self.afterChanged = afterChanged
    }
}

/// The effect one episode measured, as a log ratio, with its interval.
public struct MeasuredEffect: Sendable, Hashable {
    public var logRatio: Double
    /// At least 0.
    public var standardError: Double
    public var lower: Double
    public var upper: Double

    public init(logRatio: Double, standardError: Double, lower: Double, upper: Double) {
        self.logRatio = logRatio
        self.standardError = standardError
        self.lower = lower
        self.upper = upper
    }
}
