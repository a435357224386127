public import Statistics

/// One benchmark run, stage or stream as its tool describes it: what was asked for, what came out, and what the figures mean.
public struct SourceRun: Sendable, Codable, Hashable {
    /// The tool's own name of it, e.g. "concurrency 8" or "stage 0".
    public var label: String
    public var model: String?
    public var start: Timestamp?
    /// Wall time over which throughput is counted.
    public var duration: Nanoseconds?
    /// Requested rate in requests per second; `nil` for a closed loop or unlimited.
    public var requestedRate: Double?
    public var concurrency: Int?
    /// Requests answered in full.
    public var completed: Int?
    public var failed: Int?
    /// Which definition the tool's figures follow.
    public var definitions: [LatencyMetric: MetricDefinition]
    /// The tool's own figures, in seconds.
    public var reported: ReportedResults
    /// Where the source cannot support our definitions, in plain words.
    public var warnings: [String]
    /// How many measurements this run contributed; 0 where it holds only percentiles.
    public var measurementCount: Int

    public init(label: String) {
        self.label = label
        definitions = [:]
        reported = ReportedResults()
        warnings = []
        measurementCount = 0
    }
}

/// A tool's own figures, taken over as they are.
///
/// They are never merged, interpolated or tested against raw data.
public struct ReportedResults: Sendable, Codable, Hashable {
    /// In seconds.
    public var latencies: [LatencyMetric: Summary]
    public var requestsPerSecond: Double?
    public var inputTokensPerSecond: Double?
    public var outputTokensPerSecond: Double?
    /// Requests that met the tool's own objective, per second.
    public var goodput: Double?
    /// Ratio in `0...1`.
    public var errorRate: Double?
    public var errorsByType: [String: Int]
    /// Ratios in `0...1`.
    public var utilization: [UtilizationMetric: Summary]
    public var inputTokens: Summary?
    public var outputTokens: Summary?

    public init() {
        latencies = [:]
        errorsByType = [:]
        utilization = [:]
    }

    /// Whether anything was reported.
    public var isEmpty: Bool { self == ReportedResults() }
}

/// A share of a resource that is in use, a ratio in `0...1`.
public enum UtilizationMetric: String, Sendable, Codable, Hashable, CaseIterable {
    case gpu
    case memory
    case keyValueCache = "kvCache"
}
