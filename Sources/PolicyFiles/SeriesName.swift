internal import Measurements
internal import Policies

/// The name of a figure in a policy test: `ttft.p95`, `gpuUtilization`, `signal.depth`, `burnRate@5m`.
struct SeriesName: Hashable {
    let query: MetricQuery
    /// Set where the series answers for one window only.
    let window: Duration?

    init(_ text: String) throws(Refusal) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        window = parts.count == 2 ? try QuantityText.duration(parts[1]) : nil
        guard let query = Self.query(parts[0]) else {
            let suggestion = Suggestion.closest(to: parts[0], among: Self.examples)
            let known =
                suggestion == nil
                ? "; write a name such as ttft.p95, \(Self.plain.map(\.0).joined(separator: ", ")), anomaly.e2e or signal.NAME" : ""
            throw Refusal(message: "unknown metric '\(QuantityText.shown(parts[0]))'\(known)", suggestion: suggestion)
        }
        self.query = query
    }

    private static let plain: [(String, MetricQuery)] = [
        ("throughput", .throughput), ("tokensPerSecond", .tokensPerSecond), ("gpuUtilization", .utilization(.gpu)),
        ("memoryUtilization", .utilization(.memory)), ("kvCacheUtilization", .utilization(.keyValueCache)), ("queueDepth", .queueDepth),
        ("errorRate", .errorRate), ("consecutiveFailures", .consecutiveFailures), ("slaViolations", .objectiveViolations),
        ("costPerThousandTokens", .costPerThousandTokens), ("burnRate", .burnRate),
    ]

    private static var examples: [String] {
        plain.map(\.0)
            + LatencyMetric.allCases.flatMap { metric in ["mean", "p50", "p90", "p95", "p99"].map { "\(metric.rawValue).\($0)" } }
    }

    private static func query(_ text: String) -> MetricQuery? {
        if let known = plain.first(where: { $0.0 == text }) { return known.1 }
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        if parts[0] == "signal" { return .signal(parts[1]) }
        if parts[0] == "anomaly" { return AnomalyMetric(rawValue: parts[1]).map { .anomaly($0) } }
        guard let metric = LatencyMetric(rawValue: parts[0]), let statistic = LatencyStatistic(fileName: parts[1]) else { return nil }
        return .latency(metric, statistic)
    }
}
