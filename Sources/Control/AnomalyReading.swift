import Measurements
import Policies
import Statistics

/// How far the newest pane of a series lies from the panes before it, in robust standard deviations; `nil` without a baseline.
func deviationOfNewest(of metric: AnomalyMetric, in windows: MeasurementWindows, endingAt end: Timestamp, length: Duration) -> Double? {
    let panes = windows.series(endingAt: end, length: length)
    let width = windows.paneWidth.seconds
    let values = panes.map { pane -> Double? in
        let statistics = pane.statistics
        if let latency = metric.latency { return statistics.distribution(of: latency).value(at: .p50) }
        switch metric {
        case .throughput: return Double(statistics.workload.answered) / width
        case .tokensPerSecond:
            let tokens = statistics.workload.outputTokens
            return tokens.requests > 0 ? Double(tokens.total) / width : nil
        default: return statistics.requests > 0 ? Double(statistics.failed) / Double(statistics.requests) : nil
        }
    }
    let absoluteFloor = metric == .errorRate ? 0.01 : metric.latency == nil ? 0.1 : 1e-4
    return Measurements.deviationOfNewest(values, relativeFloor: 0.05, absoluteFloor: absoluteFloor)
}

extension AnomalyMetric {
    /// The latency it follows; `nil` for rates.
    var latency: LatencyMetric? {
        switch self {
        case .timeToFirstToken: .timeToFirstToken
        case .timePerOutputToken: .timePerOutputToken
        case .interTokenLatency: .interTokenLatency
        case .endToEnd: .endToEnd
        case .throughput, .tokensPerSecond, .errorRate: nil
        }
    }
}
