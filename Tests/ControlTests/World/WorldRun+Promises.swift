import Control
import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Synchronization
import Verification

extension WorldRun {
    // MARK: Promises

    func openStates(_ journal: MemoryJournal) -> [UUID: AdjustmentState] {
        journal.state.withLock { $0.adjustments.filter { $0.value.isOpen }.mapValues(\.state) }
    }

    func check(_ before: [UUID: AdjustmentState], journal: MemoryJournal) {
        let adjustments = journal.state.withLock(\.adjustments)
        if adjustments.values.count(where: \.isOpen) > 1 { world.violate("a target has two open adjustments") }
        for adjustment in adjustments.values {
            if adjustment.verdict == .worsened, adjustment.kind != .holdout,
                ![.rollingBack, .rollbackFailed, .rolledBack, .superseded].contains(adjustment.state)
            {
                world.violate("\(adjustment.id) is worse, but \(adjustment.state)")
            }
        }
        for (id, state) in before {
            guard let after = adjustments[id]?.state, after != state else { continue }
            let reached = adjustments[id]?.history.map(\.state) ?? []
            for (one, next) in zip(reached, reached.dropFirst()) where !one.successors.contains(next) {
                world.violate("\(id) went from \(one) to \(next)")
            }
        }
    }

    func checkWrites() {
        let writes = world.target.state.withLock(\.writes)
        guard writes.count > checkedWrites else { return }
        checkedWrites = writes.count
        for (one, next) in zip(writes, writes.dropFirst())
        where next.order.fence < one.order.fence && one.order.identity == next.order.identity {
            world.violate("a controller of term \(next.order.fence.rawValue) wrote after one of term \(one.order.fence.rawValue)")
        }
        var forward: [UUID: Int] = [:]
        for write in writes where write.order.direction == .forward { forward[write.order.adjustment, default: 0] += 1 }
        for (id, count) in forward where count > 1 { world.violate("\(id) was applied \(count) times") }
        // A kept change bears no mark any more: an operator who takes it back says that its value is meant, whoever set it since.
        let kept = Set(world.journals.flatMap { $0.state.withLock { $0.adjustments.values.filter { $0.reached(.kept) != nil }.map(\.id) } })
        for write in writes
        where write.order.direction == .back && write.lastWriter != write.order.adjustment && !kept.contains(write.order.adjustment) {
            world.violate(
                "a rollback of \(write.order.adjustment) overwrote a change of \(write.lastWriter?.uuidString ?? "somebody else")")
        }
    }

    func checkEnds() {
        let journals = Set(world.journals.map(ObjectIdentifier.init)).count == 1 ? [world.journals[0]] : world.journals
        let leader = world.state.withLock(\.leader)
        let applied = Set(world.target.state.withLock(\.writes).filter { $0.order.direction == .forward }.map(\.order.adjustment))
        for journal in journals {
            let leads = journal === world.journals[leader]
            let episodes = journal.state.withLock(\.episodes)
            for adjustment in journal.state.withLock(\.adjustments).values {
                ends[adjustment.state, default: 0] += 1
                if !adjustment.isOpen, let episode = episodes[adjustment.id], episode.closure == nil {
                    world.violate("\(adjustment.id) is \(adjustment.state), and its episode is open")
                }
                countTrial(adjustment)
                // What a controller that lost its lead left open, the other has adopted; it settles its own books when it leads again.
                let isRecent =
                    world.now.since(adjustment.proposedAt).duration
                    < .seconds(world.hasCanaries ? 8_000 : adjustment.state == .awaitingApproval ? 3_700 : 2_400)
                if leads, adjustment.isOpen, !isRecent {
                    world.violate("\(adjustment.id) never ended: \(adjustment.state), \(adjustment.lastProblem ?? "")")
                }
                if leads, applied.contains(adjustment.id), adjustment.state == .failed || adjustment.state == .rejected {
                    world.violate("\(adjustment.id) was applied, but ended \(adjustment.state)")
                }
            }
        }
        if world.hasCanaries { checkGroups(journals) }
        let known = journals.flatMap { journal in journal.state.withLock { Array($0.adjustments.keys) } }
        for id in applied where !known.contains(id) { world.violate("\(id) was applied, and no journal knows it") }
    }

    private func countTrial(_ adjustment: Adjustment) {
        guard let trial = adjustment.trial else { return }
        var end = "\(adjustment.state)"
        if adjustment.state == .rolledBack, trial.wasPromoted {
            end += " after promotion"
        } else if adjustment.state == .rolledBack, let verdict = adjustment.verdict {
            end += " \(verdict)"
        }
        trialEnds[end, default: 0] += 1
    }

    /// In the end nothing is left of any canary, and the target has what was last meant for it.
    private func checkGroups(_ journals: [MemoryJournal]) {
        let (canary, mark, replicas, meant, value, writer) = world.target.state.withLock { state in
            (state.canary, state.mark, state.replicas, state.replicasMeant, state.values["slots"], state.lastWriter["slots"] ?? nil)
        }
        let leader = world.journals[world.state.withLock(\.leader)]
        guard leader.state.withLock({ $0.adjustments.values.allSatisfy { !$0.isOpen } }) else { return }
        if canary.mark != nil || !canary.groups.isEmpty || canary.kept != nil { world.violate("a canary is left: \(canary)") }
        if mark != nil { world.violate("a mark is left: \(mark!)") }
        if replicas != meant { world.violate("the target has \(replicas) replicas, and \(meant) were meant") }
        guard
            let last = journals.lazy.compactMap({ journal in journal.state.withLock { state in writer.flatMap { state.adjustments[$0] } } })
                .first
        else { return }
        let expected = last.state == .rolledBack ? last.candidate.from : last.state == .kept ? last.candidate.to : nil
        if let expected, value?.isSame(as: expected) != true {
            world.violate("\(last.id) is \(last.state), but \(value.map { "\($0)" } ?? "nothing") is in force")
        }
    }
}
