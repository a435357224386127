import FoundationEssentials
import Learning
import Measurements
import Policies

/// Up to the change: whether it may begin, and making it.
extension AdjustmentStepper {
    mutating func begin(_ relation: Adjustment.Relation) {
        if adjustment.kind == .holdout { return beginHoldout(relation) }
        if adjustment.kind == .adopted { return adopt(relation) }
        guard isFresh(relation) else { return }
        if adjustment.terms.needsApproval, adjustment.kind.isOfPolicy {
            move(.awaitingApproval, "the policy's mode is approve")
            announce(.approvalNeeded, "\(change) waits for approval: approve \(adjustment.id.shortText)")
        } else {
            start("the policy's mode is auto")
            effect = adjustment.trial == nil ? .apply(.forward) : .canary(.prepare)
        }
    }

    /// Nothing stands against it any more.
    mutating func start(_ why: String) {
        guard let trial = adjustment.trial else { return move(.applying, why) }
        move(.comparing, why)
        announce(.canaryBegun, "trying \(change) on a part of the replicas first: \(trial.announcement)")
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
        case .before, .setBack: supersede("the target bears the mark of a change that was not made, or was set back by another")
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

    mutating func keepWaiting(_ relation: Adjustment.Relation) {
        switch relation {
        case .before: break
        case .unreadable: adjustment.lastProblem = "the value in force cannot be read"
        case .after, .sameByAnother, .setBack, .foreign, .replaced:
            supersede("\(adjustment.knob.name) was changed by another while this waited for approval")
        }
    }

    mutating func carryForward(_ relation: Adjustment.Relation) {
        switch relation {
        case .after: arrive()
        case .before(let marked):
            if view.request == .rollback { return fail("an operator took it back before it was in force", unmark: marked) }
            // What lay about for long is not sent any more: the reasons for it may be gone.
            let sent = adjustment.reached(.applying) ?? now
            // The time watched counts too: the clock may have been set back.
            guard max(now.since(sent).duration, adjustment.elapsed) <= adjustment.terms.progressDeadline else {
                return fail(
                    "it could not be made within \(FigureText.duration(adjustment.terms.progressDeadline)): "
                        + (adjustment.lastProblem ?? "no attempt succeeded"), unmark: marked)
            }
            guard mayTryAgain else { return }
            effect = .apply(.forward)
        case .setBack: supersede("\(adjustment.knob.name) was set back to \(adjustment.candidate.from) by another")
        case .sameByAnother: supersede("\(adjustment.knob.name) was set to \(adjustment.candidate.to) by another")
        case .foreign(let value): supersede("\(adjustment.knob.name) was set to \(value) by another")
        case .unreadable, .replaced: adjustment.lastProblem = "the value in force cannot be read"
        }
    }

    /// The change is in force.
    mutating func arrive() {
        move(.settling, "the change is in force")
        announce(.adjustmentApplied, "changed \(change)")
    }
}
