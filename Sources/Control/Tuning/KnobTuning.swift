import FoundationEssentials
import Learning
import Measurements
import Policies
import Tuning
import Verification

/// Tunes the knobs of one policy: holds what was learned and draws what is tried next. Pure: it is told what happened, and has no clock.
struct KnobTuning: Sendable {
    private(set) var memory: TunerMemory
    private let knobs: [Knob]
    private let seed: UInt64
    private var standing: Standing?
    /// The end of the newest block whose requests were counted.
    private var countedUntil: Timestamp?

    /// A draw stands until it is carried out, so that a reason that keeps it from being made does not have it drawn anew at every look.
    private struct Standing {
        var draw: TuningDraw
        var time: Timestamp
    }

    private static let standingTime = Duration.seconds(600)

    /// - Parameter memory: As it was stored; `nil` to begin anew.
    init(_ policy: Policy, target: String, memory: TunerMemory? = nil) {
        knobs = policy.tunedKnobs
        seed = TunerMemory.seed(policy: policy.name, target: target)
        let (grid, limits, tolerated) = (policy.tuningGrid, policy.tuningLimits, 1 - policy.objective.attainment)
        self.memory =
            memory ?? TunerMemory(KnobTuner(grid: grid, incumbent: Configuration([:]), limits: limits, toleratedMisses: tolerated))
        self.memory.tuner.adopt(grid: grid, limits: limits, toleratedMisses: tolerated)
    }

    /// What is known of the moment.
    struct View {
        var now: Timestamp
        var state: TargetState
        var readyReplicas: Int?
        /// Of the target; what was learned of another counts less.
        var identity: String?
        var isUrgent: Bool
        var hasOpenAdjustment: Bool
        var requestsPerSecond: Double?
        var infeasible: [InfeasibleChange]
    }

    /// Says what is to be tried now, if anything.
    mutating func step(_ view: View, policy: Policy) -> TuningStep {
        guard !view.hasOpenAdjustment else {
            standing = nil
            return .held(.underWay)
        }
        let configuration: Configuration
        switch policy.tunedConfiguration(in: view.state) {
        case .failure(let unknown): return .held(.valuesUnknown(unknown.knobs))
        case .success(let found): configuration = found
        }
        for knob in knobs {
            if let owner = view.state.foreignOwners[knob.name] { return .held(.ownedByAnother(knob: knob.name, owner: owner)) }
        }
        guard let ready = view.readyReplicas else { return .held(.replicasUnknown) }
        if let identity = view.identity { memory.tuner.adopt(engineDigest: identity) }
        if memory.tuner.incumbent != configuration { memory.tuner.goOn(from: configuration) }
        var situation = TuningSituation(
            now: view.now, readyReplicas: ready, isUrgent: view.isUrgent, requestsPerSecond: view.requestsPerSecond)
        situation.obstacles = obstacles(view, from: configuration)
        return decide(situation, policy)
    }

    private mutating func decide(_ situation: TuningSituation, _ policy: Policy) -> TuningStep {
        if let standing, standing.draw.incumbent == memory.tuner.incumbent, standing.draw.isUrgent == situation.isUrgent,
            standing.time <= situation.now, situation.now.since(standing.time).duration < Self.standingTime,
            standing.draw.choice.map({ situation.obstacles[$0] == nil }) ?? true
        {
            return .drawn(standing.draw)
        }
        standing = nil
        switch memory.tuner.decide(situation, seed: seed &+ memory.tuner.draws, plan: policy.tuningPlan()) {
        case .hold(let refusal): return .held(.refused(refusal))
        case .draw(let draw):
            guard draw.choice != nil || draw.hasBest else {
                memory.tuner.rest(at: situation.now)
                return .resting(draw)
            }
            standing = Standing(draw: draw, time: situation.now)
            return .drawn(draw)
        }
    }

    private func obstacles(_ view: View, from configuration: Configuration) -> [Configuration: String] {
        var obstacles: [Configuration: String] = [:]
        for past in view.infeasible where past.until > view.now && configuration[past.knob] != nil {
            obstacles[configuration.setting(past.knob, to: past.to)] = "it did not work a while ago: \(past.reason)"
        }
        return obstacles
    }

    // MARK: Learning

    /// Notes that what was drawn begins.
    mutating func begin(at now: Timestamp) {
        standing = nil
        memory.tuner.begin(at: now)
    }

    /// Learns from the trials among finished adjustments that it has not learned from, oldest first.
    /// - Returns: Whether there was any.
    mutating func learn(_ finished: [Adjustment], at now: Timestamp) -> Bool {
        memory.learn(finished, at: now)
    }

    /// Counts the requests of blocks that were not counted before.
    mutating func count(_ blocks: [LatencyBlock], at now: Timestamp) {
        let new = blocks.filter { block in countedUntil.map { block.start >= $0 } ?? true }
        guard let last = new.last else { return }
        // What came before it was begun, or lost with a restart, is not counted twice.
        if countedUntil != nil { memory.tuner.count(requests: new.reduce(0) { $0 + $1.requests }, excessMisses: 0, at: now) }
        countedUntil = last.start.advanced(by: last.length)
    }

    /// The load now, and what of the last day's was high; `nil` where too little was seen.
    func load(_ blocks: [LatencyBlock], at now: Timestamp) -> LoadReading? {
        let recent = blocks.filter { now.since($0.start).duration <= Self.loadWindow }
        let seconds = recent.reduce(0.0) { $0 + $1.length.inSeconds }
        guard seconds > 0, let high = memory.tuner.budget.highLoad(at: now) else { return nil }
        return LoadReading(rate: Double(recent.reduce(0) { $0 + $1.requests }) / seconds, highOfDay: high)
    }

    private static let loadWindow = Duration.seconds(300)
}

extension TuningDraw {
    /// Whether something promised enough: then doing nothing is a holdout, and not for want of anything to do.
    var hasBest: Bool { !(choice == nil && propensities.probability > 0.5) }
}
