public import Control
import Documents
public import FoundationEssentials
import Policies

/// Carries out a matched canary on a Deployment, by two Deployments beside it, or on a StatefulSet, by an update partition.
///
/// Nothing is remembered here: what a canary is, and how far it has got, stands in annotations of the target and of its groups, so that
/// any controller goes on where another one was cut off. Each write is guarded by the UID and version of what was read; a group's creation,
/// which cannot be, is found and taken away again where it comes late. Before each write it is asked whether this controller still leads.
public struct KubernetesCanary: CanaryTarget {
    let adjuster: KubernetesAdjuster
    private let leadership: any Leadership

    /// - Parameter adjuster: Of the target, with the knobs of its policy.
    public init(_ adjuster: KubernetesAdjuster, leadership: any Leadership = SoleLeader()) {
        self.adjuster = adjuster
        self.leadership = leadership
    }

    public func prepare(_ order: CanaryOrder) async throws(AdjusterError) {
        let live = try await read()
        if !live.isMarked { try await rehearse(order) }
        try await yielding(order, .prepare(order))
    }

    public func apply(_ order: CanaryOrder) async throws(AdjusterError) { try await yielding(order, .apply(order)) }

    public func promote(_ order: CanaryOrder) async throws(AdjusterError) { try await yielding(order, .promote(order)) }

    public func remove(_ experiment: UUID?, of change: ChangeOrder?, fence: FencingToken) async throws(AdjusterError) {
        try await carryOut(.remove(experiment), of: change, fence: fence, identity: nil)
    }

    /// Goes on with an experiment, or begins to take it away where somebody interferes.
    private func yielding(_ order: CanaryOrder, _ verb: CanaryVerb) async throws(AdjusterError) {
        let change = order.change
        do throws(AdjusterError) {
            try CanaryRefusal.checkChange(change)
            try await checkAutoscalers()
            try await carryOut(verb, of: change, fence: change.fence, identity: change.identity)
        } catch {
            guard case .changedByAnother = error else { throw error }
            do throws(AdjusterError) {
                try await carryOut(.remove(change.adjustment), of: change, fence: change.fence, identity: change.identity)
            } catch let second {
                throw .changedByAnother(
                    found: nil, "\(error.explanation); its groups are not taken away yet: \(second.explanation)")
            }
            throw error
        }
    }

    private func checkAutoscalers() async throws(AdjusterError) {
        guard let owner = try await adjuster.foreignOwners().anyone else { return }
        throw .changedByAnother(found: nil, "\(owner) is in charge of the target, so no canary can be carried out on it")
    }

    // MARK: Trying

    public func rehearse(_ order: CanaryOrder) async throws(AdjusterError) {
        let live = try await read()
        let change = order.change
        let context = context(live, of: change, fence: change.fence)
        try context.check(identity: change.identity)
        try CanaryRefusal(order: order, live: live, owners: try await adjuster.foreignOwners(), budgets: try await budgets()).check()
        // What is to reach everything in the end is what the target itself has to take.
        for patch in try AdjustmentPlan(order: change, live: live.main, writer: adjuster.writer).writes() {
            try await adjuster.rehearse(patch)
        }
        guard live.isDeployment else { return }
        let record = context.newRecord(order)
        for group in CanaryGroup.allCases {
            let object = group.deployment(beside: live.main, record, fence: change.fence)
            try await rehearse(.create(object, in: CanaryGroup.collection(of: adjuster.target)))
        }
    }

    private func rehearse(_ write: CanaryWrite) async throws(AdjusterError) {
        do throws(KubernetesError) {
            try await send(write, dryRun: true)
        } catch {
            // A rehearsal changes nothing, whatever became of it.
            throw error.mayHaveBeenCarriedOut ? .unreachable(error.description) : AdjusterError(error, on: write.title)
        }
    }

    // MARK: Doing

    /// More than twice what the longest verb takes.
    private static let mostWrites = 12

    private func carryOut(
        _ verb: CanaryVerb, of change: ChangeOrder?, fence: FencingToken, identity: String?
    ) async throws(AdjusterError) {
        var writes = 0, conflicts = 0
        var refused: (version: String, why: KubernetesError)?
        while true {
            let live = try await read()
            let context = context(live, of: change, fence: fence)
            try context.check(identity: identity)
            if case .prepare = verb, writes > 0, !live.isMarked {
                throw .changedByAnother(found: nil, "the canary of \(live.title) was taken away while it was being made")
            }
            let plan: any CanaryPlan = live.isDeployment ? DeploymentCanaryPlan(context: context) : PartitionCanaryPlan(context: context)
            guard let write = try plan.next(verb) else { return }
            if let refused, refused.version == write.version { throw .refused("\(refused.why)") }  // Nothing moved: it is no conflict.
            try checkLeadership(fence)
            do throws(KubernetesError) {
                if case .patch(let patch) = write, patch.changesValue { try await rehearseAgain(patch) }
                try await send(write, dryRun: false)
                refused = nil
            } catch {
                guard error.isCuredByReading else { throw AdjusterError(error, on: write.title) }
                conflicts += 1
                guard conflicts <= KubernetesAdjuster.mostConflicts else {
                    throw .conflict("\(conflicts) attempts to change \(write.title) met other writers: \(error)")
                }
                refused = error.kind == .testFailed || error.kind == .alreadyExists ? (write.version, error) : nil
                await adjuster.backOff(conflicts)
                continue
            }
            writes += 1
            guard writes <= Self.mostWrites else {
                throw .refused("\(write.title) does not keep what is written; an admission webhook may take annotations away")
            }
        }
    }

    /// A change is tried without making it right before it is made.
    private func rehearseAgain(_ patch: GuardedPatch) async throws(KubernetesError) {
        do throws(KubernetesError) {
            _ = try await adjuster.send(patch, dryRun: true)
        } catch {
            guard error.mayHaveBeenCarriedOut else { throw error }
            throw KubernetesError(.unreachable, request: error.request, status: error.status, message: error.message)
        }
    }

    private func checkLeadership(_ fence: FencingToken) throws(AdjusterError) {
        guard leadership.term() == fence else { throw .fenced("another controller leads") }
    }

    private func send(_ write: CanaryWrite, dryRun: Bool) async throws(KubernetesError) {
        let client = adjuster.client
        switch write {
        case .patch(let patch): _ = try await adjuster.send(patch, dryRun: dryRun)
        case .create(let object, let path):
            _ = try await client.create(path, object, WriteOptions(fieldManager: KubernetesAdjuster.fieldManager, dryRun: dryRun))
        case .delete(let object, let path):
            let versions = DeletePreconditions(
                uid: object.text("metadata", "uid"), resourceVersion: object.text("metadata", "resourceVersion"))
            // In the foreground, so that what is gone has no pods left. Never orphaned: the target would adopt what is left.
            do throws(KubernetesError) {
                _ = try await client.delete(path, preconditions: versions, propagation: .foreground, dryRun: dryRun)
            } catch {
                guard case .notFound = error.kind else { throw error }
            }
        }
    }

    /// Sets this term's fence on the target and its groups, so that a leader of an earlier term can write to none of them.
    /// - Parameter term: 0 does nothing.
    public func takeFence(_ term: FencingToken) async throws(AdjusterError) {
        try await adjuster.takeFence(term)
        guard term != .unfenced else { return }
        for group in try await read().groups.keys {
            do throws(AdjusterError) {
                try await adjuster.annotate(group.path(beside: adjuster.target), fence: term) { _ in [] }
            } catch {
                guard case .gone = error else { throw error }  // What is not there cannot be written to.
            }
        }
    }
}

extension KubernetesError {
    /// Whether another writer was there first, and looking again shows what is to be done now.
    fileprivate var isCuredByReading: Bool {
        switch kind {
        case .conflict, .testFailed, .alreadyExists: true
        default: false
        }
    }
}
