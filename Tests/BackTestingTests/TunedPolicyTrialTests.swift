import BackTesting
import Control
import EngineModels
import Learning
import Measurements
import Policies
import Simulation
import Statistics
import Testing
import Tuning
import Verification

/// The production loop tries out the settings of a simulated engine by itself.
@Suite("A policy that tunes knobs, in the production loop")
struct TunedPolicyTrialTests {
    /// Four replicas with fewer sequences than the load needs, so that many wait.
    private func trial(rate: Double, minutes: Double, sequences: Int = 8, seed: UInt64 = 5) -> ScalingTrial {
        var arrivals = Arrivals(shape: .constant(rate: rate), inputs: .constant(300), outputs: .constant(900), seed: seed)
        let end = Nanoseconds(seconds: minutes * 60)
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: sequences), replicas: 4, seed: seed,
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

    @Test("an engine that starts badly set is set better, and nothing comes to all replicas that was not proved on a part of them")
    func tunes() async throws {
        let outcome = try await PolicyTrial(trial(rate: 5, minutes: 55), policy: policy()).run()
        let kept = try #require(outcome.adjustments.first)
        #expect(kept.kind == .tuned && kept.state == .kept && kept.candidate.to == .integer(32), "\(kept.reason)")
        #expect(
            kept.history.map(\.state) == [.proposed, .comparing, .applying, .settling, .observing, .promoting, .probation, .kept])
        #expect(kept.finding?.objective != nil && (kept.experimentResult?.effect?.logRatio ?? 0) < -0.1)
        #expect(outcome.adjustments.allSatisfy { $0.kind == .tuned && $0.trial != nil })
    }

    @Test("on an engine that is well set nothing is kept")
    func leavesAlone() async throws {
        var policy = policy()
        policy.knobs[0].assumed = .integer(32)
        let outcome = try await PolicyTrial(trial(rate: 3.5, minutes: 30, sequences: 32), policy: policy).run()
        #expect(outcome.adjustments.count == 1 && outcome.adjustments.allSatisfy { $0.trial?.wasPromoted == false })
    }
}
