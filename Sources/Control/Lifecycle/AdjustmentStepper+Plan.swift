import FoundationEssentials
import Learning
import Measurements
import Policies

/// Planned replicas: there is nothing to compare, for the plan itself takes back what is not needed.
extension AdjustmentStepper {
    /// Keeps planned replicas once the target has taken them; fewer are taken at once, whatever becomes of the rest.
    /// - Returns: Whether that is done. Otherwise pods are still coming, or will not come.
    mutating func isPlanTaken(_ rollout: TargetObservation.Rollout) -> Bool {
        if rollout == .settled {
            keepPlan("the target runs as planned")
        } else if adjustment.candidate.step < 0 {
            keepPlan("the target takes fewer replicas")
        } else {
            return false
        }
        return true
    }

    mutating func keepPlan(_ why: String) {
        move(.kept, why)
        effect = .unmark
    }

    /// The plan has gone on to another number while this one was coming, or was being asked for.
    mutating func giveWay(to replicas: KnobValue) {
        if adjustment.state == .settling {
            keepPlan("the plan went on to \(replicas)")
        } else {
            supersede("the plan is \(replicas) by now")
        }
    }
}

extension Adjustment {
    /// Ends planned replicas for a newer plan. Pure.
    func givingWay(to replicas: KnobValue, at now: Timestamp) -> AdjustmentStep {
        var next = AdjustmentStepper(self, AdjustmentView(now: now, sight: .unseen("")))
        next.giveWay(to: replicas)
        return AdjustmentStep(adjustment: next.adjustment, effect: next.effect, events: next.events)
    }
}
