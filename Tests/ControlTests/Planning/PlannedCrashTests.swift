import Foundation
import Learning
import Measurements
import Policies
import Synchronization
import Testing

@testable import Control

/// Every commit of a planned change disturbed once, found by counting; the machinery is that of every other change.
@Suite("A planned change, disturbed at every commit")
struct PlannedCrashTests {
    enum Disturbance: CaseIterable { case fails, killedBefore, killedAfter }

    @Test("ends with the replicas that were planned, none asked for twice", arguments: Disturbance.allCases)
    func matrix(disturbance: Disturbance) async throws {
        let calm = try await run(nil, at: 0)
        #expect(calm.replicas > 2 && calm.commits >= 3 && calm.writes == 1)
        for commit in 1...calm.commits {
            let end = try await run(disturbance, at: commit)
            #expect(end.replicas == calm.replicas && end.writes == 1, "\(disturbance) at \(commit): \(end)")
            #expect(end.open == 0 && end.mark == nil, "\(disturbance) at \(commit): \(end)")
        }
    }

    private struct End {
        var replicas: Int
        var writes: Int
        var commits: Int
        var open: Int
        var mark: AdjustmentMark?
    }

    private func run(_ disturbance: Disturbance?, at commit: Int) async throws -> End {
        let memory = MemoryJournal()
        let journal = DisturbedJournal(memory, disturbance, at: commit)
        let world = PlannedWorld(journal: journal)
        var loop = world.makeLoop()
        // One rise, long ago enough that nothing falls: the same number is planned whoever asks.
        world.state.withLock { $0.rate = 30 }
        for _ in 0..<24 {
            await world.tick(loop)
            if journal.isDead { loop = world.makeLoop() }
            journal.revive()
        }
        let open = memory.state.withLock { $0.adjustments.values.count(where: \.isOpen) }
        return world.state.withLock {
            End(replicas: $0.replicas, writes: $0.writes.count, commits: journal.commits, open: open, mark: $0.mark)
        }
    }
}

/// Fails once, or is the last thing a process does.
private final class DisturbedJournal: Journal {
    private let journal: MemoryJournal
    private let disturbance: (kind: PlannedCrashTests.Disturbance, commit: Int)?
    private let state = Mutex((commits: 0, isDead: false))

    init(_ journal: MemoryJournal, _ disturbance: PlannedCrashTests.Disturbance?, at commit: Int) {
        self.journal = journal
        self.disturbance = disturbance.map { ($0, commit) }
    }

    struct Gone: Error {}

    var commits: Int { state.withLock(\.commits) }
    var isDead: Bool { state.withLock(\.isDead) }
    func revive() { state.withLock { $0.isDead = false } }

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        try journal.memory(of: policy, target: target, since: since)
    }
    func openAdjustments() throws -> [OpenAdjustment] { try journal.openAdjustments() }
    func requests() throws -> [OperatorRequest] { try journal.requests() }
    func adjustment(_ id: UUID) throws -> Adjustment? { try journal.adjustment(id) }

    func commit(_ entry: JournalEntry) throws {
        let isNow = try state.withLock { state in
            if state.isDead { throw Gone() }
            state.commits += 1
            return state.commits == disturbance?.commit
        }
        guard isNow, let disturbance else { return try journal.commit(entry) }
        switch disturbance.kind {
        case .fails: throw MemoryJournal.Failure()
        case .killedBefore:
            state.withLock { $0.isDead = true }
            throw Gone()
        case .killedAfter:
            try journal.commit(entry)
            state.withLock { $0.isDead = true }
            throw Gone()
        }
    }
}
