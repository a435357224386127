import Control
import EpisodeStoreHelper
import Foundation
import GRDB
import Learning
import Policies
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct CycleTests {
    let folder: TemporaryFolder
    let store: EpisodeStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EpisodeStore(path: folder.store)
    }

    @Test("a cycle comes back whole, and its decision follows from its inputs")
    func roundTrip() throws {
        let cycle = Samples.cycle()
        #expect(cycle.decision.outcome == .recommend)
        let ids = try store.recordCycle(cycle)
        #expect(ids.count == cycle.decision.recommendations.count && Set(ids).count == ids.count)
        let stored = try EpisodeStore(readingFrom: folder.store).cycle(cycle.id)
        #expect(stored.record == cycle)
        #expect(stored.recommendationIDs == ids)
        #expect(try replay(stored.record) == .identical)
    }

    @Test("a cycle that was tampered with is told by replay, with the place")
    func tampered() throws {
        let cycle = Samples.cycle()
        try store.recordCycle(cycle)
        try store.write("tamper with") {
            try $0.execute(sql: "UPDATE cycle SET decision = json_set(decision, '$.recommendations[0].candidate.to', 7)")
        }
        let replayed = try replay(store.cycle(cycle.id).record)
        let original = try #require(cycle.decision.recommendations.first).candidate.to
        #expect(replayed == .differs(pointer: "/recommendations/0/candidate/to", stored: "7", derived: "\(original)"))
    }

    @Test("inputs that were tampered with are told as well")
    func tamperedInputs() throws {
        let cycle = Samples.cycle()
        try store.recordCycle(cycle)
        try store.write("tamper with") {
            try $0.execute(sql: "UPDATE policy_version SET document = json_set(document, '$.triggers[0].minSamples', 100000)")
        }
        #expect(try replay(store.cycle(cycle.id).record) != .identical)
    }

    @Test("a cycle that cannot be read any more says which version wrote it and where it breaks")
    func undecodable() throws {
        let cycle = Samples.cycle()
        try store.recordCycle(cycle)
        try store.write("tamper with") { try $0.execute(sql: "UPDATE cycle SET snapshot = json_set(snapshot, '$.time', 'noon')") }
        let error = try #require(throws: StoreError.self) { _ = try store.cycle(cycle.id) }
        #expect(error.kind == .undecodable)
        #expect(error.description.contains("version 0.1.0") && error.description.contains("/time"))
        #expect(try store.cycles().count == 1, "the list does not need the inputs")
    }

    @Test("lists are newest first, by policy, and bounded")
    func lists() throws {
        var other = Samples.policy()
        other.name = "batch"
        for number in UInt32(1)...4 { try store.recordCycle(Samples.cycle(number, policy: number == 3 ? other : Samples.policy())) }
        #expect(try store.cycles().map(\.id) == [4, 3, 2, 1].map { Samples.id($0) })
        #expect(try store.cycles(policy: "chat", limit: 2).map(\.id) == [4, 2].map { Samples.id($0) })
        #expect(try store.cycles(limit: -1).isEmpty)
        let summary = try #require(try store.cycles(policy: "batch").first)
        let cycle = Samples.cycle(3, policy: other)
        #expect(summary.time == cycle.decision.time && summary.outcome == .recommend && summary.origin == .recommend)
        #expect(summary.recommendations.map(\.candidate) == cycle.decision.recommendations.map(\.candidate))
    }

    @Test("equal policies are kept once")
    func policiesOnce() throws {
        for number in UInt32(1)...3 { try store.recordCycle(Samples.cycle(number)) }
        #expect(try store.read("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM policy_version") } == 1)
    }

    @Test("the same cycle twice is a conflict, and the first stays")
    func twice() throws {
        let ids = try store.recordCycle(Samples.cycle())
        #expect(try #require(throws: StoreError.self) { try store.recordCycle(Samples.cycle()) }.kind == .conflict)
        #expect(try store.cycle(Samples.id(1)).recommendationIDs == ids)
    }

    @Test("the beginning of an identifier names a cycle, or a recommendation of one")
    func prefixes() throws {
        let ids = try store.recordCycle(Samples.cycle(0xABCD_0001))
        try store.recordCycle(Samples.cycle(0xABCD_0002))
        #expect(try store.cycle(matching: "ABCD0001").cycle.record.id == Samples.id(0xABCD_0001))
        #expect(try store.cycle(matching: "abcd0002-").recommendation == nil)
        let match = try store.cycle(matching: ids[0].uuidString)
        #expect(match.recommendation == 0 && match.cycle.record.id == Samples.id(0xABCD_0001))
    }

    @Test("a beginning that fits several names them all")
    func ambiguous() throws {
        for number in UInt32(0xABCD_0001)...0xABCD_000C { try store.recordCycle(Samples.cycle(number)) }
        let error = try #require(throws: StoreError.self) { _ = try store.cycle(matching: "abcd") }
        #expect(error.kind == .ambiguous)
        #expect(error.cause.contains(Samples.id(0xABCD_0001).uuidString.lowercased()) && error.cause.hasSuffix("…"))
    }

    @Test("what is no identifier, too short or unknown is not found", arguments: ["", "abc", "g000", "%%%%", "12345678", "' OR 1=1 --"])
    func unknown(_ text: String) throws {
        try store.recordCycle(Samples.cycle(0xABCD_0001))
        #expect(try #require(throws: StoreError.self) { _ = try store.cycle(matching: text) }.kind == .notFound)
    }

    @Test("a dry run leaves the history as it is; a cycle that remembers adds to it")
    func remembering() throws {
        let cycle = Samples.cycle()
        try store.recordCycle(cycle)
        #expect(try store.history(for: "chat", since: Samples.time) == ControlHistory())
        try store.recordCycle(Samples.cycle(2), remembering: true)
        let history = try store.history(for: "chat", since: Samples.time)
        #expect(history.triggers == Samples.cycle(2).decision.nextTriggers)
        #expect(history.replicaRecommendations.map(\.replicas) == [3])
    }
}
