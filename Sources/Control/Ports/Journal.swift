public import FoundationEssentials
public import Learning
public import Measurements
public import Policies

/// The durable memory of the loop. What it has taken survives kill −9 and a power cut.
public protocol Journal: Sendable {
    /// What is known of a policy and its target.
    /// - Parameter since: Earlier changes, replica counts and finished adjustments may be left out.
    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory
    /// Every adjustment that is not finished, with the policy it was decided under.
    func openAdjustments() throws -> [OpenAdjustment]
    /// Takes everything or nothing, and returns only when it is on disk. An adjustment that is finished is not opened again, except that one
    /// that was kept may be taken back.
    func commit(_ entry: JournalEntry) throws
    /// What operators asked for and nobody has answered yet, oldest first.
    func requests() throws -> [OperatorRequest]
    /// An adjustment by its identifier; `nil` where there is none.
    func adjustment(_ id: UUID) throws -> Adjustment?
    /// What the closed episodes of a target say of its actions; `nil` where none is of use.
    func learned(of target: String, at now: Timestamp) throws -> LearnedEffects?
    /// What the planner of a policy's replicas had learned when it was last kept; `nil` where none was.
    func planner(of policy: String, target: String) throws -> StoredPlanner?
    /// Keeps what a planner has learned, in place of what was kept before.
    func keep(_ planner: StoredPlanner, of policy: String, target: String) throws
    /// The finished adjustments of a policy's tuned knobs, in any order; at most the newest ``StoredTuner/mostTrials``.
    func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment]
    /// What the tuner of a policy's knobs had learned when it was last kept; `nil` where none was.
    func tuner(of policy: String, target: String) throws -> StoredTuner?
    /// Keeps what a tuner has learned, in place of what was kept before.
    func keep(_ tuner: StoredTuner, of policy: String, target: String) throws
}

extension Journal {
    /// A journal that keeps no episodes has learned nothing.
    public func learned(of target: String, at now: Timestamp) throws -> LearnedEffects? { nil }
    /// A journal that lasts no longer than its loop has nothing to hand over.
    public func planner(of policy: String, target: String) throws -> StoredPlanner? { nil }
    public func keep(_ planner: StoredPlanner, of policy: String, target: String) throws {}
    public func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment] { [] }
    public func tuner(of policy: String, target: String) throws -> StoredTuner? { nil }
    public func keep(_ tuner: StoredTuner, of policy: String, target: String) throws {}
}

/// An adjustment that is not finished.
public struct OpenAdjustment: Sendable, Hashable {
    public var adjustment: Adjustment
    /// As it was at the decision; `nil` where it is not known.
    public var policy: Policy?

    public init(adjustment: Adjustment, policy: Policy?) {
        self.adjustment = adjustment
        self.policy = policy
    }
}

/// What the loop remembers of a policy.
public struct ControlMemory: Sendable, Hashable {
    public var history: ControlHistory
    /// The one adjustment of the target that is not finished, whoever's policy it belongs to.
    public var open: Adjustment?
    /// How the last adjustments the policy decided by itself ended, oldest first; without holdouts and those that got no verdict.
    public var outcomes: [AdjustmentOutcome]
    /// Since when new changes are paused; `nil` where they are not.
    public var pausedSince: Timestamp?
    /// Up to when `schedule` has been looked at.
    public var scheduleSeenThrough: Timestamp?

    public init() {
        history = ControlHistory()
        outcomes = []
    }
}

/// How an adjustment ended.
public struct AdjustmentOutcome: Sendable, Codable, Hashable {
    public var time: Timestamp
    public var state: AdjustmentState
    public var verdict: Verdict?

    public init(time: Timestamp, state: AdjustmentState, verdict: Verdict?) {
        self.time = time
        self.state = state
        self.verdict = verdict
    }
}

/// What is to be remembered as one.
public struct JournalEntry: Sendable, Hashable {
    public var policy: String
    public var time: Timestamp
    public var adjustment: Adjustment?
    public var cycle: CycleRecord?
    /// The policy a new adjustment was begun under, where no cycle tells.
    public var policyText: Policy?
    /// All trigger states of the policy.
    public var triggers: [String: TriggerState]?
    public var replicaRecommendation: ReplicaRecommendation?
    /// The change an adjustment has made; kept once however often it is given.
    public var change: PastChange?
    /// Marks the adjustment's change as undone.
    public var undoesChange = false
    public var openingEpisode: EpisodeRecord?
    public var closingEpisode: EpisodeClosure?
    public var infeasible: InfeasibleChange?
    public var pause: Pause?
    public var scheduleSeenThrough: Timestamp?
    /// Requests of operators that are hereby answered.
    public var answered: [UUID]

    public enum Pause: Sendable, Hashable {
        case begins, ends
    }

    public init(policy: String, time: Timestamp) {
        self.policy = policy
        self.time = time
        answered = []
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool {
        var blank = JournalEntry(policy: policy, time: time)
        blank.answered = []
        return self == blank
    }
}
