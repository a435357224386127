import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// What both kinds of plans need.
struct CanaryContext {
    let live: LiveCanary
    let writer: RequestWriter
    let fence: FencingToken
    /// As known to the adjuster, for experiments that nobody remembers.
    let knobs: [Knob]
    /// What the experiment tries, where its adjustment is known.
    var change: ChangeOrder?

    var title: String { live.title }

    /// The record of an order's experiment.
    /// - Throws: `.conflict` where there is none, `.changedByAnother` where it is being taken away or somebody interferes.
    func record(of order: CanaryOrder) throws(AdjusterError) -> CanaryRecord {
        let id = order.change.adjustment.text
        guard live.isMarked, let record = live.record else { throw .conflict("\(title) bears no canary; it has to be prepared first") }
        guard record.isOf(order) else {
            throw .conflict("canary \(record.mark.experiment.text) of \(title) is not finished, so \(id) has to wait")
        }
        let mark = record.mark
        guard mark.knob == order.change.knob.name, mark.from.isSame(as: order.change.from), mark.to.isSame(as: order.change.to),
            mark.podsPerGroup == order.podsPerGroup
        else { throw .refused("canary \(id) of \(title) was begun as another one: \(mark.knob) from \(mark.from) to \(mark.to)") }
        guard mark.stage != .removing else { throw .changedByAnother(found: nil, "canary \(id) of \(title) is being taken away") }
        let interference = CanaryInterference(live: live, record: record, knob: order.change.knob)
        if let sentence = interference.sentence { throw .changedByAnother(found: nil, sentence) }
        return record
    }

    /// Sets the record on the target, and its replicas and other fields in the same step.
    /// - Parameter record: `nil` takes it off.
    func mark(_ record: CanaryRecord?, replicas: Int? = nil, _ more: [PatchStep] = []) throws(AdjusterError) -> CanaryWrite {
        .patch(try GuardedPatch(live.target, at: writer.path, markSteps(record, setsFence: true) + replicaSteps(replicas) + more))
    }

    func markSteps(_ record: CanaryRecord?, setsFence: Bool) -> [PatchStep] {
        var annotations: [(name: String, value: String?)] = [(CanaryRecord.annotation, record?.text)]
        if setsFence, fence != .unfenced { annotations.append((TargetFence.annotation, "\(fence.rawValue)")) }
        return AnnotationSteps(live.target).setting(annotations)
    }

    private func replicaSteps(_ replicas: Int?) -> [PatchStep] {
        guard let replicas, replicas != live.replicas else { return [] }
        return [
            .test("/spec/replicas", .integer(Int64(live.replicas))), .replace("/spec/replicas", .integer(Int64(replicas))),
        ]
    }

    /// The record of an experiment that begins with the target as it is.
    func newRecord(_ order: CanaryOrder) -> CanaryRecord {
        CanaryRecord(
            order, replicas: live.replicas, template: TemplateFingerprint(of: live.target, ignoring: order.change.knob).text)
    }

    /// Throws where a later leader has written to the target or a group, or the target is another one.
    func check(identity: String?) throws(AdjusterError) {
        if let identity, identity != live.main.identity {
            throw .gone("\(title) has UID \(live.main.identity ?? "none"), and the canary was decided for \(identity)")
        }
        if live.target.isBeingDeleted { throw .gone("\(title) is being deleted, and the groups of its canary with it") }
        for object in [live.target] + live.groups.values { try TargetFence.check(fence, on: object) }
    }
}
