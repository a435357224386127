public import Statistics

/// What one window of measurements amounts to, as reports show it and the store keeps it.
public struct WindowStatistics: Sendable, Codable, Hashable {
    public var start: Timestamp?
    public var end: Timestamp?
    /// Time the rates are per; `nil` where the source tells no times.
    public var span: Nanoseconds?
    public var requests: Int
    public var failed: Int
    /// In seconds.
    public var latencies: [LatencyMetric: Summary]
    /// Requests answered in full per second.
    public var requestsPerSecond: Double?
    public var inputTokensPerSecond: Double?
    public var outputTokensPerSecond: Double?
    public var meanInputTokens: Double?
    public var meanOutputTokens: Double?
    /// Ratio in `0...1`; `nil` without requests.
    public var errorRate: Double?
    public var errorsByType: [String: Int]
    public var consecutiveFailures: Int
    public var longestFailureStreak: Int
    /// Ratios in `0...1`.
    public var utilization: [UtilizationMetric: Summary]
    public var compliance: Compliance

    /// - Parameter span: Time the rates are per; `nil` takes the time from the first request sent to the last answered.
    public init(_ accumulator: StatisticsAccumulator, span: Nanoseconds? = nil) {
        requests = accumulator.requests
        failed = accumulator.failed
        latencies = [:]
        for metric in LatencyMetric.allCases { latencies[metric] = accumulator.distribution(of: metric).summary() }
        utilization = [:]
        for metric in UtilizationMetric.allCases { utilization[metric] = accumulator.distribution(of: metric).summary() }
        errorRate = requests > 0 ? Double(failed) / Double(requests) : nil
        errorsByType = accumulator.errorsByType
        consecutiveFailures = accumulator.consecutiveFailures
        longestFailureStreak = accumulator.longestFailureStreak
        compliance = accumulator.compliance
        meanInputTokens = accumulator.inputTokens.mean
        meanOutputTokens = accumulator.outputTokens.mean
        start = accumulator.firstSent
        end = [accumulator.lastSent, accumulator.lastEnd].compactMap(\.self).max()
        self.span = span
        if let start, let end, span == nil { self.span = end.since(start) }
        guard let seconds = self.span?.seconds, seconds > 0 else { return }
        let workload = accumulator.workload
        guard workload.requests > 0 else { return }
        requestsPerSecond = Double(workload.answered) / seconds
        if workload.inputTokens.requests > 0 { inputTokensPerSecond = Double(workload.inputTokens.total) / seconds }
        if workload.outputTokens.requests > 0 { outputTokensPerSecond = Double(workload.outputTokens.total) / seconds }
    }
}
