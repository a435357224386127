import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics

/// 1 000 policies with 10 triggers each, evaluated on what their snapshots hold.
func measureDeciding() throws {
    for slow in [false, true] {
        let cycles = (0..<1_000).map { cycle(index: $0, slow: slow) }
        var outcomes: [Decision.Outcome: Int] = [:]
        let seconds = bestOf(5) {
            outcomes = [:]
            for (policy, snapshot) in cycles { outcomes[decide(snapshot, under: policy).outcome, default: 0] += 1 }
        }
        let what = slow ? "every trigger fires, with recommendations" : "no trigger fires"
        row("decide 1 000 policies x 10 triggers, \(what)", "\((seconds * 1e4).rounded() / 10) ms", target: slow ? "" : "< 20 ms")
        row("  check: outcomes", outcomes.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", "), target: "")
    }
}

private func cycle(index: Int, slow: Bool) -> (Policy, Snapshot) {
    var policy = Policy(name: "policy-\(index)")
    policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
    policy.triggers = (0..<10).map { number in
        let level = Percentile(percent: Double(90 + number))
        let slowTokens = Condition.leaf(
            .init(
                name: "latencyExceeds",
                test: .compare(.latency(.timePerOutputToken, .percentile(level)), .above, threshold: 0.05, window: nil)))
        let slowFirst = Condition.leaf(
            .init(
                name: "latencyExceeds", test: .compare(.latency(.timeToFirstToken, .percentile(level)), .above, threshold: 0.5, window: nil)
            ))
        var trigger = Trigger(name: "trigger-\(number)", type: .latencyThreshold, condition: .and([slowFirst, .not(slowTokens)]))
        trigger.window = .seconds(60)
        trigger.holdFor = .zero
        return trigger
    }
    policy.knobs = [
        Knob(name: "replicas", domain: .range(min: 1, max: 8, step: 1), place: .replicas, role: .replicas),
        Knob(
            name: "maxNumSeqs", domain: .values([2, 4, 8].map { .integer($0) }),
            place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency),
    ]
    var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(60), limits: policy.latencyLimits)
    for number in 0..<200 {
        var measurement = InferenceMeasurement(
            id: UUID(), time: Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000 + Int64(number) * 500_000_000))
        measurement.timeToFirstToken = Nanoseconds(milliseconds: slow ? Double(100 + 10 * number) : 100)
        measurement.timePerOutputToken = Nanoseconds(milliseconds: 20)
        measurement.endToEnd = Nanoseconds(seconds: slow ? 1 + Double(number) / 100 : 1)
        measurement.outputTokens = 50
        windows.record(measurement)
    }
    let state = TargetState(values: [
        "replicas": KnobState(.integer(2), origin: .given), "maxNumSeqs": KnobState(.integer(2), origin: .given),
    ])
    let builder = SnapshotBuilder(policy: policy, windows: windows, reported: nil, sources: [], state: state, history: ControlHistory())
    return (policy, builder.importedRun(now: Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)))
}
