import Control
import Documents
import Learning
import Policies

/// Finds what somebody else did to a target or a group while a canary is under way.
struct CanaryInterference {
    let live: LiveCanary
    let record: CanaryRecord
    /// The one the experiment is about; `nil` where nobody knows it any more, and a change of the pod template cannot be told then.
    let knob: Knob?

    /// A sentence; `nil` where nobody interfered.
    var sentence: String? {
        guard record.mark.stage != .removing else { return nil }
        return ofTarget ?? ofValue ?? (live.isDeployment ? ofGroups : ofPartition)
    }

    private var title: String { live.title }

    private var ofTarget: String? {
        if live.replicas != record.replicasLeft {
            return "\(title) was scaled to \(live.replicas) by another; the canary had left it at \(record.replicasLeft)"
        }
        guard let knob, TemplateFingerprint(of: live.target, ignoring: knob).text != record.template else { return nil }
        return "the pod template of \(title) was changed by another"
    }

    /// The knob's own setting, which the fingerprint leaves out.
    private var ofValue: String? {
        guard let knob, let found = live.main.stated(knob)?.value else { return nil }
        let mark = record.mark
        let isSet = !live.isDeployment && mark.stage == .applied || mark.stage == .promoted
        // A promotion is the write after its mark.
        let expected = isSet ? (live.isDeployment ? [mark.from, mark.to] : [mark.to]) : [mark.from]
        if expected.contains(where: found.isSame) { return nil }
        return "\(mark.knob) of \(title) was set to \(found) by another"
    }

    private var ofGroups: String? {
        for group in CanaryGroup.allCases {
            guard let found = live.standing(group) else {
                // Before the target gives replicas away, a group that is not there has not been made yet.
                if record.replicasLeft == record.mark.replicas { continue }
                return "the \(group.rawValue) group of \(title) was deleted by another"
            }
            if found.integer("spec", "replicas") != Int64(record.mark.podsPerGroup) {
                return "the \(group.rawValue) group of \(title) was scaled by another"
            }
            if let stranger = FieldOwners(found).stranger(in: "f:spec") {
                return "the \(group.rawValue) group of \(title) was changed by '\(stranger)'"
            }
        }
        return nil
    }

    private var ofPartition: String? {
        let expected = record.mark.stage == .applied ? PartitionCanaryPlan.partition(live, record.mark) : 0
        guard live.partition == expected else {
            return "the update partition of \(title) was set to \(live.partition) by another; the canary had left it at \(expected)"
        }
        return nil
    }
}
