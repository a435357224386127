import Statistics

/// A stretch of time in which a figure left its own baseline.
public struct Anomaly: Sendable, Codable, Hashable {
    public var detectedAt: Timestamp
    public var kind: Kind
    public var severity: Severity
    /// The figure, e.g. `ttft` or `throughput`.
    public var metric: String
    /// Signed distance from the baseline in robust standard deviations.
    public var deviations: Double
    public var value: Double
    public var baseline: Double
    public var description: String

    /// Names as in the feedback schema.
    public enum Kind: String, Sendable, Codable, Hashable {
        case latencySpike = "latency_spike"
        case throughputDrop = "throughput_drop"
        case errorBurst = "error_burst"
        case resourceSaturation = "resource_saturation"
    }

    public enum Severity: String, Sendable, Codable, Hashable, Comparable {
        case low, medium, high, critical

        /// From the distance: 3.5 low, 5 medium, 8 high, 12 critical; `nil` below 3.5.
        public init?(deviations: Double) {
            switch abs(deviations) {
            case 12...: self = .critical
            case 8..<12: self = .high
            case 5..<8: self = .medium
            case 3.5..<5: self = .low
            default: return nil
            }
        }

        private var rank: Int {
            switch self {
            case .low: 0
            case .medium: 1
            case .high: 2
            case .critical: 3
            }
        }

        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    }
}

/// Finds anomalies in a series of panes: each pane against the up to 60 before it.
///
/// At most `limit` are returned, the gravest first.
public func anomalies(
    in panes: [(start: Timestamp, statistics: StatisticsAccumulator)], paneWidth: Nanoseconds, limit: Int = 20
) -> [Anomaly] {
    let found = AnomalySeries.all.flatMap { $0.anomalies(in: panes, paneWidth: paneWidth) }
    return Array(found.sorted { ($0.severity, abs($0.deviations)) > ($1.severity, abs($1.deviations)) }.prefix(limit))
}

/// The newest value of a series and its robust distance from the values before it.
///
/// - Parameter values: One per pane in order, `nil` where a pane has none.
/// - Returns: `nil` where the newest value is missing or the baseline has fewer than 8 values.
public func deviationOfNewest(_ values: [Double?], relativeFloor: Double, absoluteFloor: Double) -> Double? {
    guard let newest = values.last ?? nil else { return nil }
    let baseline = values.dropLast().compactMap(\.self).suffix(AnomalySeries.baselinePanes)
    guard baseline.count >= 8 else { return nil }
    let floor = max(absoluteFloor, relativeFloor * abs(median(Array(baseline))))
    return robustScore(of: newest, against: Array(baseline), floor: floor)
}

/// One figure followed from pane to pane.
struct AnomalySeries: Sendable {
    static let baselinePanes = 60

    let metric: String
    let kind: Anomaly.Kind
    /// +1 where only rises are anomalies, −1 where only falls are.
    let direction: Double
    /// Smallest standard deviation assumed: a share of the baseline's median, and an absolute one.
    let relativeFloor: Double
    let absoluteFloor: Double
    let unit: String
    let value: @Sendable (StatisticsAccumulator, Nanoseconds) -> Double?

    static let all: [AnomalySeries] =
        [LatencyMetric.timeToFirstToken, .timePerOutputToken, .interTokenLatency, .endToEnd].map(latency) + [
            AnomalySeries(
                metric: "throughput", kind: .throughputDrop, direction: -1, relativeFloor: 0.1, absoluteFloor: 0.1, unit: "requests/s",
                value: { $0.requests > 0 ? Double($0.requests - $0.failed) / $1.seconds : nil }),
            AnomalySeries(
                metric: "errorRate", kind: .errorBurst, direction: 1, relativeFloor: 0.1, absoluteFloor: 0.01, unit: "of requests",
                value: { statistics, _ in statistics.requests >= 5 ? Double(statistics.failed) / Double(statistics.requests) : nil }),
        ] + UtilizationMetric.allCases.map(utilization)

    private static func latency(_ metric: LatencyMetric) -> AnomalySeries {
        AnomalySeries(
            metric: metric.rawValue, kind: .latencySpike, direction: 1, relativeFloor: 0.05, absoluteFloor: 1e-4, unit: "s (median)",
            value: { statistics, _ in statistics.distribution(of: metric).value(at: .p50) })
    }

    private static func utilization(_ metric: UtilizationMetric) -> AnomalySeries {
        AnomalySeries(
            metric: metric.rawValue, kind: .resourceSaturation, direction: 1, relativeFloor: 0.05, absoluteFloor: 0.02, unit: "in use",
            value: { statistics, _ in
                let sample = statistics.distribution(of: metric)
                return sample.count > 0 ? sample.moments.mean : nil
            })
    }

    func anomalies(in panes: [(start: Timestamp, statistics: StatisticsAccumulator)], paneWidth: Nanoseconds) -> [Anomaly] {
        let values = panes.map { value($0.statistics, paneWidth) }
        // The last pane is still filling: its rate is too low by nature.
        let judged = kind == .throughputDrop ? max(0, values.count - 1) : values.count
        return (0..<judged).compactMap { index in anomaly(at: index, values: values, start: panes[index].start) }
    }

    private func anomaly(at index: Int, values: [Double?], start: Timestamp) -> Anomaly? {
        let recent = max(0, index - Self.baselinePanes)...index
        guard let value = values[index],
            let deviations = deviationOfNewest(Array(values[recent]), relativeFloor: relativeFloor, absoluteFloor: absoluteFloor),
            deviations * direction > 0, let severity = Anomaly.Severity(deviations: deviations),
            kind != .resourceSaturation || value >= 0.9
        else { return nil }
        let baseline = median(Array(values[recent].dropLast().compactMap(\.self)))
        let distance = "\(rounded(abs(deviations))) standard deviations \(deviations > 0 ? "above" : "below") its baseline"
        return Anomaly(
            detectedAt: start, kind: kind, severity: severity, metric: metric, deviations: deviations, value: value, baseline: baseline,
            description: "\(metric) \(rounded(value)) \(unit) is \(distance) of \(rounded(baseline))")
    }

    /// Three significant digits, for people.
    private func rounded(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 100 { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }
}
