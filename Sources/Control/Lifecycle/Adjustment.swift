public import FoundationEssentials
public import Learning
public import Measurements
public import Policies
public import Verification

/// A change on its way: what is to be changed, how far it has got, and what was seen before and after.
///
/// It holds everything that is needed to finish or undo it, so that neither a restart nor an edited policy leaves it hanging.
public struct Adjustment: Sendable, Codable, Hashable, Identifiable {
    public let id: UUID
    public let policy: String
    /// The deployment under control, e.g. `llm/Deployment/chat-8b`: at most one open adjustment each.
    public let target: String
    /// Of the target the decision was made for; `nil` where targets have none.
    public let identity: String?
    public let candidate: Candidate
    public let knob: Knob
    public let kind: Kind
    /// The cycle that decided it; `nil` for what was found on a target.
    public let cycle: UUID?
    /// The triggers that asked for it.
    public let triggers: [String]
    public let terms: Terms
    /// What it was made in, where its knob is tuned; `nil` for other knobs.
    public let tuning: TuningContext?
    /// Blocks before the change, oldest first.
    public private(set) var before: [LatencyBlock]

    public private(set) var state: AdjustmentState
    /// Every transition with its reason, oldest first.
    public private(set) var history: [Transition]
    /// Steps that were dropped from the middle of ``history``.
    private var forgotten = 0
    /// Blocks after the change has settled, oldest first.
    public var after: [LatencyBlock] = []
    /// How it is tried on a part of the replicas first; `nil` where it is made everywhere at once.
    public internal(set) var trial: CanaryTrial?
    /// What the comparison says so far.
    public var finding: VerificationFinding?
    public var verdict: Verdict?
    /// Whether it was ended for more replicas that the plan asked for; `nil` where it was not.
    public var gaveWay: Bool?
    /// Time in this state during which the target could be seen.
    public var elapsed: Duration = .zero
    /// Time in this state since the rollout was seen to be done.
    public var settled: Duration = .zero
    /// Time in this state during which the measurements were doubted.
    public var doubted: Duration?
    /// When it was last looked at.
    public var lastSeen: Timestamp?
    /// Sends in this state that came to nothing.
    public var attempts = 0
    /// Not tried again before.
    public var retryAt: Timestamp?
    /// Why the last attempt came to nothing.
    public var lastProblem: String?

    public enum Kind: String, Sendable, Codable, Hashable {
        /// Decided by the policy.
        case decided
        /// Asked for by an operator with `cycle --force`.
        case forced
        /// Replicas as planned; neither drawn by lot nor judged afterwards.
        case planned
        /// Drawn by the tuner; always tried on a part of the replicas first.
        case tuned
        /// A deliberate no-op, measured like a change.
        case holdout
        /// Found on a target by the mark it bears, unknown to the store.
        case adopted

        /// Whether the policy asked for a change by itself.
        var isOfPolicy: Bool { self == .decided || self == .planned || self == .tuned }
    }

    /// One step of the lifecycle.
    public struct Transition: Sendable, Codable, Hashable {
        public var state: AdjustmentState
        public var time: Timestamp
        public var reason: String
    }

    /// What the policy said when this was decided.
    public struct Terms: Sendable, Codable, Hashable {
        public var verification: VerificationPlan
        public var settle: Duration
        public var onInconclusive: Policy.Verification.OnInconclusive
        public var needsApproval: Bool
        /// How long an operator may think about it.
        public var approvalExpiry: Duration
        /// How long a rollout may take, and how old a decision may be when it is carried out.
        public var progressDeadline: Duration
        /// Time between two looks; longer silences do not count as time watched.
        public var interval: Duration

        public init(_ policy: Policy, verification: VerificationPlan) {
            self.verification = verification
            settle = policy.verify.settle
            onInconclusive = policy.verify.onInconclusive
            needsApproval = policy.mode == .approve
            approvalExpiry = .seconds(3_600)
            progressDeadline = .seconds(600)
            interval = policy.monitor.interval
        }
    }

    public init(
        id: UUID, policy: String, target: String, identity: String?, candidate: Candidate, knob: Knob, kind: Kind, cycle: UUID?,
        triggers: [String], terms: Terms, before: [LatencyBlock], trial: CanaryTrial? = nil, tuning: TuningContext? = nil,
        proposedAt: Timestamp, reason: String
    ) {
        self.id = id
        self.policy = policy
        self.target = target
        self.identity = identity
        self.candidate = candidate
        self.knob = knob
        self.kind = kind
        self.cycle = cycle
        self.triggers = triggers
        self.terms = terms
        self.before = before
        self.trial = trial
        self.tuning = tuning
        state = .proposed
        history = [Transition(state: .proposed, time: proposedAt, reason: reason)]
        lastSeen = proposedAt
    }

    public var isOpen: Bool { !state.isFinal }
    public var proposedAt: Timestamp { history[0].time }
    /// The newest transition's reason.
    public var reason: String { history[history.count - 1].reason }

    /// When it first reached a state; `nil` where it did not.
    public func reached(_ state: AdjustmentState) -> Timestamp? { history.first { $0.state == state }?.time }

    /// Takes the next step of the lifecycle; the counters of the state begin anew.
    mutating func move(to next: AdjustmentState, at time: Timestamp, because reason: String) {
        precondition(state.successors.contains(next), "an adjustment does not go from \(state) to \(next)")
        // A rollback that fails for days is one line with its newest reason, not a line an hour.
        if history.count >= Self.longestHistory {
            history.remove(at: history.count / 2)
            forgotten += 1
        }
        history.append(Transition(state: next, time: time, reason: reason))
        state = next
        elapsed = .zero
        settled = .zero
        doubted = nil
        lastSeen = time
        if next != .rollingBack || history[history.count - 2].state != .rollbackFailed { attempts = 0 }
        retryAt = nil
    }

    private static let longestHistory = 64

    /// The states that were reached since an earlier version of this adjustment; all, without one.
    func statesReached(since earlier: Adjustment?) -> [AdjustmentState] {
        let steps = earlier.map { history.count + forgotten - $0.history.count - $0.forgotten } ?? history.count
        return history.suffix(max(0, steps)).map(\.state)
    }

    /// Lets time pass. A silence longer than three looks, a clock that went back and a target that cannot be seen do not count.
    mutating func passTime(to now: Timestamp, _ attention: Attention) {
        let longest = terms.interval * 3
        let passed = lastSeen.map { min(max(.zero, now.since($0).duration), longest) } ?? .zero
        lastSeen = now
        switch attention {
        case .unseen: break
        case .doubted: doubted = (doubted ?? .zero) + passed
        case .seen(let isSettled):
            elapsed += passed
            settled = isSettled ? settled + passed : .zero
        }
    }

    /// How time passes.
    enum Attention {
        case unseen
        /// The target is seen, but what is measured is not believed.
        case doubted
        case seen(settled: Bool)
    }

    /// Without the single blocks: what is over is told by its finding and its episode.
    public var withoutBlocks: Adjustment {
        var copy = self
        copy.before = []
        copy.after = []
        copy.trial?.close(objective: tuning?.objective)
        return copy
    }
}
