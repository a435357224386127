import EngineModels
import Foundation
import Measurements
import Policies
import Simulation
import Statistics

/// What the demonstration shows: an engine with far too few slots for its load, and the policy that is to cure it.
enum DemoScene {
    static let profile = EngineProfile.llama70BOnFourH100
    static let knob = "maxNumSeqs"
    /// Every margin is wide, so that a busy machine decides as an idle one does: four slots answer two thirds of what is asked, sixteen
    /// twice as much, and the first token comes twenty times as soon.
    static let slotsAtFirst = 4
    static let harmfulSlots = 4
    static let interval = Duration.seconds(2)
    /// Of simulated time, for each of both acts.
    static let patience = Duration.seconds(150)

    static func engine(seed: UInt64, clock: DemoClock) -> EmbeddedEngine {
        let setup = PoolSetup(
            profile: profile, settings: EngineSettings(maxNumSeqs: slotsAtFirst), seed: seed, noise: PoolNoise(withinReplica: 0.04))
        return EmbeddedEngine(setup, clock: { clock.elapsed })
    }

    static func load(seed: UInt64) -> Arrivals {
        Arrivals(
            shape: .constant(rate: 10), process: .poisson, inputs: .uniform(min: 100, max: 300), outputs: .uniform(min: 24, max: 40),
            seed: seed)
    }

    static func policy(seed: UInt64) -> Policy {
        var policy = Policy(name: "demo", target: .simulator(.init(profile: profile.name, seed: seed)))
        policy.mode = .auto
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .seconds(1))]
        policy.monitor.interval = interval
        policy.monitor.staleAfter = .seconds(20)
        policy.triggers = [slowFirstTokens]
        policy.knobs = [
            Knob(
                name: knob, domain: .values([4, 16, 64].map { .integer($0) }), place: .parameter(name: knob), role: .concurrency)
        ]
        policy.verify.settle = .seconds(6)
        policy.verify.window = .seconds(20)
        policy.verify.minSamples = 40
        policy.verify.rollbackIfWorseBy = 0.1
        policy.learning.holdout = 0
        return policy
    }

    private static var slowFirstTokens: Trigger {
        var trigger = Trigger(
            name: "slow-first-tokens", type: .latencyThreshold,
            condition: .leaf(
                .init(
                    name: "p95LatencyExceeds",
                    test: .compare(.latency(.timeToFirstToken, .percentile(.p95)), .above, threshold: 1, window: nil))))
        trigger.window = .seconds(10)
        trigger.minSamples = 20
        trigger.cooldown = .seconds(60)
        trigger.cooldownAfterRollback = .seconds(300)
        return trigger
    }
}
