import EngineModels
import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Scaling
import Synchronization
import Testing

@testable import Control

@Suite("What a planner learned, over a restart")
struct StoredPlannerTests {
    private func store(_ work: (EpisodeStore) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "planner-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // A leftover temporary file harms nothing.
        try await work(try EpisodeStore(path: folder + "/store.sqlite"))
    }

    @Test("a killed controller goes on with the head-room it had at most ten minutes before, in the real store")
    func killed() async throws {
        try await store { store in
            let world = PlannedWorld(PlannedWorld.policy(.recommend), journal: store)
            world.state.withLock { ($0.rate, $0.late) = (20, 0.3) }
            let first = world.makeLoop()
            _ = await world.ticks(first, atMost: 240)
            let learned = try #require(await first.planning).planning.planner
            let stored = try #require(try store.planner(of: "chat", target: "llm/Deployment/chat"))
            #expect(world.state.withLock(\.now).since(stored.time).duration <= PlanningState.keepingInterval)
            #expect((5_000...200_000).contains(stored.document.count), "\(stored.document.count) bytes")
            // The first loop is forgotten without a word, as by kill −9.
            let second = world.makeLoop()
            let report = await world.ticks(second, atMost: 2)
            let fresh = ReplicaPlanner(learned.settings).settings.price
            let price = try #require(await second.planning).planning.planner.plan?.price ?? fresh
            #expect(price > 1.1 * fresh && abs(price / (learned.plan?.price ?? 1) - 1) < 0.3, "\(price), \(learned.plan?.price ?? 0)")
            #expect(!world.events.contains { $0.kind == .planBegunAnew })
            #expect(report.decision?.plan?.contains("because demand") == true)
        }
    }

    @Test("an orderly end keeps all of it")
    func orderly() async throws {
        let journal = MemoryJournal()
        let world = PlannedWorld(journal: journal)
        let loop = world.makeLoop()
        _ = await world.ticks(loop, atMost: 20)
        #expect(journal.state.withLock(\.planners).isEmpty, "ten minutes are not over")
        await loop.close()
        let stored = try #require(journal.state.withLock(\.planners).values.first)
        let planner = try #require(await loop.planning).planning.planner
        #expect(try stored.planner(under: planner.settings) == planner)
    }

    @Test("of another profile or objective it is dropped, and what differs is told")
    func other() async throws {
        let journal = MemoryJournal()
        let world = PlannedWorld(journal: journal)
        let loop = world.makeLoop()
        _ = await world.ticks(loop, atMost: 20)
        await loop.close()
        _ = await world.tick(world.makeLoop(PlannedWorld.policy(profile: "L7-H100")))
        let told = try #require(world.events.last { $0.kind == .planBegunAnew })
        #expect(told.message.contains("of the profile 'L70-H100x4', and the policy says 'L7-H100'"), "\(told.message)")
        var policy = PlannedWorld.policy()
        policy.objective.attainment = 0.9
        _ = await world.tick(world.makeLoop(policy))
        #expect(world.events.last { $0.kind == .planBegunAnew }?.message.contains("of another objective") == true)
        policy = PlannedWorld.policy()
        policy.knobs[0].plan?.startup = .seconds(30)
        let report = await world.tick(world.makeLoop(policy))
        #expect(world.events.last { $0.kind == .planBegunAnew }?.message.contains("'startup'") == true)
        #expect(report.decision?.plan?.hasPrefix("replicas: N=") == true, "it plans all the same")
    }

    @Test("damaged in any byte it is dropped, and planning begins anew", arguments: [0, 1, 100, 2_000])
    func damaged(place: Int) async throws {
        let journal = MemoryJournal()
        let world = PlannedWorld(journal: journal)
        let loop = world.makeLoop()
        _ = await world.ticks(loop, atMost: 20)
        await loop.close()
        journal.state.withLock { state in
            for key in state.planners.keys {
                guard var stored = state.planners[key] else { continue }
                stored.document[stored.document.startIndex + min(place, stored.document.count - 1)] ^= 1
                state.planners[key] = stored
            }
        }
        let report = await world.tick(world.makeLoop())
        #expect(world.events.last { $0.kind == .planBegunAnew }?.message.contains("it was damaged") == true)
        #expect(report.decision?.plan?.hasPrefix("replicas: N=") == true)
    }

    @Test("what another version wrote, and what is too large, is dropped too")
    func versions() throws {
        let policy = PlannedWorld.policy()
        let settings = try PlannerSettings(policy, try #require(policy.plannedKnob?.plan))
        for (document, expected) in [
            (Data("{\"settings\":7}".utf8), "another version"), (Data(), "another version"),
            (Data(count: StoredPlanner.mostBytes + 1), "bytes"),
        ] {
            let stored = StoredPlanner(
                time: Timestamp(nanosecondsSinceEpoch: 0), document: document, checksum: StoredPlanner.checksum(of: document))
            let error = #expect(throws: StoredPlanner.Unusable.self) { try stored.planner(under: settings) }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        }
    }

    @Test("a journal that cannot be read is asked again, and nothing is planned from nothing meanwhile")
    func unreadable() async throws {
        let journal = FailingJournal()
        let world = PlannedWorld(journal: journal)
        let loop = world.makeLoop()
        let report = await world.ticks(loop, atMost: 8)
        #expect(report.decision?.plan?.contains("what was learned before cannot be read") == true)
        journal.state.withLock { $0.fails = false }
        #expect(await world.tick(loop).decision?.plan?.hasPrefix("replicas: N=") == true)
    }

    @Test("a journal that cannot keep it is tried again a minute later, and planning goes on")
    func unkept() async throws {
        let journal = FailingJournal()
        journal.state.withLock { $0.fails = false }
        let world = PlannedWorld(journal: journal)
        let loop = world.makeLoop()
        await world.tick(loop)
        journal.state.withLock { $0.fails = true }
        let report = await world.ticks(loop, atMost: 80)
        #expect(journal.state.withLock(\.attempts) == 11 && world.events.contains { $0.kind == .journalFailed })
        #expect(report.decision?.plan?.hasPrefix("replicas: N=") == true)
        journal.state.withLock { $0.fails = false }
        _ = await world.ticks(loop, atMost: 8)
        #expect(journal.state.withLock(\.kept) == 1)
    }
}

/// A journal whose planners can be neither read nor kept for a while.
private final class FailingJournal: Journal {
    let state = Mutex((fails: true, attempts: 0, kept: 0))
    private let journal = MemoryJournal()

    func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        try journal.memory(of: policy, target: target, since: since)
    }
    func openAdjustments() throws -> [OpenAdjustment] { try journal.openAdjustments() }
    func requests() throws -> [OperatorRequest] { try journal.requests() }
    func adjustment(_ id: UUID) throws -> Adjustment? { try journal.adjustment(id) }
    func commit(_ entry: JournalEntry) throws { try journal.commit(entry) }
    func planner(of policy: String, target: String) throws -> StoredPlanner? {
        if state.withLock(\.fails) { throw MemoryJournal.Failure() }
        return nil
    }
    func keep(_ planner: StoredPlanner, of policy: String, target: String) throws {
        try state.withLock { state in
            state.attempts += 1
            if state.fails { throw MemoryJournal.Failure() }
            state.kept += 1
        }
    }
}
