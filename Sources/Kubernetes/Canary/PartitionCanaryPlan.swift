import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// A canary at a StatefulSet: an update partition, so that only the pods of the highest ordinals take up the change. As many below them are
/// the control group; no pod is made or taken away, and nothing restarts for the A/A period.
struct PartitionCanaryPlan: CanaryPlan {
    let context: CanaryContext

    private var live: LiveCanary { context.live }

    /// The ordinal from which pods belong to the canary group.
    static func partition(_ live: LiveCanary, _ mark: CanaryMark) -> Int { live.firstOrdinal + mark.replicas - mark.podsPerGroup }

    func next(_ verb: CanaryVerb) throws(AdjusterError) -> CanaryWrite? {
        switch verb {
        case .prepare(let order):
            guard live.isMarked else { return try context.mark(context.newRecord(order)) }
            _ = try context.record(of: order)
            return nil
        case .apply(let order): return try apply(order)
        case .promote(let order): return try promote(order)
        case .remove(let experiment): return try remove(experiment)
        }
    }

    /// Change and partition in one step: without the partition, the change would reach every pod.
    private func apply(_ order: CanaryOrder) throws(AdjusterError) -> CanaryWrite? {
        let record = try context.record(of: order)
        guard record.mark.stage == .prepared else { return nil }
        var change = order.change
        change.fence = context.fence
        let steps =
            context.markSteps(record.with(.applied), setsFence: false) + partitionSteps(Self.partition(live, record.mark))
        guard case .patch(let patch)? = try AdjustmentPlan(order: change, live: live.main, writer: context.writer).firstWrite() else {
            throw .changedByAnother(found: order.change.to, "\(order.change.knob.name) of \(live.title) is \(order.change.to) already")
        }
        return .patch(patch.adding(steps))
    }

    private func promote(_ order: CanaryOrder) throws(AdjusterError) -> CanaryWrite? {
        let record = try context.record(of: order)
        switch record.mark.stage {
        case .prepared: throw .conflict("the change has not been tried in the canary of \(live.title) yet")
        case .applied: return try context.mark(record.with(.promoted), partitionSteps(0))
        case .promoted, .removing: return nil
        }
    }

    /// Value, partition and mark in one step, so that there is nothing in between.
    private func remove(_ experiment: UUID?) throws(AdjusterError) -> CanaryWrite? {
        guard live.isMarked, let record = live.record else { return try removeForgotten() }
        guard experiment == nil || record.mark.experiment == experiment else { return nil }
        let mark = record.mark
        let isPartitioned = live.partition != 0 && live.partition == Self.partition(live, mark)
        let steps = context.markSteps(nil, setsFence: false) + (isPartitioned ? partitionSteps(0) : [])
        if !mark.keepsChange, live.main.mark?.mark.adjustment == mark.experiment {
            do throws(AdjusterError) {
                if case .patch(let patch)? = try takingBack(mark) { return .patch(patch.adding(steps, changesValue: isPartitioned)) }
            } catch {
                guard case .changedByAnother = error else { throw error }  // Theirs stands, and goes everywhere.
            }
        }
        return try context.mark(nil, isPartitioned ? partitionSteps(0) : [])
    }

    private func takingBack(_ mark: CanaryMark) throws(AdjusterError) -> CanaryWrite? {
        guard let knob = context.knobs.first(where: { $0.name == mark.knob }) else {
            throw .refused(
                "the canary of \(live.title) changed the knob '\(mark.knob)', which the policy has no more, so it cannot be taken back; "
                    + "put the knob back into the policy")
        }
        let order = ChangeOrder(
            adjustment: mark.experiment, policy: mark.policy, direction: .back, knob: knob, from: mark.to, to: mark.from,
            identity: live.main.identity, fence: context.fence)
        return try AdjustmentPlan(order: order, live: live.main, writer: context.writer).firstWrite()
    }

    /// Takes back a partition whose mark somebody took off, with the change that it kept from the other pods.
    private func removeForgotten() throws(AdjusterError) -> CanaryWrite? {
        guard live.hasForgottenPartition else { return nil }
        let partition = CanaryWrite.patch(try GuardedPatch(live.target, at: context.writer.path, partitionSteps(0)))
        guard let order = try forgottenChange() else { return partition }
        guard live.main.stated(order.knob)?.value.isSame(as: order.from) == true else { return partition }  // Theirs stands.
        let isOurs = live.main.mark?.mark.adjustment == order.adjustment
        guard isOurs || order.knob.place.managedPaths.contains(where: FieldOwners(live.target).isOursAlone) else {
            throw .refused(byHand("\(order.knob.name) is \(order.from), as this controller had set it, and somebody else sets it too"))
        }
        guard case .patch(let patch)? = try AdjustmentPlan(order: order, live: live.main, writer: context.writer).firstWrite() else {
            return partition
        }
        return .patch(patch.adding(partitionSteps(0), changesValue: true))
    }

    /// What takes the change back, by the mark of the adjustment or by what the store knows of it.
    private func forgottenChange() throws(AdjusterError) -> ChangeOrder? {
        if let mark = live.main.mark?.mark {
            guard let knob = context.knobs.first(where: { $0.name == mark.knob }) else {
                throw .refused(byHand("the policy has no knob '\(mark.knob)' any more"))
            }
            return back(mark.adjustment, mark.policy, knob, mark.from, mark.to)
        }
        guard let change = context.change else {
            throw .refused(byHand("somebody took off the marks that say what it tried"))
        }
        return back(change.adjustment, change.policy, change.knob, change.from, change.to)
    }

    private func back(_ adjustment: UUID, _ policy: String, _ knob: Knob, _ from: KnobValue, _ to: KnobValue) -> ChangeOrder {
        ChangeOrder(
            adjustment: adjustment, policy: policy, direction: .back, knob: knob, from: to, to: from, identity: live.main.identity,
            fence: context.fence)
    }

    private func byHand(_ why: String) -> String {
        "\(live.forgottenPartition) is left of a canary of this controller, and what it keeps from the other pods cannot be taken back: \(why). "
            + "Set the pod template as it is to be for all pods, and then the partition to 0"
    }

    private func partitionSteps(_ partition: Int) -> [PatchStep] {
        let place = "/spec/updateStrategy/rollingUpdate"
        let value = DocumentValue.integer(Int64(partition))
        let strategy = live.target["spec"]?["updateStrategy"]?["rollingUpdate"]
        guard let strategy, !strategy.isNull else { return [.add(place, .members(["partition": value]))] }
        guard let old = strategy["partition"] else { return [.add("\(place)/partition", value)] }
        return [.test("\(place)/partition", old), .replace("\(place)/partition", value)]
    }
}

extension AdjustmentPlan {
    /// The next write as one of a canary; `nil` where nothing is left to do.
    func firstWrite() throws(AdjusterError) -> CanaryWrite? { try writes().first.map { .patch($0) } }
}
