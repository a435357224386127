public import Statistics

/// The sample of one latency in one part of a load test; all lengths in seconds.
public struct LatencySummary: Sendable, Hashable, Codable {
    /// Requests with a value.
    public var requests: Int
    /// Values: requests, or gaps, or tokens where values are weighted by them.
    public var count: Int
    public var mean: Double
    /// Of the mean, by batch means; `nil` below two requests.
    public var meanInterval: ConfidenceInterval?
    /// Population standard deviation.
    public var standardDeviation: Double
    public var minimum: Double
    public var maximum: Double
    /// Ascending by level; every level of ``levels``, the sample's support or not.
    public var percentiles: [PercentileFigure]
    /// How many times larger the variance of the mean is than that of as many independent requests; at least 1.
    public var inflation: Double
    /// How the percentiles are known.
    public var method: PercentileMethod

    /// P50, P75, P90, P95, P99 and P99.9.
    public static let levels: [Percentile] = [.p50, Percentile(percent: 75), .p90, .p95, .p99, .p999]

    public init(
        requests: Int, count: Int, mean: Double, meanInterval: ConfidenceInterval?, standardDeviation: Double, minimum: Double,
        maximum: Double, percentiles: [PercentileFigure], inflation: Double, method: PercentileMethod
    ) {
        self.requests = requests
        self.count = count
        self.mean = mean
        self.meanInterval = meanInterval
        self.standardDeviation = standardDeviation
        self.minimum = minimum
        self.maximum = maximum
        self.percentiles = percentiles
        self.inflation = inflation
        self.method = method
    }

    /// The value at a level; `nil` where the sample does not support it or the level is none of ``levels``.
    public func value(at level: Percentile) -> Double? { figure(at: level)?.value }

    public func figure(at level: Percentile) -> PercentileFigure? { percentiles.first { $0.level == level } }

    /// P50; `nil` below 6 requests.
    public var median: Double? { value(at: .p50) }
}

/// A percentile and its interval, or why there is none.
public struct PercentileFigure: Sendable, Hashable, Codable {
    public var level: Percentile
    /// In seconds; `nil` where refused.
    public var value: Double?
    /// Between two values of the sample; `nil` where refused or uncertain.
    public var interval: ConfidenceInterval?
    /// Why there is no value: too few requests.
    public var refusal: PercentileShortage?
    /// Why the value has no interval: its requests resemble their neighbours, so that the next run's value may be quite another.
    public var caution: PercentileShortage?

    public init(level: Percentile, estimate: PercentileEstimate) {
        self.level = level
        value = estimate.value
        interval = estimate.interval
        if value == nil { refusal = estimate.shortage } else { caution = estimate.shortage }
    }
}
