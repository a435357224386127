import Control
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Synchronization
import Testing

/// The store's journal beside the one in memory: both must remember the same, whatever a world does to them.
@Suite("The store as the loop's journal")
struct TwinJournalTests {
    @Test("remembers what the journal in memory remembers, in random worlds", arguments: [1, 5] as [UInt64])
    func twin(seed: UInt64) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "twin-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let differences = Differences()
        let run = try WorldRun(seed: seed) { memory, index in
            TwinJournal(memory: memory, store: try EpisodeStore(path: folder + "/\(index).sqlite"), differences: differences)
        }
        await run.run()
        #expect(differences.texts.withLock { $0 } == [])
        let state = run.world.journals[0].state.withLock { $0.adjustments.count }
        #expect(state > 0)
    }
}

final class Differences: Sendable {
    let texts = Mutex<[String]>([])

    func add(_ text: String) { texts.withLock { if $0.count < 5 { $0.append(text) } } }
}

/// Writes to both, reads from both, and compares.
struct TwinJournal: Journal {
    let memory: MemoryJournal
    let store: EpisodeStore
    let differences: Differences

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        let expected = try memory.memory(of: policy, target: target, since: since)
        var found = try store.memory(of: policy, target: target, since: since)
        found.outcomes = found.outcomes.suffix(expected.outcomes.count)
        for (name, one, other) in [
            ("open", "\(expected.open as Any)", "\(found.open as Any)"),
            ("pause", "\(expected.pausedSince as Any)", "\(found.pausedSince as Any)"),
            ("triggers", "\(expected.history.triggers.sorted { $0.key < $1.key })", "\(found.history.triggers.sorted { $0.key < $1.key })"),
            ("changes", "\(expected.history.changes)", "\(found.history.changes)"),
            ("replicas", "\(expected.history.replicaRecommendations)", "\(found.history.replicaRecommendations)"),
            (
                "infeasible", "\(Set(expected.history.infeasible.filter { $0.until > since }.map(\.to.description)).sorted())",
                "\(Set(found.history.infeasible.map(\.to.description)).sorted())"
            ),
            ("outcomes", "\(expected.outcomes.suffix(20))", "\(found.outcomes)"),
        ] where one != other {
            differences.add("\(name): expected \(one.prefix(600)), found \(other.prefix(600))")
        }
        return expected
    }

    func openAdjustments() throws -> [OpenAdjustment] {
        let expected = try memory.openAdjustments()
        let found = try store.openAdjustments()
        if expected.map(\.adjustment) != found.map(\.adjustment) { differences.add("open adjustments differ") }
        return expected
    }

    func commit(_ entry: JournalEntry) throws {
        try memory.commit(entry)
        do {
            try store.commit(entry)
        } catch {
            differences.add("the store refuses what memory takes: \(error)")
        }
    }

    func requests() throws -> [OperatorRequest] { try memory.requests() }

    func adjustment(_ id: UUID) throws -> Adjustment? {
        let expected = try memory.adjustment(id)
        if try store.adjustment(id) != expected { differences.add("adjustment \(id) differs") }
        return expected
    }
}
