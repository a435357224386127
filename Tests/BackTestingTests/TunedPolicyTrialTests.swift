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

/// The production loop tries out the settings of a simulated engine by itself.
@Suite("A policy that tunes knobs, in the production loop")
struct TunedPolicyTrialTests {
    /// Four replicas with fewer sequences than the load needs, so that many wait.
    private func trial(rate: Double, minutes: Double, seed: UInt64 = 5) -> ScalingTrial {
        var arrivals = Arrivals(shape: .constant(rate: rate), inputs: .constant(300), outputs: .constant(900), seed: seed)
        let end = Nanoseconds(seconds: minutes * 60)
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 8), replicas: 4, seed: seed,
                coldStart: ColdStart(median: Nanoseconds(seconds: 30)), noise: PoolNoise(betweenReplicas: 0.01, withinReplica: 0.03)),
            requests: arrivals.requests(before: end), end: end, warmUp: Nanoseconds(seconds: 60), replicaRange: 1...4)
    }

    private func policy() -> Policy {
        var policy = Policy(name: "tuned")
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .seconds(1))]
        policy.knobs = [
            Knob(
                name: "slots", domain: .values([8, 32].map { .integer($0) }),
                place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), assumed: .integer(8), role: .concurrency)
        ]
        policy.verify.settle = .seconds(30)
        policy.verify.window = .seconds(120)
        policy.verify.minSamples = 50
        policy.learning.holdout = 0
        policy.tune = TuneTerms()
        return policy
    }

    private final class Log: Announcer {
        let events = Mutex<[ControlEvent]>([])
        func announce(_ event: ControlEvent) { events.withLock { $0.append(event) } }
    }

    @Test("an engine that starts badly set is set better, and nothing comes to all replicas that was not proved on a part of them")
    func tunes() async throws {
        let log = Log()
        let outcome = try await PolicyTrial(trial(rate: 3.6, minutes: 75), policy: policy()).run(announcer: log)
        for event in log.events.withLock(\.self) { print(event.time, event.kind, event.message) }
        for one in outcome.adjustments {
            print(one.kind, one.candidate.from, one.candidate.to, one.state, one.verdict as Any, one.experimentResult as Any)
        }
        print(outcome.refusals)
        let kept = outcome.adjustments.filter { $0.state == .kept }
        let inForce = kept.last?.candidate.to.wholeNumber
        #expect(inForce == 32)
        #expect(outcome.adjustments.allSatisfy { $0.kind == .tuned && $0.trial != nil })
        for one in outcome.adjustments where one.trial?.wasPromoted == true {
            #expect(one.history.map(\.state).prefix(6) == [.proposed, .comparing, .applying, .settling, .observing, .promoting])
        }
    }
}
