import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// A canary at a Deployment: two more Deployments, and so many replicas fewer in the target.
struct DeploymentCanaryPlan: CanaryPlan {
    let context: CanaryContext

    private var live: LiveCanary { context.live }
    private var title: String { context.title }
    private var target: Policy.KubernetesTarget { context.writer.target }

    func next(_ verb: CanaryVerb) throws(AdjusterError) -> CanaryWrite? {
        switch verb {
        case .prepare(let order): try prepare(order)
        case .apply(let order): try apply(order)
        case .promote(let order): try promote(order)
        case .remove(let experiment): try remove(experiment)
        }
    }

    // MARK: Making the groups

    private func prepare(_ order: CanaryOrder) throws(AdjusterError) -> CanaryWrite? {
        guard live.isMarked else { return try context.mark(context.newRecord(order)) }
        let record = try context.record(of: order)
        guard record.mark.stage == .prepared else { return nil }
        for group in [CanaryGroup.control, .canary] {
            guard let found = live.groups[group] else { return create(group, record) }
            if found.isBeingDeleted { return nil }
            if !live.isOurs(found) { return delete(found, group) }
        }
        return try reduce(record)
    }

    private func create(_ group: CanaryGroup, _ record: CanaryRecord) -> CanaryWrite {
        .create(group.deployment(beside: live.main, record, fence: context.fence), in: CanaryGroup.collection(of: target))
    }

    /// The target gives its replicas away once the groups can serve in their place, so that none are missing; where there is no room for
    /// both, a group's worth at a time.
    private func reduce(_ record: CanaryRecord) throws(AdjusterError) -> CanaryWrite? {
        let mark = record.mark
        let ready = live.readyInGroups
        let lacksRoom = CanaryGroup.allCases.contains { group in
            guard let found = live.standing(group), case .waitingForRoom = live.rollout(of: found, group) else { return false }
            return true
        }
        let wanted =
            ready >= 2 * mark.podsPerGroup
            ? record.replicasBeside
            : lacksRoom ? max(record.replicasBeside, mark.replicas - mark.podsPerGroup - ready) : record.replicasLeft
        guard wanted < record.replicasLeft else { return nil }
        return try context.mark(record.with(.prepared, replicasLeft: wanted), replicas: wanted)
    }

    // MARK: Changing

    private func apply(_ order: CanaryOrder) throws(AdjusterError) -> CanaryWrite? {
        let record = try context.record(of: order)
        switch record.mark.stage {
        case .promoted, .removing: return nil
        case .prepared:
            guard record.replicasLeft == record.replicasBeside else { throw .conflict("the groups of \(title) are not made yet") }
            return try context.mark(record.with(.applied))
        case .applied:
            guard let canary = live.standing(.canary) else { return nil }
            var change = order.change
            change.identity = canary.text("metadata", "uid")
            return try write(change, LiveTarget(canary), at: .canary)
        }
    }

    private func promote(_ order: CanaryOrder) throws(AdjusterError) -> CanaryWrite? {
        let record = try context.record(of: order)
        switch record.mark.stage {
        case .prepared: throw .conflict("the change has not been tried in the canary of \(title) yet")
        case .removing: return nil
        case .applied: return try context.mark(record.with(.promoted))
        case .promoted: return try write(order.change, live.main, at: nil)
        }
    }

    /// The change itself, as a change of any other target is made.
    private func write(_ change: ChangeOrder, _ object: LiveTarget, at group: CanaryGroup?) throws(AdjusterError) -> CanaryWrite? {
        var holder = target
        if let group { holder.name = group.name(beside: target) }
        var order = change
        order.fence = context.fence
        let writer: RequestWriter
        do throws(NoPatch) { writer = try RequestWriter(holder, byPosition: true) } catch { throw .refused(error.description) }
        return try AdjustmentPlan(order: order, live: object, writer: writer).firstWrite()
    }

    // MARK: Taking away

    private func remove(_ experiment: UUID?) throws(AdjusterError) -> CanaryWrite? {
        guard let record = live.record, experiment == nil || record.mark.experiment == experiment || !live.isMarked else {
            return deleteStrays()
        }
        if !live.isMarked || record.mark.stage != .removing {
            // The replicas are given back where they are as they were left; who scaled the target meanwhile meant it.
            let isOurs = live.replicas == record.replicasLeft
            return try context.mark(
                record.with(.removing, replicasLeft: record.mark.replicas), replicas: isOurs ? record.mark.replicas : nil)
        }
        if let stray = deleteStrays() { return stray }
        if let write = deleteGroups(record.mark) { return write }
        return live.groups.isEmpty ? try context.mark(nil) : nil
    }

    /// First the group whose settings are not to stay; then, when the target serves for it, the other one.
    private func deleteGroups(_ mark: CanaryMark) -> CanaryWrite? {
        // A change that had come to all and was taken back since does not stay either.
        let knob = context.knobs.first { $0.name == mark.knob }
        let isInForce = knob.flatMap(live.main.stated)?.value.isSame(as: mark.to) ?? true
        let order: [CanaryGroup] = mark.keepsChange && isInForce ? [.control, .canary] : [.canary, .control]
        if let first = live.standing(order[0]) { return delete(first, order[0]) }
        guard let second = live.standing(order[1]), live.target.isObserved, live.available >= live.replicas - mark.podsPerGroup else {
            return nil
        }
        return delete(second, order[1])
    }

    /// Groups of no experiment, or of one that the target does not bear: requests that came late have made them.
    private func deleteStrays() -> CanaryWrite? {
        for (group, found) in live.groups.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where !found.isBeingDeleted && !(live.isMarked && live.isOurs(found)) {
            return delete(found, group)
        }
        return nil
    }

    private func delete(_ found: DocumentValue, _ group: CanaryGroup) -> CanaryWrite {
        .delete(found, at: group.path(beside: target))
    }
}
