import Control
import Measurements
import Policies
import Statistics

/// The measured figures under the names of the schema.
struct PerformanceMetrics: Encodable {
    struct LatencyAnalysis: Encodable {
        let ttftP50Ms: Double?
        let ttftP95Ms: Double?
        let ttftP99Ms: Double?
        let tpotP50Ms: Double?
        let tpotP95Ms: Double?
        let e2eP95Ms: Double?
    }

    struct ThroughputAnalysis: Encodable {
        let requestsPerSecond: Double?
        let tokensPerSecond: Double?
    }

    struct ResourceAnalysis: Encodable {
        /// Percent.
        let avgGpuUtilization: Double?
        /// Percent.
        let avgMemoryUtilization: Double?
        let bottleneckIndicator: String
        let bottleneckReason: String
    }

    struct Compliance: Encodable {
        let latencySlaMet: Bool?
        let throughputSlaMet: Bool?
        let availabilitySlaMet: Bool?
        let violationsCount: Int?
    }

    let latencyAnalysis: LatencyAnalysis
    let throughputAnalysis: ThroughputAnalysis
    let resourceAnalysis: ResourceAnalysis
    let slaCompliance: Compliance

    init(_ report: RecommendationReport) {
        let snapshot = report.snapshot
        func milliseconds(_ metric: LatencyMetric, _ level: Percentile) -> Double? {
            snapshot.summary(of: metric)?.value(at: level).map { $0 * 1_000 }
        }
        latencyAnalysis = LatencyAnalysis(
            ttftP50Ms: milliseconds(.timeToFirstToken, .p50), ttftP95Ms: milliseconds(.timeToFirstToken, .p95),
            ttftP99Ms: milliseconds(.timeToFirstToken, .p99), tpotP50Ms: milliseconds(.timePerOutputToken, .p50),
            tpotP95Ms: milliseconds(.timePerOutputToken, .p95), e2eP95Ms: milliseconds(.endToEnd, .p95))
        throughputAnalysis = ThroughputAnalysis(
            requestsPerSecond: snapshot.window.requestsPerSecond ?? snapshot.reported?.requestsPerSecond,
            tokensPerSecond: snapshot.window.outputTokensPerSecond ?? snapshot.reported?.outputTokensPerSecond)
        func percent(_ metric: UtilizationMetric) -> Double? {
            (snapshot.window.utilization[metric] ?? snapshot.reported?.utilization[metric])?.mean.map { $0 * 100 }
        }
        resourceAnalysis = ResourceAnalysis(
            avgGpuUtilization: percent(.gpu), avgMemoryUtilization: percent(.memory),
            bottleneckIndicator: snapshot.bottleneck.kind.rawValue,
            bottleneckReason: snapshot.bottleneck.reason)
        func met(_ kinds: [ObjectiveReport.Kind]) -> Bool? {
            let verdicts = report.decision.objectives.filter { kinds.contains($0.kind) }.map(\.met)
            if verdicts.contains(false) { return false }
            return verdicts.isEmpty || verdicts.contains(nil) ? nil : true
        }
        let compliance = snapshot.window.compliance
        slaCompliance = Compliance(
            latencySlaMet: met([.latency]), throughputSlaMet: met([.throughput, .tokensPerSecond]), availabilitySlaMet: met([.errorRate]),
            violationsCount: compliance.attainment == nil ? nil : compliance.violations)
    }
}

extension Snapshot {
    /// A latency as measured, or as its tool reported it.
    func summary(of metric: LatencyMetric) -> Summary? { window.latencies[metric] ?? reported?.latencies[metric] }
}

/// Statistics in milliseconds and percent.
struct StatisticsEntry: Encodable {
    struct Figures: Encodable {
        let count: Int?
        let mean: Double?
        let min: Double?
        let max: Double?
        let stddev: Double?
        let percentiles: [String: Double]
        let method: String
        let notFinite: Int

        init(_ summary: Summary, scale: Double) {
            count = summary.count
            mean = summary.mean.map { $0 * scale }
            min = summary.minimum.map { $0 * scale }
            max = summary.maximum.map { $0 * scale }
            stddev = summary.standardDeviation.map { $0 * scale }
            percentiles = Dictionary(uniqueKeysWithValues: summary.percentiles.map { ($0.level.description, $0.value * scale) })
            method = summary.method.rawValue
            notFinite = summary.notFiniteCount
        }
    }

    let requests: Int
    let failed: Int
    let latenciesMs: [String: Figures]
    let utilizationPercent: [String: Figures]
    let requestsPerSecond: Double?
    let inputTokensPerSecond: Double?
    let outputTokensPerSecond: Double?
    let errorRate: Double?
    let errorsByType: [String: Int]
    let longestFailureStreak: Int

    init(_ window: WindowStatistics, _ reported: ReportedResults?) {
        requests = window.requests
        failed = window.failed
        let latencies = window.latencies.merging(reported?.latencies ?? [:]) { measured, _ in measured }
        latenciesMs = Dictionary(uniqueKeysWithValues: latencies.map { ($0.key.rawValue, Figures($0.value, scale: 1_000)) })
        let utilization = window.utilization.merging(reported?.utilization ?? [:]) { measured, _ in measured }
        utilizationPercent = Dictionary(uniqueKeysWithValues: utilization.map { ($0.key.rawValue, Figures($0.value, scale: 100)) })
        requestsPerSecond = window.requestsPerSecond ?? reported?.requestsPerSecond
        inputTokensPerSecond = window.inputTokensPerSecond ?? reported?.inputTokensPerSecond
        outputTokensPerSecond = window.outputTokensPerSecond ?? reported?.outputTokensPerSecond
        errorRate = window.errorRate ?? reported?.errorRate
        errorsByType = window.errorsByType.merging(reported?.errorsByType ?? [:]) { measured, _ in measured }
        longestFailureStreak = window.longestFailureStreak
    }
}
