import EpisodeStore
import EpisodeStoreHelper
import Foundation
import Learning
import Measurements
import TestSupport
import Testing

@Suite struct LearnedTests {
    let folder: TemporaryFolder
    let store: EpisodeStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EpisodeStore(path: folder.store)
    }

    /// Every third is a holdout; the change lowers the time to first token by 0.2.
    private func episode(_ number: UInt32, closed: Bool = true) throws -> EpisodeRecord {
        let isHoldout = number % 3 == 0
        let propensities = try Propensities(
            chosen: isHoldout ? EpisodeRecord.noOperation : "replicas +1",
            distribution: ["replicas +1": 2.0 / 3, EpisodeRecord.noOperation: 1.0 / 3])
        var episode = EpisodeRecord(
            id: Samples.id(number), deployment: "llm/chat", decidedAt: Samples.time.advanced(by: .seconds(3_600 * Int(number))),
            mode: isHoldout ? .holdout : .temporal, propensities: propensities)
        episode.before = Samples.window(-0.5)
        episode.predictions.afterUnchanged.timeToFirstToken = 0
        episode.predictions.afterChanged.timeToFirstToken = -0.1
        if closed {
            let noise = 0.01 * Double(number % 5)
            episode.closure = EpisodeClosure(
                time: episode.decidedAt.advanced(by: .seconds(600)), verdict: .improved, stopReason: "decided",
                after: Samples.window(-0.5 + noise - (isHoldout ? 0 : 0.2)))
        }
        return episode
    }

    @Test("a deployment without a closed episode has taught nothing")
    func nothing() throws {
        #expect(try store.learned(of: "llm/chat", at: Samples.time) == nil)
        try store.append(try episode(1, closed: false))
        #expect(try store.learned(of: "llm/chat", at: Samples.time) == nil)
        #expect(try store.deployments() == ["llm/chat"])
    }

    @Test("effects are learned from the closed episodes of a deployment, and anew once another is closed")
    func learns() throws {
        for number in UInt32(1)...30 { try store.append(try episode(number)) }
        let now = Samples.time.advanced(by: .seconds(3_600 * 40))
        let first = try #require(try store.learned(of: "llm/chat", at: now))
        #expect(first.episodes == 30 && first.holdouts == 10 && first.leftOut == 0)
        let effect = try #require(first.action("replicas +1")?.effects[.timeToFirstToken])
        #expect(effect.episodes == 20 && abs(effect.total.logRatio + 0.2) < 0.02, "\(effect)")
        #expect(try store.learned(of: "llm/other", at: now) == nil)

        let open = try episode(31, closed: false)
        try store.append(open)
        #expect(try store.learned(of: "llm/chat", at: now) == first)
        try store.close(
            episode: open.id,
            with: EpisodeClosure(time: now, verdict: .improved, stopReason: "decided", after: Samples.window(-0.7)))
        #expect(try store.learned(of: "llm/chat", at: now)?.episodes == 31)
        let reader = try EpisodeStore(readingFrom: folder.store)
        #expect(try reader.learned(of: "llm/chat", at: now) == store.learned(of: "llm/chat", at: now))
    }
}
