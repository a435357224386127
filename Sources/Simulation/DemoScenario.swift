import Measurements
public import Policies
import Statistics

/// A closed loop that can be watched in a minute and a half: an engine with too few places under a steady load.
///
/// Everything is chosen so that no decision hangs on a millisecond, for two runs with one seed must decide alike on any machine. Four places
/// serve about 12 requests a second and 18 come, so that the wait for the first token grows by a third of a second each second and is more
/// than ten times its limit when the trigger fires; 16 places serve about 40, and the wait is a tenth of the limit; one place serves 3.
/// Figures between these are never decided on, and the schedule of requests is fixed by the seed.
public struct DemoScenario: Sendable, Codable, Hashable {
    public var setup: PoolSetup
    public var load: LoadShape
    public var inputs: TokenLengths
    public var outputs: TokenLengths
    public var policy: Policy
    /// How changed settings come to the engine.
    public var rollout: SettingsRollout
    public var plan: TimePlan
    /// What the controller should find for itself.
    public var better: Change
    /// What should be made by hand afterwards, and what the controller should take back.
    public var harmful: Change
    public var seed: UInt64

    /// A setting and what it becomes.
    public struct Change: Sendable, Codable, Hashable {
        public var knob: String
        public var from: KnobValue
        public var to: KnobValue
    }

    /// When what should have happened, in real time from the first request.
    public struct TimePlan: Sendable, Codable, Hashable {
        /// Simulated seconds in a real one.
        public var timeScale: Double
        /// The trigger fires: the blocks before it are enough to compare with.
        public var triggers: Duration
        /// The better setting is verified.
        public var verified: Duration
        /// The harmful change is made.
        public var harm: Duration
        /// It is taken back, and the wait is short again.
        public var recovered: Duration
        /// Everything is stopped, whatever came of it.
        public var end: Duration
    }

    /// Requests of the whole demonstration, in order.
    public var requests: [SimulatedRequest] {
        var arrivals = Arrivals(shape: load, inputs: inputs, outputs: outputs, seed: seed)
        return arrivals.requests(before: Nanoseconds(seconds: plan.end.inSeconds * plan.timeScale))
    }

    public init(seed: UInt64 = 1) {
        self.seed = seed
        setup = PoolSetup(
            profile: .llama7BOnH100, settings: EngineSettings(maximumSequences: 4), replicas: 1, seed: seed,
            coldStart: ColdStart(median: Nanoseconds(seconds: 2), deviation: 0), noise: PoolNoise(withinReplica: 0.03))
        load = .constant(rate: 18)
        inputs = .uniform(min: 150, max: 250)
        outputs = .uniform(min: 40, max: 56)
        rollout = .live
        plan = TimePlan(
            timeScale: 1, triggers: .seconds(13), verified: .seconds(40), harm: .seconds(42), recovered: .seconds(75), end: .seconds(85))
        better = Change(knob: "maxNumSeqs", from: .integer(4), to: .integer(16))
        harmful = Change(knob: "maxNumSeqs", from: .integer(16), to: .integer(1))
        policy = Self.policy(setup)
    }

    private static func policy(_ setup: PoolSetup) -> Policy {
        var policy = Policy(name: "demo", target: .simulator(.init(profile: setup.profile.name, seed: setup.seed)))
        policy.mode = .auto
        policy.objective.latencies = [.init(metric: .timeToFirstToken, statistic: .percentile(.p95), limit: .milliseconds(300))]
        policy.monitor.interval = .seconds(1)
        policy.monitor.staleAfter = .seconds(5)
        policy.knobs = [
            Knob(
                name: "maxNumSeqs", domain: .values([.integer(1), .integer(4), .integer(16), .integer(64)]),
                place: .parameter(name: "maxNumSeqs"), role: .concurrency),
            Knob(name: "replicas", domain: .range(min: 1, max: 3, step: 1), place: .replicas, role: .replicas),
        ]
        policy.triggers = [trigger]
        policy.verify.settle = .seconds(8)
        policy.verify.window = .seconds(5)
        policy.verify.minSamples = 60
        policy.learning.holdout = 0
        return policy
    }

    private static var trigger: Trigger {
        let query = MetricQuery.latency(.timeToFirstToken, .percentile(.p95))
        let leaf = Condition.Leaf(
            name: "p95LatencyExceeds", test: .compare(query, .above, threshold: 0.3, window: nil))
        var trigger = Trigger(name: "slow-first-token", type: .latencyThreshold, condition: .leaf(leaf))
        trigger.window = .seconds(5)
        trigger.holdFor = .seconds(11)
        trigger.minSamples = 20
        trigger.cooldown = .seconds(5)
        trigger.cooldownAfterRollback = .seconds(60)
        return trigger
    }
}
