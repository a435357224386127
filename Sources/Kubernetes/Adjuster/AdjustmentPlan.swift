import Control
import Documents
import FoundationEssentials
import Learning
import Policies

/// The writes that are left to carry out an order, worked out from the target as it is: what an interrupted attempt did is not done again.
struct AdjustmentPlan {
    let order: ChangeOrder
    let live: LiveTarget
    let writer: RequestWriter
    /// Whether this attempt itself has changed the ConfigMap, so that pods are still to be restarted for it.
    var changedConfigMap = false

    private var knob: Knob { order.knob }
    private var isForward: Bool { order.direction == .forward }
    private var isOurs: Bool { live.mark?.mark.adjustment == order.adjustment }

    /// Each guarded by the versions as they were read, so that only the first can be sent as it is; empty where nothing is left to do.
    /// - Throws: `.gone`, `.fenced`, `.changedByAnother` or `.refused`.
    func writes() throws(AdjusterError) -> [GuardedPatch] {
        try checkIdentity()
        try TargetFence.check(order.fence, on: live.object)
        if let map = configMap { try TargetFence.check(order.fence, on: map) }
        if isForward, let canary = CanaryRecord(on: live.object)?.mark, canary.experiment != order.adjustment {
            throw .conflict("canary \(canary.experiment.text) of \(title) is not finished, and another change would spoil it")
        }
        guard let stated = live.stated(knob)?.value, let inForce = live.inForce(knob)?.value else {
            throw .changedByAnother(found: nil, "\(knob.name) of \(title) cannot be read: its place is not there")
        }
        if !isForward, let mark = live.mark?.mark, !isOurs, mark.knob == knob.name {
            throw .changedByAnother(found: inForce, "\(knob.name) of \(title) was changed by adjustment \(mark.adjustment.text)")
        }
        if inForce.isSame(as: order.to), stated.isSame(as: order.to), !changedConfigMap || !needsRestart {
            if !isForward { return isOurs ? [try unmark()] : [] }
            if isOurs { return [] }
            throw .changedByAnother(found: inForce, "\(knob.name) of \(title) is \(order.to) already, and not by this adjustment")
        }
        if isForward, isOurs, knob.isOnMarkedObject {
            throw .changedByAnother(
                found: inForce, "\(knob.name) of \(title) was changed by this adjustment, and set to \(stated) by another")
        }
        guard stated.isSame(as: order.from) || isHalfDone(stated) else {
            throw .changedByAnother(found: stated, "\(knob.name) of \(title) is \(stated), and the change starts from \(order.from)")
        }
        do {
            switch knob.place {
            case .replicas: return try scaled(stated)
            case .configMapKey: return try configured(stated)
            default: return [try changed()]
            }
        } catch let error as AdjusterError {
            throw error
        } catch {
            throw .refused("\(error)")
        }
    }

    private func checkIdentity() throws(AdjusterError) {
        if let wanted = order.identity, wanted != live.identity {
            throw .gone("\(title) has UID \(live.identity ?? "none"), and the change was decided for \(wanted)")
        }
        if live.object.isBeingDeleted { throw .gone("\(title) is being deleted") }
    }

    private var title: String { live.object.objectTitle }

    /// A ConfigMap that holds the new content already, for which pods have not been restarted yet.
    private func isHalfDone(_ stated: KnobValue) -> Bool {
        configMap != nil && stated.isSame(as: order.to) && (isOurs || changedConfigMap)
    }

    // MARK: A value in the target itself

    /// Value, mark and fence in one.
    private func changed() throws -> GuardedPatch {
        let annotations = AnnotationSteps(live.object).setting([
            (TargetMark.annotation, try markText()), (TargetFence.annotation, fenceText),
        ])
        return try GuardedPatch(
            live.object, at: writer.path, try valueSteps() + annotations.map(\.document), changesValue: true)
    }

    private func valueSteps() throws -> [DocumentValue] {
        let manifest = Manifest(object: live.holder(of: knob) ?? live.object)
        if !isForward, isOurs, let former = live.mark?.former { return try former.restore(knob, in: manifest).map(\.document) }
        let step = (order.to.numeric ?? 0) >= (order.from.numeric ?? 0) ? 1 : -1
        let candidate = Candidate(knob: knob.name, role: knob.role, from: order.from, to: order.to, step: step)
        let pair = try PatchBuilder(target: writer.target, manifest: manifest, byPosition: true).pair(candidate, of: knob)
        return try JSONDocument.parse(pair.apply.body).elements
    }

    /// The mark that the target is to bear; the one it bears is kept where an order is repeated, for it knows what was before.
    private func markText() throws -> String? {
        guard isForward else { return isOurs ? nil : live.object.annotation(TargetMark.annotation) }
        if isOurs { return live.object.annotation(TargetMark.annotation) }
        var former = try live.holder(of: knob).map { try FormerSetting(of: knob, in: Manifest(object: $0)) }
        if configMap != nil { former?.restartedFor = live.restartedFor }
        return try TargetMark(order, former: former).text()
    }

    /// What the fence is to be: this term's, or what it is where writes are not fenced.
    private var fenceText: String? {
        order.fence.rawValue == 0 ? live.object.annotation(TargetFence.annotation) : "\(order.fence.rawValue)"
    }

    private func unmark() throws(AdjusterError) -> GuardedPatch {
        let steps = AnnotationSteps(live.object).setting([(TargetMark.annotation, nil), (TargetFence.annotation, fenceText)])
        return try GuardedPatch(live.object, at: writer.path, steps)
    }

    /// Mark and fence, before anything is changed elsewhere; nothing where the target bears them.
    private func marked() throws -> [GuardedPatch] {
        let steps = AnnotationSteps(live.object).setting([
            (TargetMark.annotation, try markTextBeforeChange()), (TargetFence.annotation, fenceText),
        ])
        return steps.isEmpty ? [] : [try GuardedPatch(live.object, at: writer.path, steps)]
    }

    /// On the way back the mark stays until the value is back.
    private func markTextBeforeChange() throws -> String? {
        isForward ? try markText() : live.object.annotation(TargetMark.annotation)
    }

    // MARK: Replicas

    private func scaled(_ stated: KnobValue) throws -> [GuardedPatch] {
        guard let from = stated.wholeNumber, let to = order.to.wholeNumber, to >= 1 || (!isForward && to == 0), from >= 0 else {
            throw NoPatch(
                "replicas of \(title) can go from a whole number to another of at least 1, not from \(stated) to \(order.to)")
        }
        let count = DocumentValue.integer(Int64(to))
        // A scale at zero has an empty spec, which is what is tested then.
        let steps: [PatchStep] =
            from == 0
            ? [.test("/spec", .object([])), .add("/spec/replicas", count)]
            : [.test("/spec/replicas", .integer(Int64(from))), .replace("/spec/replicas", count)]
        let scale = try GuardedPatch(live.object, at: writer.path + "/scale", steps, changesValue: true)
        let unmark = !isForward && isOurs ? [try unmark()] : []
        return try marked() + [scale] + unmark
    }

    // MARK: ConfigMaps

    private var configMap: DocumentValue? {
        if case .configMapKey(let name, _) = knob.place { live.configMaps[name] } else { nil }
    }

    private var needsRestart: Bool { live.hasPods }

    private func configured(_ stated: KnobValue) throws -> [GuardedPatch] {
        guard case .configMapKey(let name, let key) = knob.place, let map = configMap else { return [] }
        var writes = try marked()
        if stated.isSame(as: order.from) {
            let fence = order.fence.rawValue == 0 ? map.annotation(TargetFence.annotation) : "\(order.fence.rawValue)"
            let annotations = AnnotationSteps(map).setting([(TargetFence.annotation, fence)])
            let steps = try contentSteps(map, key) + annotations
            writes.append(try GuardedPatch(map, at: try writer.configMapPath(name), steps, changesValue: true))
        }
        let restart = restartSteps()
        let unmark = !isForward && isOurs ? AnnotationSteps(live.object).setting([(TargetMark.annotation, nil)]) : []
        if !(restart + unmark).isEmpty {
            writes.append(try GuardedPatch(live.object, at: writer.path, restart + unmark, changesValue: true))
        }
        return writes
    }

    private func contentSteps(_ map: DocumentValue, _ key: String) throws(NoPatch) -> [PatchStep] {
        let manifest = Manifest(object: map)
        if !isForward, isOurs, let former = live.mark?.former, isCredible(former) { return try former.restore(knob, in: manifest) }
        var wanted = FormerSetting(value: .string(order.to.description))
        wanted.isBare = map["data"] == nil
        return try wanted.restore(knob, in: manifest)
    }

    /// Whether what a mark says was there is the value to go back to. Who may write the annotation need not be one who may write the
    /// ConfigMap, and gets nothing else written into it.
    private func isCredible(_ former: FormerSetting) -> Bool {
        let value = former.value.map { knob.value(reading: $0.scalarText) } ?? knob.assumed
        return value?.isSame(as: order.to) ?? false
    }

    /// Pods read their configuration when they start, so they are replaced; on the way back by those of the template as it was.
    private func restartSteps() -> [PatchStep] {
        guard needsRestart else { return [] }
        let id = order.adjustment.text
        let former = isOurs ? live.mark?.former?.restartedFor : nil
        let back = live.restartedFor == id ? former : isOurs ? live.restartedFor : id + "-undone"
        return AnnotationSteps(live.object, at: "/spec/template/metadata").setting([
            (LiveTarget.restartAnnotation, isForward ? id : back)
        ])
    }
}
