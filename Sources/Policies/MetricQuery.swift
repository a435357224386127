public import Measurements
public import Statistics

/// Which figure of a latency sample is meant.
public enum LatencyStatistic: Sendable, Codable, Hashable, CustomStringConvertible {
    case mean
    case percentile(Percentile)

    /// `mean` or `p95`.
    public var description: String {
        switch self {
        case .mean: "mean"
        case .percentile(let level): level.description
        }
    }
}

/// A figure a condition asks for, over a window.
public enum MetricQuery: Sendable, Codable, Hashable {
    /// In seconds.
    case latency(LatencyMetric, LatencyStatistic)
    /// Requests answered in full per second.
    case throughput
    /// Output tokens per second.
    case tokensPerSecond
    /// Mean ratio in `0...1`.
    case utilization(UtilizationMetric)
    /// Requests waiting in the engine.
    case queueDepth
    /// Ratio in `0...1`.
    case errorRate
    /// Failed requests at the end of the window without a success between them.
    case consecutiveFailures
    /// Requests that missed a latency limit of the objective.
    case objectiveViolations
    /// Money per 1 000 output tokens, in the policy's currency.
    case costPerThousandTokens
    /// How many times faster than allowed the objective's error budget `1 - attainment` is being used up; 1 is exactly on budget.
    case burnRate
    /// Distance of the newest value from its baseline in robust standard deviations, signed.
    case anomaly(AnomalyMetric)
    /// A series of the user's own, by name.
    case signal(String)
}

/// A series in which anomalies are looked for.
public enum AnomalyMetric: String, Sendable, Codable, Hashable, CaseIterable {
    case timeToFirstToken = "ttft"
    case timePerOutputToken = "tpot"
    case interTokenLatency = "itl"
    case endToEnd = "e2e"
    case throughput
    case tokensPerSecond
    case errorRate
}

/// What a source answered to a query.
public enum Reading: Sendable, Codable, Hashable {
    /// A finite figure. `lower...upper` is where it would lie if readings that were not finite had been known; equal to the value
    /// without such readings, and an end is `nil` where nothing bounds it.
    case value(Value)
    case unknown(Unknown)

    public struct Value: Sendable, Codable, Hashable {
        public var value: Double
        public var lower: Double?
        public var upper: Double?
        /// Requests or scrapes behind the figure; `nil` where a report does not say.
        public var samples: Int?
        /// Time since the newest of them, at evaluation; zero for a run that was evaluated as a whole.
        public var age: Duration
        /// The sample spans less than the window that was asked for, by design of a short run.
        public var covers: Duration?

        public init(_ value: Double, samples: Int?, age: Duration = .zero) {
            self.value = value
            lower = value
            upper = value
            self.samples = samples
            self.age = age
        }
    }

    /// Why there is no figure. None of these is zero.
    public enum Unknown: Sendable, Codable, Hashable {
        /// No source delivers it.
        case missing
        /// A source delivers it, but not this figure of it: a report without that percentile.
        case notReported(String)
        /// Every reading was NaN or infinite.
        case notFinite(count: Int)
        case stale(age: Duration)
        case tooFewSamples(have: Int, need: Int)
    }
}

/// Answers queries as of one moment.
public protocol ReadingSource: Sendable {
    /// The figure over the window that ends now.
    func reading(_ query: MetricQuery, over window: Duration) -> Reading
}
