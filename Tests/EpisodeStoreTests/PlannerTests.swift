import Control
import EpisodeStore
import EpisodeStoreHelper
import Foundation
import GRDB
import Measurements
import TestSupport
import Testing

@Suite("What a planner has learned, in the store") struct PlannerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func planner(_ text: String, checksum: UInt64? = nil) -> StoredPlanner {
        let document = Data(text.utf8)
        return StoredPlanner(time: Samples.time, document: document, checksum: checksum ?? StoredPlanner.checksum(of: document))
    }

    @Test("is there after a restart, the newest of each policy and target")
    func kept() throws {
        do {
            let store = try EpisodeStore(path: folder.store)
            #expect(try store.planner(of: "chat", target: "llm/chat") == nil)
            try store.keep(planner("old"), of: "chat", target: "llm/chat")
            try store.keep(planner("{\"a\":1}"), of: "chat", target: "llm/chat")
            try store.keep(planner("other", checksum: .max), of: "chat", target: "llm/other")
        }
        let store = try EpisodeStore(path: folder.store)
        #expect(try store.planner(of: "chat", target: "llm/chat") == planner("{\"a\":1}"))
        #expect(try store.planner(of: "chat", target: "llm/other") == planner("other", checksum: .max))
        #expect(try store.planner(of: "code", target: "llm/chat") == nil)
    }

    @Test("a row that was tampered with is told from a whole one, and crashes nobody")
    func damaged() throws {
        do { try EpisodeStore(path: folder.store).keep(planner("{}"), of: "chat", target: "llm/chat") }
        let queue = try DatabaseQueue(path: folder.store)
        try queue.write { try $0.execute(sql: "UPDATE planner SET checksum = 'x', time = 'yesterday'") }
        try queue.close()
        let found = try #require(try EpisodeStore(path: folder.store).planner(of: "chat", target: "llm/chat"))
        #expect(found.checksum != StoredPlanner.checksum(of: found.document))
    }

    @Test("goes with what is old")
    func pruned() throws {
        let store = try EpisodeStore(path: folder.store)
        try store.keep(planner("{}"), of: "chat", target: "llm/chat")
        _ = try store.prune(olderThan: Samples.time)
        #expect(try store.planner(of: "chat", target: "llm/chat") != nil)
        _ = try store.prune(olderThan: Samples.time.advanced(by: .seconds(1)))
        #expect(try store.planner(of: "chat", target: "llm/chat") == nil)
    }
}
