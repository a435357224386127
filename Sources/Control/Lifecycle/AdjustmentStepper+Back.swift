import FoundationEssentials
import Learning
import Measurements
import Policies

/// Taking a change back.
extension AdjustmentStepper {
    mutating func carryBack(_ relation: Adjustment.Relation) {
        switch relation {
        case .before(let marked): arriveBack(unmark: marked)
        case .setBack: arriveBack(unmark: true)
        case .after:
            guard mayTryAgain else { return }
            effect = .apply(.back)
        case .sameByAnother:
            // After a change was kept its mark is off, so an operator's rollback meets its own value without one.
            guard adjustment.reached(.kept) != nil, mayTryAgain else {
                guard adjustment.reached(.kept) == nil else { return }
                return supersede("\(adjustment.knob.name) was set to \(adjustment.candidate.to) by another")
            }
            effect = .apply(.back)
        case .foreign(let value): supersede("\(adjustment.knob.name) was set to \(value) by another; that stands")
        case .unreadable, .replaced: adjustment.lastProblem = "the value in force cannot be read"
        }
    }

    mutating func arriveBack(unmark: Bool) {
        let why = adjustment.history.last { $0.state == .rollingBack }?.reason ?? "it was taken back"
        move(.rolledBack, why)
        announce(.rolledBack, "\(adjustment.knob.name) is \(adjustment.candidate.from) again: \(why)")
        if unmark { effect = .unmark }
    }

    mutating func tryAgain(_ relation: Adjustment.Relation) {
        switch relation {
        case .before(let marked): return arriveBack(unmark: marked)
        case .setBack: return arriveBack(unmark: true)
        case .foreign(let value): return supersede("\(adjustment.knob.name) was set to \(value) by another; that stands")
        case .after, .sameByAnother, .unreadable, .replaced: break
        }
        guard mayTryAgain else { return }
        move(.rollingBack, "trying again to take it back")
        effect = .apply(.back)
    }
}
