import Control
import EpisodeStore
import EpisodeStoreHelper
import Foundation
import GRDB
import Measurements
import TestSupport
import Testing

@Suite("What a tuner has learned, in the store") struct TunerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func tuner(_ text: String) -> StoredTuner {
        let document = Data(text.utf8)
        return StoredTuner(time: Samples.time, document: document, checksum: StoredPlanner.checksum(of: document))
    }

    @Test("is there after a restart, the newest of each policy and target, and goes with what is old")
    func kept() throws {
        do {
            let store = try EpisodeStore(path: folder.store)
            #expect(try store.tuner(of: "chat", target: "llm/chat") == nil)
            try store.keep(tuner("old"), of: "chat", target: "llm/chat")
            try store.keep(tuner("{\"a\":1}"), of: "chat", target: "llm/chat")
            try store.keep(tuner("other"), of: "chat", target: "llm/other")
        }
        let store = try EpisodeStore(path: folder.store)
        #expect(try store.tuner(of: "chat", target: "llm/chat") == tuner("{\"a\":1}"))
        #expect(try store.tuner(of: "chat", target: "llm/other") == tuner("other"))
        #expect(try store.tuner(of: "code", target: "llm/chat") == nil)
        #expect(try store.finishedTrials(of: "chat", target: "llm/chat", since: Samples.time) == [])
        _ = try store.prune(olderThan: Samples.time.advanced(by: .seconds(1)))
        #expect(try store.tuner(of: "chat", target: "llm/chat") == nil)
    }

    @Test("a row that was tampered with is told from a whole one, and crashes nobody")
    func damaged() throws {
        do { try EpisodeStore(path: folder.store).keep(tuner("{}"), of: "chat", target: "llm/chat") }
        let queue = try DatabaseQueue(path: folder.store)
        try queue.write { try $0.execute(sql: "UPDATE tuner SET checksum = 'x', time = 'yesterday'") }
        try queue.close()
        let found = try #require(try EpisodeStore(path: folder.store).tuner(of: "chat", target: "llm/chat"))
        #expect(found.checksum != StoredPlanner.checksum(of: found.document))
    }
}
