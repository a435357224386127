import Control
import EpisodeStoreHelper
import Foundation
import GRDB
import Measurements
import Policies
import TestSupport
import Testing

@testable import EpisodeStore

@Suite struct FullDiskTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func pages() throws -> Int {
        try EpisodeStore(readingFrom: folder.store).read("look at") { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    }

    @Test("wherever the disk becomes full, an import leaves nothing or is complete")
    func importing() throws {
        do { try EpisodeStore(path: folder.store).recordCycle(Samples.cycle()) }
        let first = try pages()
        for room in first... {
            let store = try EpisodeStore(path: folder.store, maximumBytes: room * 4_096)
            do {
                _ = try store.importMeasurements { append in
                    for index in 0..<200 { try append(Samples.measurement(index)) }
                    return Samples.importRecord()
                }
                #expect(room > first, "no room was enough")
                #expect(try store.imports().map(\.measurementCount) == [200])
                return
            } catch let error as StoreError {
                #expect(error.kind == .diskFull, "\(error)")
                #expect(error.aftermath.contains("undone as a whole"))
            }
            #expect(try store.imports().isEmpty && store.cycles().count == 1)
            #expect(try store.integrityCheck().isEmpty)
        }
    }

    @Test("wherever the disk becomes full, a cycle is recorded with its history or not at all")
    func cycles() throws {
        do { _ = try EpisodeStore(path: folder.store) }
        let first = try pages()
        for room in first... {
            let store = try EpisodeStore(path: folder.store, maximumBytes: room * 4_096)
            do {
                try store.recordCycle(Samples.cycle(), remembering: true)
                #expect(room > first, "no room was enough")
                return
            } catch let error as StoreError {
                #expect(error.kind == .diskFull, "\(error)")
            }
            #expect(try store.cycles().isEmpty)
            let history = try store.history(for: "chat", since: Samples.time)
            #expect(history.triggers.isEmpty && history.replicaRecommendations.isEmpty)
        }
    }

    @Test(
        "whichever write of a cycle fails, the store is as it was before",
        arguments: ["policy_version", "cycle", "recommendation", "trigger_state", "replica_recommendation"])
    func failingWrite(_ table: String) throws {
        let store = try EpisodeStore(path: folder.store)
        try store.recordCycle(Samples.cycle(1), remembering: true)
        let before = try contents(store)
        try store.write("damage") {
            try $0.execute(sql: "CREATE TRIGGER refuse BEFORE INSERT ON \(table) BEGIN SELECT RAISE(ABORT, 'refused'); END")
        }
        var policy = Samples.policy()
        policy.triggers[0].minSamples = 25
        let error = try #require(throws: StoreError.self) {
            try store.recordCycle(Samples.cycle(2, policy: policy), remembering: true)
        }
        #expect(error.kind == .conflict && error.cause.contains("refused"))
        #expect(try contents(store) == before)
    }

    private func contents(_ store: EpisodeStore) throws -> [String] {
        try store.read("look at") { database in
            try ["policy_version", "cycle", "recommendation", "trigger_state", "replica_recommendation"].flatMap { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \(table)").map { "\(table) \($0)" }
            }
        }
    }
}
