import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// Finds out whether a target can take a canary at all, from what was read of it.
struct CanaryRefusal {
    let order: CanaryOrder
    let live: LiveCanary
    let owners: ForeignOwners
    let budgets: [DocumentValue]

    private var target: DocumentValue { live.target }
    private var title: String { live.title }
    private var knob: Knob { order.change.knob }

    /// - Throws: `.refused` with the cure, or `.conflict` where it may be otherwise the next time.
    func check() throws(AdjusterError) {
        try CanaryRefusal.checkChange(order.change)
        for why in [kind, replicas, owner, strategy, labels, budget] {
            if let why { throw .refused(why) }
        }
        if let why = busy { throw .conflict(why) }
    }

    /// - Throws: `.refused` for a change that two groups cannot differ by.
    static func checkChange(_ change: ChangeOrder) throws(AdjusterError) {
        let knob = change.knob
        guard change.direction == .forward, !change.from.isSame(as: change.to) else {
            throw .refused("a canary tries a change forward, from one value of \(knob.name) to another")
        }
        switch knob.place {
        case .containerArgument, .environment, .resource: return
        case .field(let pointer) where pointer.hasPrefix(DocumentValue.templatePointer): return
        case .configMapKey(let name, _):
            throw .refused(
                "\(knob.name) is a key of ConfigMap \(name), which all pods share, so no group can have a value of its own; "
                    + "give it as an argument or a variable of the container to try it in a canary")
        case .replicas, .field, .parameter:
            throw .refused("\(knob.name) is no setting of single pods, so no group can have a value of its own")
        }
    }

    // MARK: What stays so until somebody changes it

    private var kind: String? {
        guard target.text("apiVersion") == "apps/v1", ["Deployment", "StatefulSet"].contains(target.text("kind")) else {
            return "\(title) is neither a Deployment nor a StatefulSet of apps/v1, so no canary can be carried out on it"
        }
        return nil
    }

    private var replicas: String? {
        guard let most = CanaryOrder.podsPerGroup(of: live.replicas) else {
            return "\(title) has \(live.replicas) replicas, and a canary takes at least \(CanaryOrder.fewestReplicas)"
        }
        guard (1...most).contains(order.podsPerGroup) else {
            return "groups of \(order.podsPerGroup) are not between 1 and \(most), a quarter of the \(live.replicas) replicas of \(title)"
        }
        return nil
    }

    private var owner: String? {
        owners.anyone.map { "\($0) is in charge of \(title) and would set replicas or pods of its own; take it away for the canary" }
    }

    private var strategy: String? {
        if let why = live.main.holdsPodsBack { return why }
        if target.text("spec", "strategy", "type") == "Recreate" {
            return "\(title) stops all pods before it starts new ones (strategy Recreate), so it is not meant to run two settings at a time"
        }
        if !live.isDeployment, live.partition != 0 {
            return "\(title) has an update partition of \(live.partition) already: somebody else is rolling it out in steps"
        }
        return nil
    }

    private var labels: String? {
        guard live.isDeployment else { return nil }
        if target["spec"]?["template"]?["metadata"]?["labels"]?[CanaryGroup.label] != nil {
            return "the pod template of \(title) has the label \(CanaryGroup.label), by which the groups are to be told apart"
        }
        let name = target.text("metadata", "name") ?? ""
        let isTooLong = name.utf8.count + "-\(CanaryGroup.control.rawValue)".utf8.count > 253
        return isTooLong ? "the name of \(title) leaves no room for the names of its groups" : nil
    }

    /// While groups are made and taken away, as many pods may be missing as a group has.
    private var budget: String? {
        let labels = target["spec"]?["template"]?["metadata"]?["labels"]
        guard let strictest = DisruptionAllowance(budgets, labels: labels, replicas: live.replicas).strictest,
            strictest.pods < order.podsPerGroup
        else { return nil }
        return "\(strictest.budget) lets \(max(0, strictest.pods)) of the \(live.replicas) pods of \(title) be missing, "
            + "and \(order.podsPerGroup) may be while a group restarts"
    }

    // MARK: What passes

    private var busy: String? {
        if let left = live.groups.values.first { return "\(left.objectTitle(ofKind: "Deployment")) is left of another canary" }
        if let mark = live.main.mark?.mark, mark.adjustment != order.change.adjustment {
            return "adjustment \(mark.adjustment.text) of \(title) is not finished"
        }
        guard live.rolloutOfTarget == .settled else { return "the rollout of \(title) is not done: \(live.rolloutOfTarget.sentence)" }
        return nil
    }
}

extension TargetObservation.Rollout {
    /// What is told of it, for messages.
    var sentence: String {
        switch self {
        case .settled: "everything runs with the settings in force"
        case .progressing(let why), .waitingForRoom(let why), .failed(let why): why
        }
    }
}
