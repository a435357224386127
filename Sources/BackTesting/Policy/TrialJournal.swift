import Control
import FoundationEssentials
import Learning
import Measurements
import Policies
import Synchronization

/// The journal of a trial: it lasts as long as the trial.
final class TrialJournal: Journal {
    private let state = Mutex(State())

    fileprivate struct State {
        var adjustments: [UUID: Adjustment] = [:]
        var order: [UUID] = []
        var open: UUID?
        var outcomes: [AdjustmentOutcome] = []
        var history = ControlHistory()
        var changeOf: [UUID: Int] = [:]
        var scheduleSeenThrough: Timestamp?
    }

    /// In the order of being proposed.
    var adjustments: [Adjustment] { state.withLock { state in state.order.compactMap { state.adjustments[$0] } } }

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        state.withLock { state in
            var memory = ControlMemory()
            memory.history = state.history
            // Their places are remembered: old changes are left out of the copy only.
            memory.history.changes.removeAll { $0.time < since }
            state.history.replicaRecommendations.removeAll { $0.time < since }
            state.history.infeasible.removeAll { $0.until < since }
            memory.open = state.open.flatMap { state.adjustments[$0] }
            memory.outcomes = state.outcomes
            memory.scheduleSeenThrough = state.scheduleSeenThrough
            return memory
        }
    }

    func openAdjustments() throws -> [OpenAdjustment] {
        state.withLock { state in
            state.open.flatMap { state.adjustments[$0] }.map { [OpenAdjustment(adjustment: $0, policy: nil)] } ?? []
        }
    }

    func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment] {
        state.withLock { state in
            let finished = state.order.compactMap { state.adjustments[$0] }.filter { !$0.isOpen && $0.tuning != nil }
            return Array(finished.suffix(StoredTuner.mostTrials))
        }
    }

    func requests() throws -> [OperatorRequest] { [] }

    func adjustment(_ id: UUID) throws -> Adjustment? { state.withLock { $0.adjustments[id] } }

    func commit(_ entry: JournalEntry) throws { state.withLock { $0.take(entry) } }
}

extension TrialJournal.State {
    /// Ends by which the controller judges itself.
    private static let outcomes: Set<AdjustmentState> = [.kept, .rolledBack, .superseded]
    /// Of which as many are remembered.
    private static let mostOutcomes = 20

    fileprivate mutating func take(_ entry: JournalEntry) {
        if let adjustment = entry.adjustment { take(adjustment, at: entry.time) }
        if let triggers = entry.triggers { history.triggers = triggers }
        if let asked = entry.replicaRecommendation { history.replicaRecommendations.append(asked) }
        if let change = entry.change, let id = entry.adjustment?.id, changeOf[id] == nil {
            changeOf[id] = history.changes.count
            history.changes.append(change)
        }
        if entry.undoesChange, let place = entry.adjustment.flatMap({ changeOf[$0.id] }) { history.changes[place].rolledBack = true }
        if let infeasible = entry.infeasible { history.infeasible.append(infeasible) }
        if let seen = entry.scheduleSeenThrough { scheduleSeenThrough = seen }
    }

    private mutating func take(_ adjustment: Adjustment, at time: Timestamp) {
        if adjustments[adjustment.id] == nil { order.append(adjustment.id) }
        adjustments[adjustment.id] = adjustment.isOpen ? adjustment : adjustment.withoutBlocks
        if adjustment.isOpen {
            open = adjustment.id
        } else if open == adjustment.id {
            open = nil
            guard adjustment.kind == .decided, adjustment.verdict != nil, Self.outcomes.contains(adjustment.state) else { return }
            outcomes.append(AdjustmentOutcome(time: time, state: adjustment.state, verdict: adjustment.verdict))
            if outcomes.count > Self.mostOutcomes { outcomes.removeFirst() }
        }
    }
}
