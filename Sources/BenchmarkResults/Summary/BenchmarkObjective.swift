public import Measurements

/// What each request of a load test must meet to count as good.
public struct BenchmarkObjective: Sendable, Hashable, Codable {
    public var limits: [Limit]
    /// Share of requests that must meet every limit, in `0...1`; `nil` where none is asked for.
    public var attainment: Double?

    public init(limits: [Limit], attainment: Double? = nil) {
        self.limits = limits
        self.attainment = attainment
    }

    /// The most a latency of one request may be. Of the gaps between tokens, their mean.
    public struct Limit: Sendable, Hashable, Codable {
        public var metric: BenchmarkMetric
        public var limit: Nanoseconds

        public init(metric: BenchmarkMetric, limit: Nanoseconds) {
            self.metric = metric
            self.limit = limit
        }
    }
}

/// How a run is summarized.
public struct SummaryOptions: Sendable {
    public var objective: BenchmarkObjective?
    public var prices: PriceTable
    /// Whether the start-up that MSER-5 finds is left out of the figures. Off by default: a slow beginning may be what the test is about.
    public var discardsStartUp: Bool
    /// Of all intervals, in `0...1`.
    public var confidence: Double

    public init(objective: BenchmarkObjective? = nil, prices: PriceTable = .bundled, discardsStartUp: Bool = false) {
        self.objective = objective
        self.prices = prices
        self.discardsStartUp = discardsStartUp
        confidence = 0.95
    }
}
