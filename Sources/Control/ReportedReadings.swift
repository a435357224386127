import Measurements
import Policies
import Statistics

/// Answers questions from a tool's own report: only with figures the report holds, never with interpolated ones.
struct ReportedReadings: ReadingSource {
    let results: ReportedResults
    /// Requests the report is about, where it tells.
    let completed: Int?
    /// How long the reported run took, where it tells.
    let duration: Duration?
    let policy: Policy
    let state: TargetState

    func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        var answer = answer(query)
        if case .value(var value) = answer, let duration, duration < window {
            value.covers = duration
            answer = .value(value)
        }
        return answer
    }

    private func answer(_ query: MetricQuery) -> Reading {
        switch query {
        case .latency(let metric, let statistic): latency(metric, statistic)
        case .throughput: figure(results.requestsPerSecond, "requests per second")
        case .tokensPerSecond: figure(results.outputTokensPerSecond, "output tokens per second")
        case .errorRate: figure(results.errorRate, "an error rate")
        case .utilization(let metric): figure(results.utilization[metric]?.mean, "\(metric.rawValue) utilization")
        case .costPerThousandTokens: cost()
        case .queueDepth, .consecutiveFailures, .objectiveViolations, .burnRate, .anomaly, .signal: .unknown(.missing)
        }
    }

    private func latency(_ metric: LatencyMetric, _ statistic: LatencyStatistic) -> Reading {
        guard let summary = results.latencies[metric] else { return .unknown(.missing) }
        let value: Double? =
            switch statistic {
            case .mean: summary.mean
            case .percentile(let level): summary.value(at: level)
            }
        guard let value else { return .unknown(.notReported("it holds \(held(summary))")) }
        guard value.isFinite else { return .unknown(.notFinite(count: 1)) }
        return .value(Reading.Value(value, samples: summary.count ?? completed))
    }

    private func held(_ summary: Summary) -> String {
        let names = (summary.mean == nil ? [] : ["mean"]) + summary.percentiles.map(\.level.description)
        return names.isEmpty ? "no figure of it" : names.joined(separator: ", ")
    }

    private func figure(_ value: Double?, _ name: String) -> Reading {
        guard let value else { return .unknown(.notReported("it does not hold \(name)")) }
        return value.isFinite ? .value(Reading.Value(value, samples: completed)) : .unknown(.notFinite(count: 1))
    }

    private func cost() -> Reading {
        guard let cost = policy.cost, let replicas = policy.replicas(in: state), let tokens = results.outputTokensPerSecond, tokens > 0
        else {
            return .unknown(.missing)
        }
        return .value(Reading.Value(cost.perReplicaHour * replicas / 3_600 / tokens * 1_000, samples: completed))
    }
}
