import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization

/// What a cycle costs itself: gather, evaluate, decide and journal, with everything outside in memory.
func measureTicking() async throws {
    for slow in [false, true] {
        let clock = SteppingClock()
        let policy = tickingPolicy()
        let ports = LoopPorts(
            clock: clock, sources: [SteadySource(slow: slow)], adjuster: nil, journal: ForgetfulJournal(), leadership: SoleLeader(),
            announcer: Silence(), toolVersion: "bench", origin: .run)
        let loop = PolicyLoop(policy: policy, target: "llm/Deployment/chat", ports: ports)
        for _ in 0..<30 { await tick(loop, clock) }  // Until every window is full.
        let monotonic = ContinuousClock()
        var times: [Double] = []
        var outcomes: [Decision.Outcome: Int] = [:]
        for _ in 0..<500 {
            let start = monotonic.now
            let report = await tick(loop, clock)
            times.append((monotonic.now - start) / .milliseconds(1))
            if let outcome = report.decision?.outcome { outcomes[outcome, default: 0] += 1 }
        }
        times.sort()
        let figure = "median \((times[250] * 1e3).rounded() / 1e3) ms, p99 \((times[495] * 1e3).rounded() / 1e3) ms"
        row("a cycle without I/O, \(slow ? "a trigger fires" : "nothing to do")", figure, target: "< 1 ms")
        row("  check: outcomes", outcomes.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", "), target: "")
    }
}

@discardableResult
private func tick(_ loop: PolicyLoop, _ clock: SteppingClock) async -> PolicyLoop.Report {
    clock.step(.seconds(15))
    return await loop.tick()
}

private func tickingPolicy() -> Policy {
    var policy = Policy(name: "chat")
    policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
    policy.knobs = [
        Knob(name: "replicas", domain: .range(min: 1, max: 8, step: 1), place: .replicas, assumed: .integer(2), role: .replicas)
    ]
    policy.triggers = (0..<10).map { number in
        let condition = Condition.leaf(
            .init(
                name: "latencyExceeds",
                test: .compare(
                    .latency(.timeToFirstToken, .percentile(Percentile(percent: Double(90 + number)))), .above, threshold: 0.5, window: nil)
            ))
        var trigger = Trigger(name: "trigger-\(number)", type: .latencyThreshold, condition: condition)
        trigger.window = .seconds(300)
        return trigger
    }
    return policy
}

/// Time that passes when it is told to.
private final class SteppingClock: ControlClock {
    private let now = Mutex(Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000))

    var steady: Timestamp { now.withLock { $0 } }
    var wall: Timestamp { steady }

    func step(_ duration: Duration) { now.withLock { $0 = $0.advanced(by: duration) } }
}

/// Thirty requests of the last 15 seconds.
private struct SteadySource: MeasurementSource {
    let name = "source"
    let slow: Bool

    func deliver(_ request: DeliveryRequest) async -> Delivery {
        Delivery(
            measurements: (0..<30).map { number in
                var measurement = InferenceMeasurement(id: UUID(), time: request.now.advanced(by: .milliseconds(-500 * number)))
                measurement.timeToFirstToken = Nanoseconds(milliseconds: (slow ? 700 : 100) + Double(number))
                measurement.timePerOutputToken = Nanoseconds(milliseconds: 20)
                measurement.endToEnd = Nanoseconds(seconds: 2)
                measurement.outputTokens = 50
                return measurement
            })
    }
}

private struct ForgetfulJournal: Journal {
    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory { ControlMemory() }
    func openAdjustments() throws -> [OpenAdjustment] { [] }
    func commit(_ entry: JournalEntry) throws {}
    func requests() throws -> [OperatorRequest] { [] }
    func adjustment(_ id: UUID) throws -> Adjustment? { nil }
}

private struct Silence: Announcer {
    func announce(_ event: ControlEvent) {}
}
