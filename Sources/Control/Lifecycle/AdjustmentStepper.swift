import FoundationEssentials
import Learning
import Measurements
import Policies
import Verification

/// Works out one step of an adjustment.
struct AdjustmentStepper {
    private(set) var adjustment: Adjustment
    private(set) var effect: AdjustmentStep.Effect?
    private(set) var events: [ControlEvent] = []
    private let view: AdjustmentView

    init(_ adjustment: Adjustment, _ view: AdjustmentView) {
        self.adjustment = adjustment
        self.view = view
    }

    private var now: Timestamp { view.now }
    private var change: String { "\(adjustment.knob.name) from \(adjustment.candidate.from) to \(adjustment.candidate.to)" }

    mutating func take() {
        guard adjustment.isOpen else { return takeFinal() }
        if adjustment.state == .awaitingApproval, takeAnswer() { return }
        switch view.sight {
        case .unseen(let why):
            adjustment.passTime(to: now, counting: false, settled: false)
            adjustment.lastProblem = why
        case .gone(let why): supersede(why)
        case .seen(let observation): take(observation)
        }
    }

    /// A change that was kept is still an operator's to take back.
    private mutating func takeFinal() {
        guard adjustment.state == .kept, adjustment.kind != .holdout, view.request == .rollback else { return }
        move(.rollingBack, "an operator asked for it")
        announce(.rollingBack, "taking back \(change): an operator asked for it")
    }

    private mutating func takeAnswer() -> Bool {
        switch view.request {
        case .reject, .rollback:
            reject("an operator rejected it")
        case .approve:
            move(.applying, "an operator approved it")
            return false
        case nil:
            let waited = now.since(adjustment.reached(.awaitingApproval) ?? now).duration
            guard waited >= adjustment.terms.approvalExpiry else { return false }
            reject("nobody approved it within \(FigureText.duration(adjustment.terms.approvalExpiry))")
        }
        return true
    }

    private mutating func take(_ observation: TargetObservation) {
        let relation = adjustment.relation(to: observation)
        guard relation != .replaced else { return supersede("the target was replaced by another of its name") }
        adjustment.passTime(to: now, counting: !view.doubtsMeasurements, settled: observation.rollout == .settled)
        switch adjustment.state {
        case .proposed: begin(relation)
        case .awaitingApproval: keepWaiting(relation)
        case .applying: carryForward(relation)
        case .settling: settleDown(relation, observation.rollout)
        case .observing: watch(relation, observation.rollout)
        case .rollingBack: carryBack(relation)
        case .rollbackFailed: tryAgain(relation)
        case .kept, .rolledBack, .superseded, .failed, .rejected: break
        }
    }

    // MARK: Before the change

    private mutating func begin(_ relation: Adjustment.Relation) {
        if adjustment.kind == .holdout { return beginHoldout(relation) }
        if adjustment.kind == .adopted { return adopt(relation) }
        guard isFresh(relation) else { return }
        if adjustment.terms.needsApproval, adjustment.kind == .decided {
            move(.awaitingApproval, "the policy's mode is approve")
            announce(.approvalNeeded, "\(change) waits for approval: approve \(adjustment.id.shortText)")
        } else {
            move(.applying, "the policy's mode is auto")
            effect = .apply(.forward)
        }
    }

    private mutating func beginHoldout(_ relation: Adjustment.Relation) {
        guard relation == .after else { return supersede("\(adjustment.knob.name) was changed by another") }
        move(.observing, "nothing is changed, on purpose")
        announce(.holdoutBegun, "nothing is changed, on purpose, so that effects can be told from chance")
    }

    private mutating func adopt(_ relation: Adjustment.Relation) {
        switch relation {
        case .after:
            move(.applying, "the target bears an adjustment that the store does not know")
            move(.settling, "the change is in force")
        case .before: supersede("the target bears the mark of a change that was not made, or was set back by another")
        default: supersede("the target bears the mark of a change, but holds neither its old nor its new value")
        }
    }

    /// Whether the change may still begin: the old value is in force, and the decision is not of long ago.
    private mutating func isFresh(_ relation: Adjustment.Relation) -> Bool {
        switch relation {
        case .before:
            guard now.since(adjustment.proposedAt).duration <= adjustment.terms.progressDeadline else {
                fail("the decision is older than \(FigureText.duration(adjustment.terms.progressDeadline))")
                return false
            }
            return true
        case .unreadable:
            fail("the value in force cannot be read")
            return false
        default:
            supersede("\(adjustment.knob.name) was changed by another before this change was made")
            return false
        }
    }

    private mutating func keepWaiting(_ relation: Adjustment.Relation) {
        guard case .before = relation else {
            return supersede("\(adjustment.knob.name) was changed by another while this waited for approval")
        }
    }

    // MARK: Making the change

    private mutating func carryForward(_ relation: Adjustment.Relation) {
        switch relation {
        case .after: arrive()
        case .before(let marked):
            if view.request == .rollback { return fail("an operator took it back before it was in force", unmark: marked) }
            // What lay about for long is not sent any more: the reasons for it may be gone.
            let sent = adjustment.reached(.applying) ?? now
            guard now.since(sent).duration <= adjustment.terms.progressDeadline else {
                return fail(
                    "it could not be made within \(FigureText.duration(adjustment.terms.progressDeadline)): "
                        + (adjustment.lastProblem ?? "no attempt succeeded"), unmark: marked)
            }
            guard adjustment.retryAt.map({ $0 <= now }) ?? true else { return }
            effect = .apply(.forward)
        case .sameByAnother: supersede("\(adjustment.knob.name) was set to \(adjustment.candidate.to) by another")
        case .foreign(let value): supersede("\(adjustment.knob.name) was set to \(value) by another")
        case .unreadable, .replaced: adjustment.lastProblem = "the value in force cannot be read"
        }
    }

    /// The change is in force.
    private mutating func arrive() {
        move(.settling, "the change is in force")
        announce(.adjustmentApplied, "changed \(change)")
    }

    // MARK: After the change

    private mutating func settleDown(_ relation: Adjustment.Relation, _ rollout: TargetObservation.Rollout) {
        guard stillOurs(relation) else { return }
        if view.request == .rollback { return takeBack("an operator asked for it", verdict: nil) }
        switch rollout {
        case .failed(let why): takeBack("the rollout failed: \(why)", verdict: .worsened)
        case .progressing(let why), .waitingForRoom(let why):
            guard adjustment.elapsed >= adjustment.terms.progressDeadline else { return }
            takeBack(
                "the rollout was not done within \(FigureText.duration(adjustment.terms.progressDeadline)): \(why)", verdict: .unmeasured)
        case .settled:
            guard adjustment.settled >= adjustment.terms.settle else { return }
            move(.observing, "the rollout is done and \(FigureText.duration(adjustment.terms.settle)) of settling are over")
        }
    }

    private mutating func watch(_ relation: Adjustment.Relation, _ rollout: TargetObservation.Rollout) {
        guard stillOurs(relation) else { return }
        // A holdout changed nothing that could be taken back.
        if adjustment.kind != .holdout {
            if view.request == .rollback { return takeBack("an operator asked for it", verdict: nil) }
            if case .failed(let why) = rollout { return takeBack("the target fails: \(why)", verdict: .worsened) }
        }
        guard !view.doubtsMeasurements else { return }
        takeBlocks()
        let plan = adjustment.terms.verification
        let finding = verify(.temporal(before: adjustment.before, after: adjustment.after), plan: plan)
        adjustment.finding = finding
        if let verdict = finding.verdict { return conclude(verdict, finding.explanation) }
        // Blocks may never come: without any, time itself must end the watch.
        guard adjustment.elapsed >= plan.timeLimit + plan.blockLength * 2 else { return }
        conclude(.unmeasured, "too little was measured in \(FigureText.duration(adjustment.elapsed)) to say anything")
    }

    private mutating func takeBlocks() {
        guard let start = adjustment.reached(.observing) else { return }
        let newest = adjustment.after.last?.start
        adjustment.after += view.blocks.filter { block in block.start >= start && newest.map { block.start > $0 } ?? true }
        let excess = adjustment.after.count - Self.mostBlocks
        if excess > 0 { adjustment.after.removeFirst(excess) }
    }

    private static let mostBlocks = 720

    private mutating func conclude(_ verdict: Verdict, _ explanation: String) {
        adjustment.verdict = verdict
        if adjustment.kind == .holdout {
            move(.kept, explanation)
            return announce(.holdoutEnded, "nothing was changed; compared like a change it reads: \(explanation)")
        }
        switch verdict {
        case .improved: keep(explanation)
        case .worsened, .superseded: takeBack(explanation, verdict: verdict)
        case .inconclusive, .unmeasured:
            adjustment.terms.onInconclusive == .keep ? keep(explanation) : takeBack(explanation, verdict: verdict)
        }
    }

    private mutating func keep(_ why: String) {
        move(.kept, why)
        announce(.verificationPassed, "kept \(change): \(why)")
        effect = .unmark
    }

    private mutating func takeBack(_ why: String, verdict: Verdict?) {
        adjustment.verdict = verdict
        if verdict != nil { announce(.verificationFailed, "\(change): \(why)") }
        move(.rollingBack, why)
        announce(.rollingBack, "taking back \(change): \(why)")
        effect = .apply(.back)
    }

    private mutating func stillOurs(_ relation: Adjustment.Relation) -> Bool {
        switch relation {
        case .after: return true
        case .unreadable: return true
        case .before:
            supersede("\(adjustment.knob.name) was set back to \(adjustment.candidate.from) by another")
        case .sameByAnother: supersede("\(adjustment.knob.name) was set to \(adjustment.candidate.to) by another")
        case .foreign(let value): supersede("\(adjustment.knob.name) was set to \(value) by another")
        case .replaced: supersede("the target was replaced by another of its name")
        }
        return false
    }

    // MARK: Taking the change back

    private mutating func carryBack(_ relation: Adjustment.Relation) {
        switch relation {
        case .before(let marked): arriveBack(unmark: marked)
        case .after:
            guard adjustment.retryAt.map({ $0 <= now }) ?? true else { return }
            effect = .apply(.back)
        case .sameByAnother:
            // After a change was kept its mark is off, so an operator's rollback meets its own value without one.
            guard adjustment.reached(.kept) != nil, adjustment.retryAt.map({ $0 <= now }) ?? true else {
                guard adjustment.reached(.kept) == nil else { return }
                return supersede("\(adjustment.knob.name) was set to \(adjustment.candidate.to) by another")
            }
            effect = .apply(.back)
        case .foreign(let value): supersede("\(adjustment.knob.name) was set to \(value) by another; that stands")
        case .unreadable, .replaced: adjustment.lastProblem = "the value in force cannot be read"
        }
    }

    private mutating func arriveBack(unmark: Bool) {
        let why = adjustment.history.last { $0.state == .rollingBack }?.reason ?? "it was taken back"
        move(.rolledBack, why)
        announce(.rolledBack, "\(adjustment.knob.name) is \(adjustment.candidate.from) again: \(why)")
        if unmark { effect = .unmark }
    }

    private mutating func tryAgain(_ relation: Adjustment.Relation) {
        switch relation {
        case .before(let marked): return arriveBack(unmark: marked)
        case .foreign(let value): return supersede("\(adjustment.knob.name) was set to \(value) by another; that stands")
        case .after, .sameByAnother, .unreadable, .replaced: break
        }
        guard let due = adjustment.retryAt, due <= now else { return }
        move(.rollingBack, "trying again to take it back")
        effect = .apply(.back)
    }

    // MARK: How a side effect went

    mutating func settle(_ effect: AdjustmentStep.Effect, _ failure: AdjusterError?) {
        guard let failure else {
            switch effect {
            case .apply(.forward): arrive()
            case .apply(.back): arriveBack(unmark: false)
            case .unmark: break
            }
            return
        }
        adjustment.lastProblem = failure.explanation
        guard case .apply(let direction) = effect else { return }
        direction == .forward ? settleForward(failure) : settleBack(failure)
    }

    private mutating func settleForward(_ failure: AdjusterError) {
        switch failure {
        case .unreachable, .outcomeUnknown, .fenced: break  // The next look tells.
        case .conflict(let why):
            adjustment.attempts += 1
            if adjustment.attempts >= Adjustment.mostConflicts { fail("\(adjustment.attempts) attempts met other writers: \(why)") }
        case .changedByAnother(let found, let why):
            found.map { $0.isSame(as: adjustment.candidate.to) } == true ? () : supersede(why)
        case .refused(let why):
            fail("it was refused: \(why)")
        case .gone(let why): supersede(why)
        }
    }

    private mutating func settleBack(_ failure: AdjusterError) {
        switch failure {
        case .unreachable, .outcomeUnknown, .fenced: break
        case .conflict: adjustment.attempts += 1
        case .changedByAnother(let found, let why):
            found.map { $0.isSame(as: adjustment.candidate.from) } == true ? () : supersede(why)
        case .refused(let why):
            adjustment.attempts += 1
            let attempts = adjustment.attempts
            let pause = Self.pause(afterAttempts: attempts)
            move(.rollbackFailed, "taking it back was refused: \(why)")
            adjustment.attempts = attempts
            adjustment.retryAt = now.advanced(by: pause)
            announce(.rollbackFailed, "could not take back \(change): \(why); trying again in \(FigureText.duration(pause))")
        case .gone(let why): supersede(why)
        }
    }

    /// 30 s, doubled with every attempt, at most 10 minutes.
    private static func pause(afterAttempts attempts: Int) -> Duration {
        .seconds(min(600, 30 * (1 << min(max(attempts - 1, 0), 10))))
    }

    // MARK: Ends

    private mutating func fail(_ why: String, unmark: Bool = false) {
        move(.failed, why)
        announce(.adjustmentFailed, "did not change \(change): \(why)")
        if unmark { effect = .unmark }
    }

    private mutating func reject(_ why: String) {
        move(.rejected, why)
        announce(.adjustmentRejected, "did not change \(change): \(why)")
    }

    private mutating func supersede(_ why: String) {
        if adjustment.state.mayBeInForce || adjustment.kind == .holdout { adjustment.verdict = .superseded }
        move(.superseded, why)
        announce(.externalChangeDetected, "yielding \(change): \(why)")
        effect = .unmark
    }

    private mutating func move(_ state: AdjustmentState, _ why: String) { adjustment.move(to: state, at: now, because: why) }

    private mutating func announce(_ kind: ControlEvent.Kind, _ message: String) {
        events.append(ControlEvent(kind, policy: adjustment.policy, adjustment: adjustment.id, time: now, message: message))
    }
}
