import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Testing

@testable import Control

@Suite struct SnapshotBuilderTests {
    static let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    /// A policy that asks one question per condition.
    static func policy(_ queries: [MetricQuery], window: Duration = .seconds(60)) -> Policy {
        var policy = Policy(name: "p")
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(200))]
        policy.objective.attainment = 0.9
        policy.cost = .init(perReplicaHour: 3.6)
        policy.knobs = [Knob(name: "replicas", domain: .range(min: 1, max: 4, step: 1), place: .replicas, role: .replicas)]
        policy.triggers = queries.enumerated().map { index, query in
            var trigger = Trigger(
                name: "t\(index)", type: .latencyThreshold,
                condition: .leaf(.init(name: "leaf", test: .compare(query, .above, threshold: 1, window: nil))))
            trigger.window = window
            return trigger
        }
        return policy
    }

    static func windows(_ policy: Policy, count: Int = 600, _ change: (Int, inout InferenceMeasurement) -> Void = { _, _ in }) -> MeasurementWindows {
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600), limits: policy.latencyLimits)
        for index in 0..<count {
            var measurement = InferenceMeasurement(
                id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), time: now.advanced(by: .milliseconds(500 * index)))
            measurement.timeToFirstToken = Nanoseconds(milliseconds: 100)
            measurement.outputTokens = 20
            change(index, &measurement)
            windows.record(measurement)
        }
        return windows
    }

    static func reading(_ query: MetricQuery, _ change: @escaping (Int, inout InferenceMeasurement) -> Void = { _, _ in }) -> Reading? {
        let policy = policy([query])
        let builder = SnapshotBuilder(
            policy: policy, windows: windows(policy, change), reported: nil, sources: [],
            state: TargetState(values: ["replicas": KnobState(.integer(2), origin: .given)]), history: ControlHistory())
        return builder.importedRun(now: now).readings.first { $0.query == query }?.reading
    }

    static func value(_ reading: Reading?) -> Double? {
        if case .value(let value) = reading { value.value } else { nil }
    }

    @Test("rates are per the window that was asked for")
    func rates() throws {
        #expect(abs(try #require(Self.value(Self.reading(.throughput))) - 2) < 0.05)
        #expect(abs(try #require(Self.value(Self.reading(.tokensPerSecond))) - 40) < 1)
    }

    @Test("cost is replicas times price over tokens")
    func cost() throws {
        let value = try #require(Self.value(Self.reading(.costPerThousandTokens)))
        #expect(abs(value - 2 * 3.6 / 3_600 / 40 * 1_000) < 0.002)
    }

    @Test("a budget burnt twice as fast as allowed burns at 2")
    func burn() throws {
        let reading = Self.reading(.burnRate) { index, measurement in
            if index % 5 == 0 { measurement.timeToFirstToken = Nanoseconds(milliseconds: 300) }
        }
        #expect(abs(try #require(Self.value(reading)) - 2) < 0.1)
    }

    @Test("what no source delivers is missing, what is only NaN is not finite, and zero is zero")
    func apart() {
        #expect(Self.reading(.utilization(.gpu)) == .unknown(.missing))
        #expect(Self.reading(.signal("x")) == .unknown(.missing))
        let notFinite = Self.reading(.utilization(.gpu)) { _, measurement in measurement.notFinite = [.gpuUtilization] }
        guard case .unknown(.notFinite) = notFinite else {
            Issue.record("expected not finite, got \(String(describing: notFinite))")
            return
        }
        #expect(Self.value(Self.reading(.utilization(.gpu)) { _, measurement in measurement.gpuUtilization = 0 }) == 0)
    }

    @Test("readings that were not finite widen a percentile and leave a mean unbounded")
    func bounds() throws {
        let spoil: (Int, inout InferenceMeasurement) -> Void = { index, measurement in
            if index % 10 == 0 {
                measurement.timeToFirstToken = nil
                measurement.notFinite = [.timeToFirstToken]
            }
        }
        guard case .value(let percentile) = Self.reading(.latency(.timeToFirstToken, .percentile(.p99)), spoil),
            case .value(let mean) = Self.reading(.latency(.timeToFirstToken, .mean), spoil)
        else {
            Issue.record("expected figures")
            return
        }
        #expect(percentile.lower == 0.1 && percentile.upper == nil)
        #expect(mean.lower == nil && mean.upper == nil)
    }

    @Test("failures at the end of the window are counted without a break")
    func failures() {
        let reading = Self.reading(.consecutiveFailures) { index, measurement in
            if index >= 596 { measurement.error = InferenceError(type: "http_500") }
        }
        #expect(Self.value(reading) == 4)
    }

    @Test("a run shorter than the window is judged as a whole and says how long it was")
    func short() throws {
        let query = MetricQuery.latency(.timeToFirstToken, .percentile(.p95))
        let policy = Self.policy([query], window: .seconds(300))
        let windows = Self.windows(policy, count: 40)
        let snapshot = SnapshotBuilder(
            policy: policy, windows: windows, reported: nil, sources: [], state: TargetState(), history: ControlHistory()
        ).importedRun(now: Self.now)
        #expect(snapshot.wholeRun == .seconds(fractional: 19.5))
        guard case .value(let value) = snapshot.readings[0].reading else {
            Issue.record("expected a figure")
            return
        }
        #expect(value.covers == .seconds(fractional: 19.5) && value.samples == 40)
    }

    @Test("every question of a policy is asked once")
    func questions() {
        let query = MetricQuery.latency(.timeToFirstToken, .percentile(.p95))
        #expect(Self.policy([query, query, .errorRate]).questions.count == 2)
    }

    @Test("only a wait in the engine's queue is part of the time to first token", arguments: [(MetricDefinition.clientQueue, nil), (.engineQueue, 0.05)])
    func queue(definition: MetricDefinition, waiting: Double?) {
        let policy = Self.policy([.throughput])
        var run = SourceRun(label: "r")
        run.definitions[.queue] = definition
        let builder = SnapshotBuilder(
            policy: policy, windows: Self.windows(policy) { _, measurement in measurement.queue = Nanoseconds(milliseconds: 50) }, reported: nil,
            sources: [SourceDescription(name: "f", tool: "t", digest: "d", runs: [run])], state: TargetState(), history: ControlHistory())
        let state = OperatingPoint(builder.importedRun(now: Self.now), policy: policy)
        #expect(state.queueTime == waiting)
    }
}
