public import Control
import EngineModels
import FoundationEssentials
import Learning
import Measurements
public import Policies
public import Simulation
import Statistics

/// A policy under the load of a trial: the production loop with its triggers, adjustments and verifier on a simulated pool and on its clock.
///
/// Nothing of the loop is imitated. What is told it are the requests that its sources would have seen, and what is asked of it is what it would
/// do in mode `auto`. The same trial and policy give the same bytes.
public struct PolicyTrial: Sendable {
    public let trial: ScalingTrial
    /// As it runs: in mode `auto`, against the simulator.
    public let policy: Policy
    public let rollout: SettingsRollout

    /// - Parameters:
    ///   - trial: Its settings are what a knob begins with whose policy assumes nothing.
    ///   - rollout: How new settings come to the replicas.
    public init(_ trial: ScalingTrial, policy: Policy, rollout: SettingsRollout = .rollingRestart) throws(PolicyTrialRefusal) {
        guard policy.knobs.contains(where: { $0.role.isSimulated }) else {
            throw PolicyTrialRefusal(policy: policy, "none of its knobs is a setting of a simulated engine")
        }
        var trial = trial
        for knob in policy.knobs where knob.role != .replicas && knob.role.isSimulated {
            guard let assumed = knob.assumed else { continue }
            guard let settings = trial.setup.settings.with(assumed, for: knob.role) else {
                throw PolicyTrialRefusal(policy: policy, "\(assumed) is no value for \(knob.name) of a simulated engine")
            }
            trial.setup.settings = settings
        }
        if let problem = trial.setup.settings.problem(with: trial.setup.profile) {
            throw PolicyTrialRefusal(policy: policy, "with its defaults no \(trial.setup.profile.name) starts: \(problem)")
        }
        self.trial = trial
        var policy = policy
        policy.mode = .auto
        policy.suspend = false
        policy.target = .simulator(.init(profile: trial.setup.profile.name, seed: trial.setup.seed))
        self.policy = policy
        self.rollout = rollout
    }

    /// What became of a policy in a trial.
    public struct Outcome: Sendable {
        public var score: TrialScore
        /// Finished and unfinished, in the order of being proposed, without their blocks.
        public var adjustments: [Adjustment]
        /// Why nothing was begun though something was recommended, by how often.
        public var refusals: [String: Int]
    }

    /// Runs the loop from the beginning to the end of the trial, as fast as it goes.
    /// - Parameter announcer: Is told what the loop says, with simulated times from 2025-01-01T00:00:00Z on.
    public func run(announcer: any Announcer = Silence()) async -> Outcome {
        var run = PolicyTrialRun(self, announcer: announcer)
        return await run.run()
    }

    /// Listens to nothing.
    public struct Silence: Announcer {
        public init() {}
        public func announce(_ event: ControlEvent) {}
    }
}

/// Why a policy cannot be tried on a simulated pool.
public struct PolicyTrialRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    public let policy: String
    public let problem: String

    init(policy: Policy, _ problem: String) {
        self.policy = policy.name
        self.problem = problem
    }

    public var description: String {
        "policy '\(policy)' cannot be tried: \(problem). A simulated engine has replicas, sequences (--max-num-seqs), tokens of an iteration "
            + "(--max-num-batched-tokens), a share of memory, devices and a quantization."
    }
}

extension Knob.Role {
    /// Whether a simulated engine has such a setting.
    fileprivate var isSimulated: Bool {
        switch self {
        case .replicas, .concurrency, .batchTokens, .memoryShare, .tensorParallel, .quantization: true
        case .batchSize, .caching, .other: false
        }
    }
}

/// The course of a trial.
struct PolicyTrialRun {
    private let setting: PolicyTrial
    private let engine: EmbeddedEngine
    private let clock = TrialClock()
    private let source: TrialSource
    private let meter: TrialMeter
    private let journal = TrialJournal()
    private let loop: PolicyLoop
    private var recorder: TrialRecorder
    private var verdicts = VerdictJudge()
    private var refusals: [String: Int] = [:]
    private var started: Int
    private var nextRequest = 0
    private var deviceSeconds = 0.0

    init(_ setting: PolicyTrial, announcer: any Announcer) {
        self.setting = setting
        let (trial, policy) = (setting.trial, setting.policy)
        engine = EmbeddedEngine(trial.setup, listens: false)
        source = TrialSource(policy, seed: trial.setup.seed, profile: trial.setup.profile.name)
        meter = TrialMeter(seesReplicas: source.seesEveryRequest, limits: policy.tune == nil ? nil : policy.latencyLimits)
        recorder = TrialRecorder(trial)
        started = trial.setup.replicas
        let identifiers = TrialIdentifiers(seed: trial.setup.seed)
        let ports = LoopPorts(
            clock: clock, sources: [source],
            adjuster: SimulatorAdjuster(engine: engine, knobs: policy.knobs, rollout: setting.rollout),
            canary: CanaryPorts(target: SimulatorCanary(engine: engine), meter: meter), journal: journal,
            leadership: SoleLeader(), announcer: announcer, makeIdentifier: { identifiers.next() }, toolVersion: "simulate", origin: .run)
        loop = PolicyLoop(policy: policy, target: "simulator/\(policy.name)", ports: ports)
    }

    mutating func run() async -> PolicyTrial.Outcome {
        let interval = Nanoseconds(seconds: setting.policy.monitor.interval.inSeconds)
        var now = Nanoseconds(0)
        while now < setting.trial.end, !setting.trial.isCancelled() {
            now = min(now + interval, setting.trial.end)
            serve(until: now)
            await tick()
        }
        var score = recorder.close(replicaSeconds: engine.status.replicaSeconds, deviceSeconds: deviceSeconds)
        score.verdicts = verdicts.count
        return PolicyTrial.Outcome(score: score, adjustments: journal.adjustments, refusals: refusals)
    }

    /// Lets the pool serve what comes up to a time, and the twin beside it.
    private mutating func serve(until end: Nanoseconds) {
        let trial = setting.trial
        let first = nextRequest
        while nextRequest < trial.requests.count, trial.requests[nextRequest].arrival < end { nextRequest += 1 }
        let arrivals = trial.requests[first..<nextRequest]
        guard let block = engine.withPool({ $0.serve(arrivals, until: end) }) else { return }
        clock.set(end)
        // While a rollout is under way replicas of two kinds are there; they are all taken for the new one.
        deviceSeconds += block.replicaSeconds * Double(engine.settings.tensorParallel ?? engine.profile.devices)
        source.take(block)
        meter.take(block.outcomes)
        _ = recorder.take(block.outcomes)
        verdicts.serve(arrivals, until: end, block.outcomes) {
            trial.objective.isMet(by: $0, on: trial.setup.profile, trial.setup.settings)
        }
    }

    private mutating func tick() async {
        let before = engine.withPool { $0 }
        let report = await loop.tick()
        let after = engine.withPool { $0 }
        if before.replicas != after.replicas { recorder.addChange(from: before.replicas, to: after.replicas) }
        countStarts(after, asked: max(0, after.replicas - before.replicas))
        let isChanged = before.replicas != after.replicas || before.settings != after.settings
        verdicts.follow(report.adjustment, at: after.time, isChanged ? before : nil)
        if let refusal = report.refusal { refusals[refusal.explanation, default: 0] += 1 }
    }

    /// Counts replicas that started for another reason than being asked for: their numbers are given in order.
    private mutating func countStarts(_ pool: EnginePool, asked: Int) {
        let numbers = (pool.replicaStatuses.last?.number ?? -1) + 1
        guard numbers > started else { return }
        recorder.addStarts(numbers - started - asked)
        started = numbers
    }
}

extension EnginePool {
    /// What happened up to a time under these arrivals; `nil` where no time passes.
    fileprivate mutating func serve(_ arrivals: ArraySlice<SimulatedRequest>, until end: Nanoseconds) -> PoolBlock? {
        guard end > time else { return nil }
        var seen: PoolBlock?
        run(arrivals, until: end, every: end - time) { block, _ in seen = block }
        return seen
    }
}
