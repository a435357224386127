/// How a percentile is known.
public enum PercentileMethod: String, Sendable, Codable, Hashable {
    /// Nearest rank on the raw values.
    case nearestRank = "exact (nearest rank)"
    /// An HDR histogram with 3 significant digits: off by at most 0.1 %.
    case hdrHistogram = "HDR histogram (3 significant digits)"
    /// Taken over from another tool's report; never merged, interpolated or tested against raw data.
    case reported = "as reported"
}

/// One percentile and its value.
public struct PercentileValue: Sendable, Codable, Hashable {
    public let level: Percentile
    public let value: Double

    public init(level: Percentile, value: Double) {
        self.level = level
        self.value = value
    }
}

/// What is known of a sample, in the unit of its readings.
///
/// A summary computed here holds every field. One taken over from a report holds what the report had, and nothing is filled in.
public struct Summary: Sendable, Codable, Hashable {
    public let count: Int?
    public let mean: Double?
    public let minimum: Double?
    public let maximum: Double?
    /// Population standard deviation.
    public let standardDeviation: Double?
    /// Ascending by level.
    public let percentiles: [PercentileValue]
    public let method: PercentileMethod
    /// Readings that were NaN or infinite; they are in none of the other figures.
    public let notFiniteCount: Int

    public init(
        count: Int?, mean: Double?, minimum: Double?, maximum: Double?, standardDeviation: Double?,
        percentiles: [PercentileValue], method: PercentileMethod, notFiniteCount: Int = 0
    ) {
        self.count = count
        self.mean = mean
        self.minimum = minimum
        self.maximum = maximum
        self.standardDeviation = standardDeviation
        self.percentiles = percentiles.sorted { $0.level < $1.level }
        self.method = method
        self.notFiniteCount = notFiniteCount
    }

    /// The value at a level this summary holds; `nil` otherwise, never interpolated.
    public func value(at level: Percentile) -> Double? {
        percentiles.first { $0.level == level }?.value
    }

    /// P50, the median.
    public var median: Double? { value(at: .p50) }
}
