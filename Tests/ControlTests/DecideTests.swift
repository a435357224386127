import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Testing

@testable import Control

@Suite struct DecideTests {
    static let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    static func policy(_ change: (inout Policy) -> Void = { _ in }) -> Policy {
        var policy = Policy(name: "chat")
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        var trigger = Trigger(
            name: "slow", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        trigger.minSamples = 20
        policy.triggers = [trigger]
        policy.knobs = [
            Knob(name: "replicas", domain: .range(min: 1, max: 4, step: 1), place: .replicas, role: .replicas),
            Knob(
                name: "maxNumSeqs", domain: .values([.integer(8), .integer(16), .integer(32)]),
                place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency),
        ]
        change(&policy)
        return policy
    }

    /// A run of requests of which a share waits.
    static func snapshot(
        _ policy: Policy, ttft: (Int) -> Double = { 0.1 + 0.012 * Double($0) }, count: Int = 100, replicas: Int? = 2, slots: Int? = 8,
        history: ControlHistory = ControlHistory()
    ) -> Snapshot {
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(3_600), limits: policy.latencyLimits)
        for index in 0..<count {
            var measurement = InferenceMeasurement(
                id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(index % 256))),
                time: now.advanced(by: .milliseconds(100 * index)))
            measurement.timeToFirstToken = Nanoseconds(seconds: ttft(index))
            measurement.timePerOutputToken = Nanoseconds(milliseconds: 20)
            measurement.endToEnd = Nanoseconds(seconds: ttft(index) + 0.6)
            measurement.outputTokens = 30
            windows.record(measurement)
        }
        var values: [String: KnobState] = [:]
        values["replicas"] = replicas.map { KnobState(.integer($0), origin: .given) }
        values["maxNumSeqs"] = slots.map { KnobState(.integer($0), origin: .given) }
        return SnapshotBuilder(
            policy: policy, windows: windows, reported: nil, sources: [], state: TargetState(values: values), history: history
        ).importedRun(now: now)
    }

    @Test("a healthy run needs no change, and the reason has the numbers")
    func healthy() throws {
        let policy = Self.policy()
        let decision = decide(Self.snapshot(policy, ttft: { _ in 0.1 }), under: policy)
        #expect(decision.outcome == .nothingToDo)
        #expect(decision.recommendations.isEmpty && decision.excluded.isEmpty)
        let objective = try #require(decision.objectives.first)
        #expect(objective.met == true && objective.observed == 0.1)
        #expect(decision.reasons.first == "Nothing needs to change: no trigger fires and no limit is missed.")
        #expect(decision.reasons[1].contains("ttft p95 100 ms ≤ 500 ms"))
    }

    @Test("a slow run gets ranked recommendations, and every other neighbour a reason")
    func slow() throws {
        let policy = Self.policy()
        let decision = decide(Self.snapshot(policy), under: policy)
        #expect(decision.outcome == .recommend)
        let changes = decision.recommendations.map { "\($0.candidate.knob) \($0.candidate.from)->\($0.candidate.to)" }
        #expect(changes.contains("replicas 2->3"))
        #expect(decision.recommendations.count + decision.excluded.count == 4)
        #expect(decision.recommendations.map(\.utility.total) == decision.recommendations.map(\.utility.total).sorted(by: >))
        for excluded in decision.excluded { #expect(!excluded.explanation.isEmpty) }
        let best = try #require(decision.recommendations.first)
        #expect(best.rationale.contains("ttft p95 is") && best.rationale.contains("90 % interval"))
        #expect(best.triggers == ["slow"])
    }

    @Test("too few samples decide nothing and change nothing")
    func few() {
        let policy = Self.policy()
        let decision = decide(Self.snapshot(policy, count: 19), under: policy)
        #expect(decision.outcome == .unknown)
        #expect(decision.reasons.contains { $0.contains("19 samples, 20 needed") })
    }

    @Test("an unknown setting is excluded with the cure")
    func unknownSetting() throws {
        let policy = Self.policy()
        let decision = decide(Self.snapshot(policy, replicas: nil), under: policy)
        let excluded = try #require(decision.excluded.first { $0.knob == "replicas" })
        #expect(excluded.reason == .valueUnknown)
        #expect(excluded.explanation.contains("--current replicas=VALUE"))
    }

    @Test("at the limit, the limit is the reason")
    func atLimit() throws {
        let policy = Self.policy()
        let decision = decide(Self.snapshot(policy, replicas: 4, slots: 32), under: policy)
        #expect(decision.excluded.filter { $0.reason == .atLimit }.map(\.knob) == ["replicas", "maxNumSeqs"])
    }

    @Test("a trigger that is cooling down recommends nothing")
    func cooling() {
        let policy = Self.policy()
        var history = ControlHistory()
        var state = TriggerState()
        state.cool(policy.triggers[0], because: .adjusted, at: Self.now)
        history.triggers["slow"] = state
        let decision = decide(Self.snapshot(policy, history: history), under: policy)
        #expect(decision.outcome == .nothingToDo)
        #expect(decision.reasons.contains { $0.contains("is left alone until") })
    }

    @Test("a spent budget excludes a change")
    func budget() throws {
        let policy = Self.policy {
            $0.budgets.adjustments = .init(count: 1, window: .seconds(3_600))
        }
        var history = ControlHistory()
        history.changes = [
            PastChange(time: Self.now.advanced(by: .seconds(-60)), knob: "x", role: .other, from: .integer(1), to: .integer(2))
        ]
        let decision = decide(Self.snapshot(policy, history: history), under: policy)
        #expect(decision.outcome == .hold)
        #expect(decision.excluded.contains { $0.reason == .budget && $0.explanation.contains("1 of 1 adjustments within 1h") })
    }

    @Test("turning back counts against the budget of reversals")
    func reversal() {
        let policy = Self.policy { $0.budgets.reversals = .init(count: 0, window: .seconds(3_600)) }
        var history = ControlHistory()
        history.changes = [
            PastChange(time: Self.now.advanced(by: .seconds(-600)), knob: "replicas", role: .replicas, from: .integer(3), to: .integer(2))
        ]
        let decision = decide(Self.snapshot(policy, history: history), under: policy)
        #expect(decision.excluded.contains { $0.knob == "replicas" && $0.reason == .budget })
    }

    @Test("the same snapshot gives the same bytes")
    func deterministic() throws {
        let policy = Self.policy()
        let snapshot = Self.snapshot(policy)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let first = try encoder.encode(decide(snapshot, under: policy))
        let stored = try JSONDecoder().decode(Snapshot.self, from: encoder.encode(snapshot))
        #expect(stored == snapshot)
        #expect(try encoder.encode(decide(stored, under: policy)) == first)
    }

    @Test("a report without the percentile leaves its trigger unknown, never interpolated")
    func notReported() {
        let policy = Self.policy()
        var results = ReportedResults()
        results.latencies[.timeToFirstToken] = Summary(
            count: 40, mean: 0.8, minimum: nil, maximum: nil, standardDeviation: nil,
            percentiles: [.init(level: .p50, value: 0.7), .init(level: .p99, value: 2)], method: .reported)
        let builder = SnapshotBuilder(
            policy: policy, windows: MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(300)), reported: results, sources: [],
            state: TargetState(), history: ControlHistory())
        let decision = decide(builder.importedRun(now: Self.now), under: policy)
        #expect(decision.outcome == .unknown)
        #expect(decision.reasons.contains { $0.contains("it holds mean, p50, p99") })
    }

    @Test("idle capacity is given back when cost asks for it")
    func idle() throws {
        let policy = Self.policy {
            var trigger = Trigger(
                name: "idle", type: .costEfficiency,
                condition: .leaf(.init(name: "throughputBelow", test: .compare(.throughput, .below, threshold: 1_000, window: nil))))
            trigger.minSamples = 10
            $0.triggers = [trigger]
            $0.behavior.scaleDown.stabilizationWindow = .zero
        }
        let decision = decide(Self.snapshot(policy, ttft: { _ in 0.1 }, replicas: 3, slots: 32), under: policy)
        let best = try #require(decision.recommendations.first)
        #expect(best.candidate.knob == "replicas" && best.candidate.step == -1)
        #expect(best.rationale.contains("cost −33 %"))
    }

    @Test("a hold time is watched through a long run as a controller would have")
    func holdTime() {
        let policy = Self.policy {
            $0.triggers[0].window = .seconds(30)
            $0.triggers[0].holdFor = .seconds(90)
            $0.triggers[0].minSamples = 5
        }
        func outcome(slowFrom: Int) -> String {
            // 3 000 requests, ten per second: five minutes.
            decide(Self.snapshot(policy, ttft: { $0 >= slowFrom ? 0.9 : 0.1 }, count: 3_000), under: policy).triggers[0].outcome.label
        }
        #expect(outcome(slowFrom: 0) == "firing")
        #expect(outcome(slowFrom: 2_600) == "pending")
        #expect(outcome(slowFrom: 3_000) == "inactive")
    }

    @Test("an outage idles the devices and shrinks nothing")
    func outage() {
        let policy = Self.policy {
            $0.objective.throughput = 5
            var trigger = Trigger(
                name: "idle", type: .costEfficiency,
                condition: .leaf(.init(name: "throughputBelow", test: .compare(.throughput, .below, threshold: 1_000, window: nil))))
            trigger.minSamples = 10
            $0.triggers = [trigger]
            $0.behavior.scaleDown.stabilizationWindow = .zero
        }
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(3_600), limits: policy.latencyLimits)
        for index in 0..<100 {
            var measurement = InferenceMeasurement(
                id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), time: Self.now.advanced(by: .milliseconds(100 * index)))
            measurement.error = InferenceError(type: "http_500")
            measurement.gpuUtilization = 0.02
            windows.record(measurement)
        }
        let snapshot = SnapshotBuilder(
            policy: policy, windows: windows, reported: nil, sources: [],
            state: TargetState(values: ["replicas": KnobState(.integer(3), origin: .given)]), history: ControlHistory()
        ).importedRun(now: Self.now)
        let decision = decide(snapshot, under: policy)
        #expect(decision.outcome == .hold)
        #expect(decision.objectives.contains { $0.name.hasPrefix("throughput") && $0.met == false })
        #expect(decision.excluded.contains { $0.knob == "replicas" && $0.to == .integer(2) && $0.reason == .noRule })
    }

    @Test("a slow whole is traced to the part of it that is slow")
    func endToEnd() {
        let policy = Self.policy {
            $0.objective.latencies = [.init(metric: .endToEnd, statistic: .percentile(.p90), limit: .milliseconds(800))]
            $0.triggers[0].condition = .leaf(
                .init(name: "latencyExceeds", test: .compare(.latency(.endToEnd, .percentile(.p90)), .above, threshold: 0.8, window: nil)))
        }
        let decision = decide(Self.snapshot(policy), under: policy)
        #expect(decision.recommendations.contains { $0.candidate.knob == "replicas" && $0.effect.outcomes[.endToEnd] != nil })
    }
}
