public import Control
public import EpisodeStore
public import FoundationEssentials
public import Learning
public import Measurements
public import Policies
import Statistics

/// Values to fill a store with, the same in every run.
public enum Samples {
    public static let time = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    /// An identifier that differs by its first bytes.
    public static func id(_ number: UInt32) -> UUID {
        func byte(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: number >> shift) }
        return UUID(uuid: (byte(24), byte(16), byte(8), byte(0), 1, 2, 0x40, 3, 0x80, 4, 5, 6, 7, 8, 9, 10))
    }

    public static func measurement(_ index: Int, ttft: Double = 0.25) -> InferenceMeasurement {
        var measurement = InferenceMeasurement(
            id: id(UInt32(truncatingIfNeeded: index)), time: time.advanced(by: .milliseconds(10 * index)), model: "llama-3.1-8b",
            provider: "openai", endpoint: "http://chat-8b.llm/v1")
        measurement.timeToFirstToken = Nanoseconds(seconds: ttft)
        measurement.timePerOutputToken = Nanoseconds(milliseconds: 20)
        measurement.endToEnd = Nanoseconds(seconds: ttft + 0.6)
        measurement.inputTokens = 300
        measurement.outputTokens = 31
        return measurement
    }

    public static func importRecord(digest: String = "00112233445566778899aabbccddeeff") -> ImportRecord {
        let source = SourceDescription(
            name: "results/run.jsonl", tool: "guidellm 0.8.1", digest: digest, runs: [SourceRun(label: "stage 0")], skipped: 2)
        return ImportRecord(source: source, format: "jsonl", time: time)
    }

    public static func policy() -> Policy {
        var policy = Policy(name: "chat")
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        policy.triggers = [
            Trigger(
                name: "slow", type: .latencyThreshold,
                condition: .leaf(
                    .init(
                        name: "p95LatencyExceeds",
                        test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        ]
        policy.knobs = [
            Knob(name: "replicas", domain: .range(min: 1, max: 8, step: 1), place: .replicas, role: .replicas),
            Knob(
                name: "maxNumSeqs", domain: .values([.integer(8), .integer(16), .integer(32)]),
                place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency),
        ]
        return policy
    }

    /// A cycle that saw slow requests, and recommends.
    public static func cycle(_ number: UInt32 = 1, policy: Policy = policy()) -> CycleRecord {
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(3_600), limits: policy.latencyLimits)
        for index in 0..<100 { windows.record(measurement(index, ttft: 0.1 + 0.012 * Double(index))) }
        let state = TargetState(values: [
            "replicas": KnobState(.integer(2), origin: .given), "maxNumSeqs": KnobState(.integer(8), origin: .manifest),
        ])
        var snapshot = SnapshotBuilder(
            policy: policy, windows: windows, reported: nil, sources: [importRecord().source], state: state, history: ControlHistory()
        ).importedRun(now: time)
        snapshot.time = time.advanced(by: .seconds(Int(number)))
        return CycleRecord(
            id: id(number), origin: .recommend, toolVersion: "0.1.0", policy: policy, snapshot: snapshot,
            decision: decide(snapshot, under: policy))
    }

    public static func episode(_ number: UInt32, action: String = "replicas+1", closed: Bool = true) throws -> EpisodeRecord {
        let propensities = try Propensities(
            chosen: action, distribution: [action: 0.85, "maxNumSeqs-1": 0.1, "replicas-1": 0.05])
        let decided = time.advanced(by: .seconds(60 * Int(number)))
        var episode = EpisodeRecord(
            id: id(number), deployment: "llm/chat-8b", decidedAt: decided, mode: .temporal, propensities: propensities)
        episode.trigger = "slow"
        episode.from = ["replicas": .integer(2)]
        episode.to = ["replicas": .integer(3)]
        episode.before = window(-0.5)
        var predicted = OutcomeValues()
        predicted.timeToFirstToken = -0.4
        episode.predictions = EpisodePredictions(before: predicted, afterUnchanged: predicted, afterChanged: predicted)
        if closed { episode.closure = closure(at: decided.advanced(by: .seconds(300))) }
        return episode
    }

    public static func closure(at time: Timestamp) -> EpisodeClosure {
        var closure = EpisodeClosure(time: time, verdict: .improved, stopReason: "confidence sequence excluded zero", after: window(-0.9))
        closure.effect = MeasuredEffect(logRatio: -0.4, standardError: 0.05, lower: -0.5, upper: -0.3)
        closure.settle = .seconds(60)
        closure.window = .seconds(240)
        closure.requestCount = 1_200
        closure.contamination = [.metricGap]
        closure.quality = 0.75
        return closure
    }

    public static func window(_ logTTFT: Double) -> EpisodeWindow {
        var window = EpisodeWindow()
        window.outcomes.timeToFirstToken = logTTFT
        window.outcomes.errorRate = 0
        window.conditions.arrivalRate = 5.5
        window.conditions.trend = .nan
        window.conditions.readyReplicas = 2
        return window
    }
}
