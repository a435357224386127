import Control
import EpisodeStore
import EpisodeStoreHelper
import Foundation
import Measurements
import Policies
import TestSupport
import Testing

@Suite struct HistoryTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func change(_ seconds: Int) -> PastChange {
        PastChange(
            time: Samples.time.advanced(by: .seconds(seconds)), knob: "replicas", role: .replicas, from: .integer(seconds),
            to: .integer(seconds + 1))
    }

    @Test("a cooldown survives a restart")
    func cooldown() throws {
        let trigger = Samples.policy().triggers[0]
        var state = TriggerState()
        state.cool(trigger, because: .rolledBack, at: Samples.time)
        state.scheduleSeenThrough = Samples.time
        do { try EpisodeStore(path: folder.store).save(triggers: ["slow": state, "gone": TriggerState()], for: "chat") }
        do {
            let store = try EpisodeStore(path: folder.store)
            #expect(try store.history(for: "chat", since: Samples.time).triggers == ["slow": state, "gone": TriggerState()])
            try store.save(triggers: ["slow": state], for: "chat")
        }
        let store = try EpisodeStore(readingFrom: folder.store)
        #expect(try store.history(for: "chat", since: Samples.time).triggers == ["slow": state])
        #expect(try store.history(for: "other", since: Samples.time).triggers.isEmpty)
    }

    @Test("changes and replica counts come oldest first, of one policy, and none that is too old")
    func changes() throws {
        let store = try EpisodeStore(path: folder.store)
        for seconds in [30, 10, 20, 0] { try store.append(change(seconds), for: "chat") }
        try store.append(change(25), for: "other")
        for seconds in [20, 5] {
            try store.append(ReplicaRecommendation(time: Samples.time.advanced(by: .seconds(seconds)), replicas: seconds), for: "chat")
        }
        let history = try store.history(for: "chat", since: Samples.time.advanced(by: .seconds(10)))
        #expect(history.changes == [change(10), change(20), change(30)])
        #expect(history.replicaRecommendations.map(\.replicas) == [20])
    }

    @Test("a change that is undone is remembered as undone")
    func rolledBack() throws {
        let store = try EpisodeStore(path: folder.store)
        let number = try store.append(change(1), for: "chat")
        try store.append(change(2), for: "chat")
        try store.markRolledBack(change: number)
        #expect(try store.history(for: "chat", since: Samples.time).changes.map(\.rolledBack) == [true, false])
        #expect(try #require(throws: StoreError.self) { try store.markRolledBack(change: 99) }.kind == .notFound)
    }
}
