import FoundationEssentials
import Learning
import Measurements
import Policies

/// How a side effect went.
extension AdjustmentStepper {
    mutating func settle(_ effect: AdjustmentStep.Effect, _ failure: AdjusterError?) {
        guard let failure else {
            switch effect {
            case .apply(.forward): arrive()
            case .apply(.back):
                // Groups that are still there are taken away before it is over; the next look tells.
                if adjustment.trial?.isUnderWay(in: adjustment.state) != true { arriveBack(unmark: false) }
            case .unmark, .canary: break  // How far a canary has got is told by the next look.
            }
            return
        }
        adjustment.lastProblem = failure.explanation
        if case .canary(let action) = effect { return settleTrial(action, failure) }
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
        case .refused(let why): failToTakeBack(why)
        case .gone(let why): supersede(why)
        }
    }

    mutating func failToTakeBack(_ why: String) {
        adjustment.attempts += 1
        let attempts = adjustment.attempts
        let pause = Self.pause(afterAttempts: attempts)
        move(.rollbackFailed, "taking it back was refused: \(why)")
        adjustment.attempts = attempts
        adjustment.retryAt = now.advanced(by: pause)
        announce(.rollbackFailed, "could not take back \(change): \(why); trying again in \(FigureText.duration(pause))")
    }

    /// 30 s, doubled with every attempt, at most 10 minutes.
    private static func pause(afterAttempts attempts: Int) -> Duration {
        .seconds(min(600, 30 * (1 << min(max(attempts - 1, 0), 10))))
    }
}
