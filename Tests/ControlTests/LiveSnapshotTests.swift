import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Testing

@testable import Control

@Suite("A live snapshot")
struct LiveSnapshotTests {
    private static let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    private static var policy: Policy {
        var policy = Policy(name: "chat")
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        return policy
    }

    private static func answer(_ query: MetricQuery, _ value: Double) -> RecordedReading {
        RecordedReading(query: query, window: policy.objectiveWindow, reading: .value(Reading.Value(value, samples: 100)))
    }

    @Test("of counting sources alone names their figures, and what holds the target back")
    func counted() {
        let answers = [
            Self.answer(.latency(.timeToFirstToken, .percentile(.p95)), 1.2), Self.answer(.utilization(.keyValueCache), 0.97),
            Self.answer(.utilization(.gpu), .nan), Self.answer(.throughput, 12), Self.answer(.throughput, 99),
        ]
        let windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
        let snapshot = LiveSnapshot(policy: Self.policy, windows: windows, answers: answers)
            .snapshot(at: Self.now, state: TargetState(), history: ControlHistory())
        #expect(snapshot.bottleneck.kind == .memory)
        #expect(snapshot.reported?.requestsPerSecond == 12)
        #expect(snapshot.reported?.latencies[.timeToFirstToken]?.value(at: .p95) == 1.2)
        #expect(snapshot.reported?.utilization[.gpu] == nil)
        #expect(snapshot.readings.map(\.reading) == [answers[0].reading])
    }

    @Test("gives measured requests precedence, and says how old the newest is")
    func measured() {
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
        var one = InferenceMeasurement(id: .init(), time: Self.now.advanced(by: .seconds(-20)))
        one.timeToFirstToken = Nanoseconds(seconds: 0.25)
        one.endToEnd = Nanoseconds(seconds: 5)
        windows.record(one)
        let snapshot = LiveSnapshot(
            policy: Self.policy, windows: windows, answers: [Self.answer(.latency(.timeToFirstToken, .percentile(.p95)), 1.2)]
        ).snapshot(at: Self.now, state: TargetState(), history: ControlHistory())
        guard case .value(let value)? = snapshot.readings.first?.reading else { return #expect(Bool(false), "no value") }
        #expect(value.value == 0.25)
        #expect(value.age == .seconds(15))
    }

    @Test("of probes alone knows how long requests take, and not how many there are")
    func probes() {
        var policy = Self.policy
        policy.monitor.sources = [.init(name: "probe", kind: .probe(.init(endpoint: "http://e", provider: "openai", model: "m", rate: 1)))]
        let test = Condition.Test.compare(.throughput, .below, threshold: 5, window: .seconds(60))
        policy.triggers = [Trigger(name: "few", type: .throughputThreshold, condition: .leaf(.init(name: "throughputBelow", test: test)))]
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
        var one = InferenceMeasurement(id: .init(), time: Self.now.advanced(by: .seconds(-20)))
        one.timeToFirstToken = Nanoseconds(seconds: 0.25)
        windows.record(one)
        let told = RecordedReading(query: .throughput, window: .seconds(60), reading: .value(Reading.Value(12, samples: 100)))
        for (answers, expected) in [([], Reading.unknown(.missing)), ([told], told.reading)] {
            let snapshot = LiveSnapshot(policy: policy, windows: windows, answers: answers)
                .snapshot(at: Self.now, state: TargetState(), history: ControlHistory())
            #expect(snapshot.readings.first { $0.query == .throughput }?.reading == expected)
            #expect(snapshot.window.requestsPerSecond == nil && snapshot.window.requests == 1)
        }
    }

    @Test("of probes beside users counts the users, and takes the times of both")
    func probesBesideUsers() {
        var policy = Self.policy
        policy.monitor.sources = [
            .init(name: "probe", kind: .probe(.init(endpoint: "http://e", provider: "openai", model: "m", rate: 1))),
            .init(name: "log", kind: .importFiles(paths: ["log.jsonl"])),
        ]
        let test = Condition.Test.compare(.throughput, .below, threshold: 5, window: .seconds(60))
        policy.triggers = [Trigger(name: "few", type: .throughputThreshold, condition: .leaf(.init(name: "throughputBelow", test: test)))]
        func throughput(users: Int) -> (rate: Double?, reading: Reading?) {
            var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
            for number in 0..<users + 6 {
                var one = InferenceMeasurement(id: .init(), time: Self.now.advanced(by: .seconds(-30)))
                one.isProbe = number >= users
                one.endToEnd = Nanoseconds(seconds: 0.5)
                windows.record(one)
            }
            let snapshot = LiveSnapshot(policy: policy, windows: windows, answers: [])
                .snapshot(at: Self.now, state: TargetState(), history: ControlHistory())
            #expect(snapshot.window.requests == users + 6 && snapshot.window.latencies[.endToEnd]?.count == users + 6)
            return (snapshot.window.requestsPerSecond, snapshot.readings.first { $0.query == .throughput }?.reading)
        }
        guard case .value(let value)? = throughput(users: 12).reading else {
            Issue.record("nothing was counted")
            return
        }
        #expect(abs(value.value - 0.4) < 0.001)
        #expect(throughput(users: 0).rate == nil && throughput(users: 0).reading == .unknown(.missing))
    }

    @Test("of a queue that never empties takes what the prompt can cost at most for the time without waiting")
    func queue() {
        var windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
        for second in 1...9 {
            var one = InferenceMeasurement(id: .init(), time: Self.now.advanced(by: .seconds(-second)))
            one.timeToFirstToken = Nanoseconds(seconds: 0.5)
            one.timePerOutputToken = Nanoseconds(seconds: 0.001)
            one.endToEnd = Nanoseconds(seconds: 0.6)
            one.inputTokens = 49
            windows.record(one)
        }
        let snapshot = LiveSnapshot(policy: Self.policy, windows: windows, answers: [])
            .snapshot(at: Self.now, state: TargetState(), history: ControlHistory())
        let point = OperatingPoint(snapshot, policy: Self.policy)
        #expect(snapshot.fastestTimeToFirstToken == 0.5)
        #expect(abs((point.unloadedTimeToFirstToken ?? 0) - 0.05) < 1e-6 && abs((point.waitingShare ?? 0) - 0.9) < 1e-6)
    }

    @Test("of nothing knows nothing")
    func nothing() {
        let windows = MeasurementWindows(paneWidth: .seconds(15), retention: .seconds(600))
        let snapshot = LiveSnapshot(policy: Self.policy, windows: windows, answers: [])
            .snapshot(at: Self.now, state: TargetState(), history: ControlHistory())
        #expect(snapshot.readings.map(\.reading) == [.unknown(.missing)])
        #expect(snapshot.reported == nil)
    }
}
