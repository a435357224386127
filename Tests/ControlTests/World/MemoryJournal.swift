import Control
import Foundation
import Learning
import Measurements
import Policies
import Synchronization

/// The journal's contract in memory, with failures on demand. The real one is held to the same contract by the store's own tests.
final class MemoryJournal: Journal {
    struct Failure: Error, CustomStringConvertible {
        let description = "the disk is full"
    }

    struct State {
        var adjustments: [UUID: Adjustment] = [:]
        var order: [UUID] = []
        var triggers: [String: [String: TriggerState]] = [:]
        var changes: [String: [(id: UUID?, change: PastChange)]] = [:]
        var replicas: [String: [ReplicaRecommendation]] = [:]
        var infeasible: [String: [InfeasibleChange]] = [:]
        var updated: [UUID: Timestamp] = [:]
        var paused: [String: Timestamp] = [:]
        var resumed: [String: Timestamp] = [:]
        var schedule: [String: Timestamp] = [:]
        var requests: [OperatorRequest] = []
        var episodes: [UUID: EpisodeRecord] = [:]
        var policies: [UUID: Policy] = [:]
        var planners: [String: StoredPlanner] = [:]
        var tuners: [String: StoredTuner] = [:]
        var commits = 0
        var failsNext: @Sendable (Int) -> Bool = { _ in false }
    }

    let state = Mutex(State())

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        state.withLock { state in
            var memory = ControlMemory()
            memory.history.triggers = state.triggers[policy] ?? [:]
            memory.history.changes = (state.changes[policy] ?? []).map(\.change).filter { $0.time >= since }
            memory.history.replicaRecommendations = state.replicas[policy] ?? []
            memory.history.infeasible = state.infeasible[policy] ?? []
            memory.open = state.adjustments.values.first { $0.target == target && $0.isOpen }
            memory.pausedSince = [state.paused[policy], state.paused["*"]].compactMap(\.self).min()
            memory.scheduleSeenThrough = state.schedule[policy]
            let resumed = [state.resumed[policy], state.resumed["*"]].compactMap(\.self).max() ?? Timestamp(nanosecondsSinceEpoch: 0)
            memory.outcomes = state.order.compactMap { id in
                guard let one = state.adjustments[id], one.policy == policy, one.kind == .decided, one.verdict != nil,
                    [.kept, .rolledBack, .superseded].contains(one.state),
                    let time = state.updated[id], time > resumed
                else { return nil }
                return AdjustmentOutcome(time: time, state: one.state, verdict: one.verdict)
            }
            return memory
        }
    }

    func openAdjustments() throws -> [OpenAdjustment] {
        state.withLock { state in
            state.order.compactMap { state.adjustments[$0] }.filter(\.isOpen).map {
                OpenAdjustment(adjustment: $0, policy: state.policies[$0.id])
            }
        }
    }

    func requests() throws -> [OperatorRequest] { state.withLock(\.requests) }

    func adjustment(_ id: UUID) throws -> Adjustment? { state.withLock { $0.adjustments[id] } }

    func planner(of policy: String, target: String) throws -> StoredPlanner? { state.withLock { $0.planners["\(policy) \(target)"] } }

    func keep(_ planner: StoredPlanner, of policy: String, target: String) throws {
        state.withLock { $0.planners["\(policy) \(target)"] = planner }
    }

    func tuner(of policy: String, target: String) throws -> StoredTuner? { state.withLock { $0.tuners["\(policy) \(target)"] } }

    func keep(_ tuner: StoredTuner, of policy: String, target: String) throws {
        state.withLock { $0.tuners["\(policy) \(target)"] = tuner }
    }

    func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment] {
        state.withLock { state in
            state.order.compactMap { state.adjustments[$0] }.filter {
                $0.policy == policy && $0.target == target && !$0.isOpen && $0.tuning != nil
            }
        }
    }

    func commit(_ entry: JournalEntry) throws {
        try state.withLock { state in
            state.commits += 1
            if state.failsNext(state.commits) { throw Failure() }
            if let adjustment = entry.adjustment { try state.put(adjustment, entry) }
            if let triggers = entry.triggers { state.triggers[entry.policy] = triggers }
            if let asked = entry.replicaRecommendation { state.replicas[entry.policy, default: []].append(asked) }
            if let change = entry.change, !(state.changes[entry.policy] ?? []).contains(where: { $0.id == entry.adjustment?.id }) {
                state.changes[entry.policy, default: []].append((entry.adjustment?.id, change))
            }
            if entry.undoesChange, let at = state.changes[entry.policy]?.firstIndex(where: { $0.id == entry.adjustment?.id }) {
                state.changes[entry.policy]?[at].change.rolledBack = true
            }
            if let episode = entry.openingEpisode { state.episodes[episode.id] = episode }
            if let closing = entry.closingEpisode, let id = entry.adjustment?.id { state.episodes[id]?.closure = closing }
            if let infeasible = entry.infeasible { state.infeasible[entry.policy, default: []].append(infeasible) }
            if let pause = entry.pause { state.put(pause, entry) }
            if let seen = entry.scheduleSeenThrough { state.schedule[entry.policy] = seen }
            state.requests.removeAll { entry.answered.contains($0.id) }
        }
    }
}

extension MemoryJournal.State {
    /// A target has two open adjustments: the promise that the real journal's file keeps as an index.
    struct TwoOpen: Error {}
    /// A finished adjustment would be opened again.
    struct Reopened: Error {}

    fileprivate mutating func put(_ adjustment: Adjustment, _ entry: JournalEntry) throws {
        if adjustment.isOpen, adjustments.values.contains(where: { $0.isOpen && $0.target == adjustment.target && $0.id != adjustment.id })
        {
            throw TwoOpen()
        }
        if let old = adjustments[adjustment.id], !old.isOpen, adjustment.isOpen, (old.state, adjustment.state) != (.kept, .rollingBack) {
            throw Reopened()
        }
        if adjustments[adjustment.id] == nil { order.append(adjustment.id) }
        adjustments[adjustment.id] = adjustment.isOpen ? adjustment : adjustment.withoutBlocks
        updated[adjustment.id] = entry.time
        if let policy = entry.policyText ?? entry.cycle?.policy, policies[adjustment.id] == nil { policies[adjustment.id] = policy }
    }

    fileprivate mutating func put(_ pause: JournalEntry.Pause, _ entry: JournalEntry) {
        switch pause {
        case .begins: paused[entry.policy] = entry.time
        case .ends:
            paused[entry.policy] = nil
            if entry.policy == "*" { paused = [:] }
            resumed[entry.policy] = entry.time
        }
    }
}
