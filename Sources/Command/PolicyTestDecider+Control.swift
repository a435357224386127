import Control
import Learning
import Measurements
import Policies
import PolicyFiles
import Statistics

/// Decides the moments of policy tests as the controller would, on the series the test gives.
struct ControlDecider: PolicyTestDecider {
    func recommendations(at moment: PolicyTestMoment) -> [RecommendedChange] {
        let decision = decide(snapshot(moment), under: moment.policy)
        return decision.recommendations.map { recommendation in
            let candidate = recommendation.candidate
            return RecommendedChange(knob: candidate.knob, value: candidate.to, direction: candidate.step > 0 ? .up : .down)
        }
    }

    private func snapshot(_ moment: PolicyTestMoment) -> Snapshot {
        let policy = moment.policy
        let reported = results(moment)
        var window = WindowStatistics(StatisticsAccumulator())
        window.utilization = reported.utilization
        var snapshot = Snapshot(policy: policy.name, time: moment.time, window: window, bottleneck: window.bottleneck)
        snapshot.reported = reported
        snapshot.state = TargetState(values: moment.knobs.mapValues { KnobState($0, origin: .given) })
        snapshot.readings = policy.questions.map { question in
            RecordedReading(
                query: question.query, window: question.window, reading: moment.readings.reading(question.query, over: question.window))
        }
        // The test has advanced the triggers itself; one that fires does so at once here too.
        for step in moment.triggers where step.outcome.isFiring {
            var state = TriggerState()
            state.pendingSince = moment.time.advanced(by: .zero - step.trigger.holdFor)
            state.lastHeld = moment.time
            snapshot.history.triggers[step.trigger.name] = state
        }
        return snapshot
    }

    /// What the series of the test say, as a report of a tool would.
    private func results(_ moment: PolicyTestMoment) -> ReportedResults {
        let window = moment.policy.objectiveWindow
        func figure(_ query: MetricQuery) -> Double? {
            if case .value(let value) = moment.readings.reading(query, over: window) { value.value } else { nil }
        }
        var results = ReportedResults()
        for metric in LatencyMetric.allCases {
            let percentiles = [Percentile.p50, .p90, .p95, .p99].compactMap { level in
                figure(.latency(metric, .percentile(level))).map { PercentileValue(level: level, value: $0) }
            }
            let mean = figure(.latency(metric, .mean))
            guard mean != nil || !percentiles.isEmpty else { continue }
            results.latencies[metric] = Summary(
                count: nil, mean: mean, minimum: nil, maximum: nil, standardDeviation: nil, percentiles: percentiles, method: .reported)
        }
        for metric in UtilizationMetric.allCases {
            guard let mean = figure(.utilization(metric)) else { continue }
            results.utilization[metric] = Summary(
                count: nil, mean: mean, minimum: nil, maximum: nil, standardDeviation: nil, percentiles: [], method: .reported)
        }
        results.requestsPerSecond = figure(.throughput)
        results.outputTokensPerSecond = figure(.tokensPerSecond)
        results.errorRate = figure(.errorRate)
        return results
    }
}
