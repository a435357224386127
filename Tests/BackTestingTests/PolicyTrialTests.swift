import BackTesting
import Control
import EngineModels
import Learning
import Measurements
import Policies
import Scaling
import Simulation
import Statistics
import Testing

@Suite("A trial of a policy")
struct PolicyTrialTests {
    /// Too little for the load: four sequences where sixteen and more are needed.
    private func trial(rate: Double = 11, minutes: Double = 40, seed: UInt64 = 3) -> ScalingTrial {
        var arrivals = Arrivals(shape: .constant(rate: rate), inputs: .constant(300), outputs: .constant(60), seed: seed)
        let end = Nanoseconds(seconds: minutes * 60)
        return ScalingTrial(
            setup: PoolSetup(
                profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 4), replicas: 1, seed: seed,
                coldStart: ColdStart(median: Nanoseconds(seconds: 30)), noise: PoolNoise(withinReplica: 0.04)),
            requests: arrivals.requests(before: end), end: end, warmUp: Nanoseconds(seconds: 60), replicaRange: 1...4)
    }

    private func policy(_ knob: Knob, mode: Policy.Mode = .recommend) -> Policy {
        var policy = Policy(name: "quick-first-token")
        policy.mode = mode
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(500))]
        var trigger = Trigger(
            name: "slow", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 0.5, window: nil))))
        trigger.window = .seconds(60)
        trigger.minSamples = 20
        trigger.cooldown = .seconds(120)
        policy.triggers = [trigger]
        policy.knobs = [knob]
        policy.verify.settle = .seconds(30)
        policy.verify.window = .seconds(120)
        policy.verify.minSamples = 50
        policy.learning.holdout = 0
        return policy
    }

    private var slots: Knob {
        Knob(
            name: "slots", domain: .values([4, 16, 64].map { .integer($0) }),
            place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency)
    }

    @Test("the production loop cures an engine with too few slots, whatever the policy's mode, and its verdict is right")
    func cure() async throws {
        let outcome = try await PolicyTrial(trial(), policy: policy(slots)).run()
        let first = try #require(outcome.adjustments.first)
        #expect(
            first.state == .kept && (first.candidate.to.wholeNumber ?? 0) > 4, "\(outcome.adjustments.map(\.history)) \(outcome.refusals)")
        let verdicts = try #require(outcome.score.verdicts)
        #expect(verdicts.judged >= 1 && verdicts.errors == 0)
        var fleet = FixedFleet(1)
        let untouched = trial().score(&fleet)
        #expect(try #require(outcome.score.scaling.attainment) > (try #require(untouched.scaling.attainment)) + 0.2)
        #expect(outcome.score.minutes.harmMinutes(target: 0.99, untouched: untouched.minutes) == 0)
        // A rolling restart starts a pod, though their number stays.
        #expect(outcome.score.scaling.starts >= 1 && outcome.score.scaling.changes == 0)
    }

    @Test("the same seed gives the same adjustments and the same score; another seed another")
    func determinism() async throws {
        let one = try await PolicyTrial(trial(minutes: 20), policy: policy(slots)).run()
        let other = try await PolicyTrial(trial(minutes: 20), policy: policy(slots)).run()
        #expect(one.adjustments == other.adjustments && one.score == other.score)
        #expect(!one.adjustments.isEmpty)
        let third = try await PolicyTrial(trial(minutes: 20, seed: 4), policy: policy(slots)).run()
        #expect(third.score != one.score)
    }

    @Test("replicas are asked for, started cold and paid for from then on")
    func replicas() async throws {
        var behavior = policy(Knob(name: "replicas", domain: .range(min: 1, max: 4, step: 1), place: .replicas, role: .replicas))
        behavior.verify.onInconclusive = .keep
        let outcome = try await PolicyTrial(trial(rate: 12, minutes: 30), policy: behavior).run()
        #expect(outcome.score.scaling.changes >= 1 && outcome.score.scaling.starts >= 1, "\(outcome.refusals)")
        #expect(outcome.score.scaling.replicaHours > 0.5 + 0.1)
    }

    @Test("a policy whose knobs no engine has is refused, and so is a default that no engine starts with")
    func refusal() throws {
        let unknown = Knob(name: "beams", domain: .range(min: 1, max: 4, step: 1), place: .parameter(name: "beams"), role: .other)
        #expect(throws: PolicyTrialRefusal.self) { try PolicyTrial(trial(), policy: policy(unknown)) }
        var tooMany = slots
        tooMany.assumed = .integer(4_096)
        #expect(throws: PolicyTrialRefusal.self) { try PolicyTrial(trial(), policy: policy(tooMany)) }
        var fine = slots
        fine.assumed = .integer(64)
        #expect(try PolicyTrial(trial(), policy: policy(fine)).trial.setup.settings.maxNumSeqs == 64)
    }
}
