import BackTesting
import Control
import EngineModels
import Learning
import Measurements
import Policies
import Simulation
import Statistics
import Synchronization
import Testing

/// The production loop tries changes on a part of a simulated pool first.
@Suite("A trial of a policy that tries changes on a canary")
struct PolicyCanaryTests {
    /// Eight replicas with fewer sequences than the load needs, so that some wait.
    private func trial(rate: Double, minutes: Double, seed: UInt64 = 5) -> ScalingTrial {
        var arrivals = Arrivals(shape: .constant(rate: rate), inputs: .constant(300), outputs: .constant(60), seed: seed)
        let end = Nanoseconds(seconds: minutes * 60)
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 4), replicas: 8, seed: seed,
                coldStart: ColdStart(median: Nanoseconds(seconds: 30)), noise: PoolNoise(betweenReplicas: 0.03, withinReplica: 0.04)),
            requests: arrivals.requests(before: end), end: end, warmUp: Nanoseconds(seconds: 60), replicaRange: 1...8)
    }

    private func policy(_ use: Policy.Verification.CanaryUse) -> Policy {
        var policy = Policy(name: "quick-first-token")
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(60))]
        var trigger = Trigger(
            name: "slow", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.06, window: nil))))
        trigger.window = .seconds(60)
        trigger.minSamples = 20
        trigger.cooldown = .seconds(120)
        policy.triggers = [trigger]
        policy.knobs = [
            Knob(
                name: "slots", domain: .values([4, 16, 64].map { .integer($0) }),
                place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency)
        ]
        policy.verify.settle = .seconds(30)
        policy.verify.window = .seconds(120)
        policy.verify.minSamples = 50
        policy.verify.canary = use
        policy.learning.holdout = 0
        return policy
    }

    private final class Log: Announcer {
        let events = Mutex<[ControlEvent]>([])
        func announce(_ event: ControlEvent) { events.withLock { $0.append(event) } }
    }

    @Test("what helps is proved on a part of the replicas, comes to all of them, and is kept")
    func cure() async throws {
        let log = Log()
        let outcome = try await PolicyTrial(trial(rate: 64, minutes: 90), policy: policy(.always)).run(announcer: log)
        let first = try #require(outcome.adjustments.first)
        for event in log.events.withLock(\.self) { print(event.time, event.kind, event.message) }
        #expect(first.history.map(\.state) == [.proposed, .comparing, .applying, .settling, .observing, .promoting, .probation, .kept])
    }
}
