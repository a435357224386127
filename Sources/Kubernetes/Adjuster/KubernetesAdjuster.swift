public import Control
import Documents
public import FoundationEssentials
import Measurements
public import Policies
import Synchronization

/// Changes the settings of a workload through the Kubernetes API.
///
/// What an adjustment is known by stands in annotations of the target itself: who changed what, from what, to what, and in which term of
/// leadership. They are never set on pods, so that they restart nothing. Every write is a JSON patch that tests the object's UID and the
/// version it was read in; a leader of an earlier term cannot write once a later one has set its fence.
public struct KubernetesAdjuster: Adjuster {
    /// Under which name the API server keeps what this controller set.
    public static let fieldManager = "llm-auto-optimizer"

    let target: Policy.KubernetesTarget
    let knobs: [Knob]
    let client: KubernetesClient
    let writer: RequestWriter
    private let owners: ForeignOwnerCache
    let backOff: @Sendable (_ attempt: Int) async -> Void

    /// - Parameters:
    ///   - knobs: Whose values are told; orders may be about others.
    ///   - clock: For how long what is known of autoscalers holds.
    ///   - backOff: Waits before an attempt is repeated that met another writer, from 1; random, so that two do not meet again.
    /// - Throws: `.refused` where the target's name cannot be part of an API path.
    public init(
        target: Policy.KubernetesTarget, knobs: [Knob], client: KubernetesClient, clock: any ControlClock,
        backOff: @escaping @Sendable (_ attempt: Int) async -> Void = Self.randomPause
    ) throws(AdjusterError) {
        do throws(NoPatch) {
            writer = try RequestWriter(target, byPosition: true)
            for case .configMapKey(let name, _) in knobs.map(\.place) { _ = try writer.configMapPath(name) }
        } catch {
            throw .refused(error.description)
        }
        self.target = target
        self.knobs = knobs
        self.client = client
        self.backOff = backOff
        owners = ForeignOwnerCache(clock: clock)
    }

    /// Up to 50 ms, doubled with each attempt.
    @Sendable public static func randomPause(attempt: Int) async {
        let most = 50 << min(max(attempt - 1, 0), 5)
        // A cancelled task goes on at once, and finds out at its next request.
        try? await Task.sleep(for: .milliseconds(Int.random(in: 1...most)))
    }

    // MARK: Looking

    public func observe(with knob: Knob?) async throws(AdjusterError) -> TargetObservation {
        let knobs = knobs.with(knob)
        let live = try await read(knobs)
        if live.object.isBeingDeleted { throw .gone("\(live.object.objectTitle) is being deleted") }
        let pods = try await selectedPods(of: live)
        let (own, inGroups) = (pods.filter { $0.label(CanaryGroup.label) == nil }, pods.filter { $0.label(CanaryGroup.label) != nil })
        let owners = try await foreignOwners()
        let assessment = RolloutAssessment(live.object, pods: own)
        var observation = TargetObservation(identity: live.identity, rollout: assessment.rollout)
        for knob in knobs { observation.values[knob.name] = live.inForce(knob) }
        observation.readyReplicas = assessment.readyReplicas.map { $0 + inGroups.count(where: \.isReadyPod) }
        // What a canary has given to its groups still serves.
        if let record = CanaryRecord(on: live.object), let knob = knobs.first(where: { $0.place == .replicas }),
            let beside = observation.values[knob.name], let count = beside.value.wholeNumber
        {
            observation.values[knob.name] = KnobState(.integer(count + record.mark.replicas - record.replicasLeft), origin: beside.origin)
        }
        observation.mark = live.mark?.mark
        observation.markCameWithValue = knobs.first { $0.name == live.mark?.mark.knob }?.isOnMarkedObject ?? false
        observation.fence = try TargetFence.term(on: live.object)
        observation.foreignOwners = owners.owners(of: knobs)
        return observation
    }

    func foreignOwners() async throws(AdjusterError) -> ForeignOwners {
        if let known = owners.fresh { return known }
        let found = try await readForeignOwners()
        owners.keep(found)
        return found
    }

    // MARK: Changing

    public func rehearse(_ order: ChangeOrder) async throws(AdjusterError) {
        if let owner = try await foreignOwners().owner(of: order.knob) {
            throw .refused("\(owner) is in charge of \(order.knob.name); remove it, or tune its bounds instead")
        }
        let live = try await read([order.knob])
        if order.direction == .forward, order.knob.restartsPods, let why = live.holdsPodsBack { throw .refused(why) }
        for patch in try AdjustmentPlan(order: order, live: live, writer: writer).writes() { try await rehearse(patch) }
    }

    func rehearse(_ patch: GuardedPatch) async throws(AdjusterError) {
        do throws(KubernetesError) {
            _ = try await send(patch, dryRun: true)
        } catch {
            // A rehearsal changes nothing, whatever became of it.
            throw error.mayHaveBeenCarriedOut ? .unreachable(error.description) : AdjusterError(error, on: patch.title)
        }
    }

    public func apply(_ order: ChangeOrder) async throws(AdjusterError) {
        var attempt = Attempt()
        do throws(AdjusterError) {
            try await carryOut(order, &attempt)
        } catch {
            guard attempt.hasChangedValue else {
                if attempt.hasMarked, case .refused = error { await removeMark(of: order) }
                throw error
            }
            switch error {
            case .fenced, .gone, .outcomeUnknown: throw error
            case .unreachable, .conflict, .changedByAnother, .refused:
                throw .outcomeUnknown("\(order.knob.name) is set to \(order.to), but what belongs to it is not done: \(error.explanation)")
            }
        }
    }

    /// How far one call has got.
    private struct Attempt {
        var conflicts = 0
        var writes = 0
        var hasMarked = false
        var hasChangedValue = false
        var changedConfigMap = false
        /// The patch whose test failed last, and what the API server said.
        var refused: (patch: GuardedPatch, why: KubernetesError)?
    }

    /// How often an attempt is repeated that met another writer.
    public static let mostConflicts = 5

    /// Twice what the longest change takes.
    private static let mostWrites = 6

    private func carryOut(_ order: ChangeOrder, _ attempt: inout Attempt) async throws(AdjusterError) {
        while true {
            let live = try await read([order.knob])
            var plan = AdjustmentPlan(order: order, live: live, writer: writer)
            plan.changedConfigMap = attempt.changedConfigMap
            let writes = try plan.writes()
            guard let next = writes.first else { return }
            if let refused = attempt.refused, refused.patch.path == next.path, refused.patch.resourceVersion == next.resourceVersion {
                throw .refused("\(refused.why)")  // Nothing has moved: it is not the tests that failed.
            }
            guard try await sendOnce(next, &attempt) else { continue }
            attempt.writes += 1
            guard attempt.writes <= Self.mostWrites else {
                throw .refused("\(next.title) does not keep what is written; an admission webhook may take annotations away")
            }
            if case .configMapKey = order.knob.place, next.changesValue { attempt.changedConfigMap = true }
            if writes.count == 1 { return }
        }
    }

    /// - Returns: Whether it was done; not where another writer was there first.
    private func sendOnce(_ patch: GuardedPatch, _ attempt: inout Attempt) async throws(AdjusterError) -> Bool {
        do throws(KubernetesError) {
            _ = try await send(patch, dryRun: false)
            if patch.changesValue { attempt.hasChangedValue = true } else { attempt.hasMarked = true }
            attempt.refused = nil
            return true
        } catch {
            guard error.kind == .testFailed || error.kind == .conflict else { throw AdjusterError(error, on: patch.title) }
            attempt.conflicts += 1
            guard attempt.conflicts <= Self.mostConflicts else {
                throw .conflict("\(attempt.conflicts) attempts to change \(patch.title) met other writers: \(error)")
            }
            attempt.refused = error.kind == .testFailed ? (patch, error) : nil
            await backOff(attempt.conflicts)
            return false
        }
    }

    private func removeMark(of order: ChangeOrder) async {
        // The mark of a change that was not made does no harm; the controller takes it off later.
        try? await unmark(order.adjustment, fence: order.fence)
    }

    // MARK: Marks and fences

    public func unmark(_ adjustment: UUID, fence: FencingToken) async throws(AdjusterError) {
        try await annotate(writer.path, fence: fence) { object in
            TargetMark(on: object)?.mark.adjustment == adjustment ? [(TargetMark.annotation, nil)] : nil
        }
    }

    /// Sets this term's fence on everything that holds settings, so that a leader of an earlier term can write no more. Every write sets it
    /// as well; this is for a leader that wants it set before it has anything to write.
    /// - Parameter term: 0 does nothing.
    public func takeFence(_ term: FencingToken) async throws(AdjusterError) {
        guard term.rawValue != 0 else { return }
        try await annotate(writer.path, fence: term) { _ in [] }
        for (_, path) in configMapPaths(of: knobs) {
            do throws(AdjusterError) {
                try await annotate(path, fence: term) { _ in [] }
            } catch {
                guard case .gone = error else { throw error }  // What is not there cannot be written to.
            }
        }
    }

    /// Sets annotations and the fence beside them.
    /// - Parameter change: `nil` where nothing is to be done.
    func annotate(
        _ path: String, fence: FencingToken, _ change: (DocumentValue) -> [(name: String, value: String?)]?
    ) async throws(AdjusterError) {
        var attempt = Attempt()
        while true {
            let object = try await get(path)
            try TargetFence.check(fence, on: object)
            guard var annotations = change(object) else { return }
            if fence.rawValue != 0 { annotations.append((TargetFence.annotation, "\(fence.rawValue)")) }
            let steps = AnnotationSteps(object).setting(annotations)
            guard !steps.isEmpty else { return }
            if try await sendOnce(try GuardedPatch(object, at: path, steps), &attempt) { return }
        }
    }
}

/// What is known of autoscalers, for a minute.
private final class ForeignOwnerCache: Sendable {
    private let clock: any ControlClock
    private let kept = Mutex<(owners: ForeignOwners, time: Timestamp)?>(nil)
    private static let lifetime = Duration.seconds(60)

    init(clock: any ControlClock) { self.clock = clock }

    var fresh: ForeignOwners? {
        let now = clock.steady
        return kept.withLock { kept in kept.flatMap { now.since($0.time).duration < Self.lifetime ? $0.owners : nil } }
    }

    func keep(_ owners: ForeignOwners) {
        let now = clock.steady
        kept.withLock { $0 = (owners, now) }
    }
}

extension Knob {
    /// Whether value and mark are written at once: both are of one object, and no subresource lies between them.
    var isOnMarkedObject: Bool {
        switch place {
        case .replicas, .configMapKey: false
        case .containerArgument, .environment, .resource, .field, .parameter: true
        }
    }

    /// Whether a change of it replaces the pods.
    var restartsPods: Bool {
        switch place {
        case .replicas, .parameter: false
        case .containerArgument, .environment, .configMapKey, .resource: true
        case .field(let pointer): pointer.hasPrefix("/spec/template/")
        }
    }
}

extension LiveTarget {
    /// Why pods would not be replaced though the template changes; `nil` where they would.
    var holdsPodsBack: String? {
        if object["spec"]?["paused"]?.boolean == true, object.text("kind") == "Deployment" {
            return "\(object.objectTitle) is paused, so its pods would not take up the change"
        }
        if object.text("spec", "updateStrategy", "type") == "OnDelete" {
            return "\(object.objectTitle) updates pods only when they are deleted (OnDelete), so they would not take up the change"
        }
        return nil
    }
}
