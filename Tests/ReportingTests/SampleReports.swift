import Control
import Foundation
import Kubernetes
import Learning
import Measurements
import Policies
import Statistics

@testable import Reporting

/// Reports of made-up runs, the same ones every time.
enum SampleReports {
    static let time = Timestamp(nanosecondsSinceEpoch: 1_795_228_800_000_000_000)

    static var policy: Policy {
        var policy = Policy(
            name: "chat",
            target: .kubernetes(.init(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat-8b")))
        policy.objective.latencies = [
            .init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500)),
            .init(metric: .timePerOutputToken, statistic: .percentile(.p95), limit: .milliseconds(50)),
        ]
        policy.objective.errorRate = 0.05
        var trigger = Trigger(
            name: "slow-first-token", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        trigger.minSamples = 20
        policy.triggers = [trigger]
        policy.knobs = [
            Knob(name: "replicas", domain: .range(min: 1, max: 4, step: 1), place: .replicas, role: .replicas),
            Knob(
                name: "maxNumSeqs", domain: .values([.integer(4), .integer(8), .integer(16)]),
                place: .environment(container: "vllm", name: "MAX_NUM_SEQS"),
                assumed: .integer(4), role: .concurrency),
            Knob(
                name: "maxNumBatchedTokens", domain: .values([.integer(2_048), .integer(4_096)]),
                place: .containerArgument(container: "vllm", flag: "--max-num-batched-tokens"), role: .batchTokens),
        ]
        return policy
    }

    static func windows(
        _ policy: Policy, model: String = "llama-3.1-8b", error: String = "http_503", ttft: (Int) -> Double
    ) -> MeasurementWindows {
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600), limits: policy.latencyLimits)
        for index in 0..<200 {
            var measurement = InferenceMeasurement(
                id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(index))),
                time: time.advanced(by: .milliseconds(100 * index)), model: model,
                provider: "vllm", endpoint: "http://chat-8b.llm/v1")
            if index % 40 == 39 {
                measurement.error = InferenceError(type: error, message: "overloaded", code: 503)
            } else {
                measurement.timeToFirstToken = Nanoseconds(seconds: ttft(index))
                measurement.timePerOutputToken = Nanoseconds(milliseconds: 20)
                measurement.endToEnd = Nanoseconds(seconds: ttft(index) + 0.6)
                measurement.outputTokens = 30
                measurement.gpuUtilization = 0.7
            }
            windows.record(measurement)
        }
        return windows
    }

    static func report(
        _ policy: Policy = policy, model: String = "llama-3.1-8b", error: String = "http_503", source: String = "results.json",
        warning: String = "the role chunk counts as the first token", knob: String = "maxNumSeqs", reported: ReportedResults? = nil,
        ttft: ((Int) -> Double)? = { 0.1 + 0.006 * Double($0) }
    ) -> RecommendationReport {
        var policy = policy
        if let index = policy.knobs.firstIndex(where: { $0.name == "maxNumSeqs" }) { policy.knobs[index].name = knob }
        let empty = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
        var run = SourceRun(label: "concurrency 8")
        run.definitions = [.timeToFirstToken: .timeToFirstEvent]
        run.warnings = [warning]
        run.completed = 195
        let builder = SnapshotBuilder(
            policy: policy, windows: ttft.map { windows(policy, model: model, error: error, ttft: $0) } ?? empty, reported: reported,
            sources: [SourceDescription(name: source, tool: "vllm bench serve", digest: "00ff", runs: [run])],
            state: TargetState(values: [
                "replicas": KnobState(.integer(2), origin: .given), knob: KnobState(.integer(4), origin: .assumed),
                "maxNumBatchedTokens": KnobState(.integer(2_048), origin: .given),
            ]), history: ControlHistory())
        let snapshot = builder.importedRun(now: time)
        let decision = decide(snapshot, under: policy)
        let ids = decision.recommendations.indices.map { UUID(uuid: (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8($0))) }
        let record = CycleRecord(
            id: UUID(uuid: (0xAB, 0xCD, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1)), origin: .recommend, toolVersion: "0.1.0",
            policy: policy,
            snapshot: snapshot, decision: decision,
            changes: decision.recommendations.map { PlannedChange($0, policy: policy, manifest: nil) })
        return RecommendationReport(record, recommendationIDs: ids, isStored: true)
    }

    static var recommending: RecommendationReport { report() }
    static var healthy: RecommendationReport { report(ttft: { _ in 0.12 }) }

    /// A tool's summary without the percentile the trigger asks for.
    static var undecided: RecommendationReport {
        var results = ReportedResults()
        results.latencies[.timeToFirstToken] = Summary(
            count: 195, mean: 0.8, minimum: nil, maximum: nil, standardDeviation: nil,
            percentiles: [.init(level: .p50, value: 0.7), .init(level: .p99, value: 2)], method: .reported)
        return report(reported: results, ttft: nil)
    }

    static let all: [(name: String, report: RecommendationReport)] = [
        ("recommending", recommending), ("healthy", healthy), ("undecided", undecided),
    ]
}
