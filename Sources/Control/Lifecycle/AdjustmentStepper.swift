import FoundationEssentials
import Learning
import Measurements
import Policies
import Verification

/// Works out one step of an adjustment.
struct AdjustmentStepper {
    var adjustment: Adjustment
    var effect: AdjustmentStep.Effect?
    private(set) var events: [ControlEvent] = []
    let view: AdjustmentView

    init(_ adjustment: Adjustment, _ view: AdjustmentView) {
        self.adjustment = adjustment
        self.view = view
    }

    var now: Timestamp { view.now }

    /// Doubt that does not end is not believed for ever: a fleet may really be in trouble.
    var isDoubtful: Bool {
        view.doubtsMeasurements && (adjustment.doubted ?? .zero) < adjustment.terms.progressDeadline
    }

    /// Whether the pause after an attempt is over. None is longer than ``longestPause``: the clock was set back then.
    var mayTryAgain: Bool {
        adjustment.retryAt.map { $0 <= now || $0.since(now).duration > Self.longestPause } ?? true
    }

    static let longestPause = Duration.seconds(600)

    var change: String { "\(adjustment.knob.name) from \(adjustment.candidate.from) to \(adjustment.candidate.to)" }

    mutating func take() {
        guard adjustment.isOpen else { return takeFinal() }
        if adjustment.state == .awaitingApproval, takeAnswer() { return }
        switch view.sight {
        case .unseen(let why):
            adjustment.passTime(to: now, .unseen)
            adjustment.lastProblem = why
            // What its groups do cannot be told from what the others do.
            if adjustment.trial?.isUnderWay(in: adjustment.state) == true { return }
            switch adjustment.state {
            case .settling: settleUnseen(why)
            case .observing: watchUnseen(why)
            case .probation: watchProbationUnseen(why)
            default: break
            }
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
            start("an operator approved it")
            return false
        case nil:
            let start = adjustment.reached(.awaitingApproval) ?? now
            // A start in the future: the clock was set back, and how long it has waited is not known.
            if start.since(now).duration > Self.longestPause {
                reject("the clock was set back while it waited for approval")
                return true
            }
            guard now.since(start).duration >= adjustment.terms.approvalExpiry else { return false }
            reject("nobody approved it within \(FigureText.duration(adjustment.terms.approvalExpiry))")
        }
        return true
    }

    private mutating func take(_ observation: TargetObservation) {
        let relation = adjustment.relation(to: observation)
        guard relation != .replaced else { return supersede("the target was replaced by another of its name") }
        if let trial = adjustment.trial, trial.isUnderWay(in: adjustment.state) { return takeTrial(trial, relation) }
        adjustment.passTime(to: now, isDoubtful ? .doubted : .seen(settled: observation.rollout == .settled))
        switch adjustment.state {
        case .proposed: begin(relation)
        case .awaitingApproval: keepWaiting(relation)
        case .applying: carryForward(relation)
        case .settling: settleDown(relation, observation.rollout)
        case .observing: watch(relation, observation.rollout)
        case .probation: watchProbation(relation, observation.rollout)
        case .comparing, .promoting: preconditionFailure("\(adjustment.state) without a trial")
        case .rollingBack: carryBack(relation)
        case .rollbackFailed: tryAgain(relation)
        case .kept, .rolledBack, .superseded, .failed, .rejected: break
        }
    }

    // MARK: Ends

    mutating func fail(_ why: String, unmark: Bool = false) {
        move(.failed, why)
        announce(.adjustmentFailed, "did not change \(change): \(why)")
        if unmark { effect = .unmark }
    }

    mutating func reject(_ why: String) {
        move(.rejected, why)
        announce(.adjustmentRejected, "did not change \(change): \(why)")
    }

    mutating func supersede(_ why: String) {
        if adjustment.state.mayBeInForce || adjustment.kind == .holdout { adjustment.verdict = .superseded }
        move(.superseded, why)
        announce(.externalChangeDetected, "yielding \(change): \(why)")
        effect = .unmark
    }

    mutating func move(_ state: AdjustmentState, _ why: String) { adjustment.move(to: state, at: now, because: why) }

    mutating func announce(_ kind: ControlEvent.Kind, _ message: String) {
        events.append(ControlEvent(kind, policy: adjustment.policy, adjustment: adjustment.id, time: now, message: message))
    }
}
