import FoundationEssentials
import Learning
import Measurements
import Policies
import Testing

@testable import Control

@Suite struct LearningFromEpisodesTests {
    static let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    /// Another replica did `effect` to the time to first token, of which physics expected nothing; every third is a holdout.
    private func samples(_ count: Int, effect: Double) throws -> [EpisodeSample] {
        try (0..<count).map { number in
            let isHoldout = number % 3 == 0
            var episode = EpisodeRecord(
                id: UUID(), deployment: "llm/chat", decidedAt: Self.now.advanced(by: .seconds(-3_600 * (count - number))),
                mode: isHoldout ? .holdout : .temporal,
                propensities: try Propensities(
                    chosen: isHoldout ? EpisodeRecord.noOperation : "replicas +1",
                    distribution: ["replicas +1": 2.0 / 3, EpisodeRecord.noOperation: 1.0 / 3]))
            episode.before.outcomes.timeToFirstToken = -0.5
            episode.predictions.afterUnchanged.timeToFirstToken = 0
            episode.predictions.afterChanged.timeToFirstToken = 0
            var after = EpisodeWindow()
            after.outcomes.timeToFirstToken = -0.5 + 0.01 * Double(number % 4) + (isHoldout ? 0 : effect)
            after.conditions.arrivalRate = 2
            episode.closure = EpisodeClosure(time: Self.now, verdict: .improved, stopReason: "decided", after: after)
            return try #require(episode.sample)
        }
    }

    private func record(learned: LearnedEffects?) -> CycleRecord {
        let policy = DecideTests.policy()
        var snapshot = DecideTests.snapshot(policy)
        snapshot.history.learned = learned
        return CycleRecord(
            id: UUID(), origin: .run, toolVersion: "0.1.0", policy: policy, snapshot: snapshot, decision: decide(snapshot, under: policy))
    }

    @Test("what was learned changes what a decision expects, is told in it, and is kept for its replay")
    func decided() throws {
        let learned = try #require(LearnedEffects(samples: try samples(60, effect: -0.3), at: Self.now))
        let record = record(learned: learned)
        let more = try #require(record.decision.recommendations.first { $0.candidate.actionName == "replicas +1" })
        #expect(more.effect.source == .learned(episodes: 40, holdouts: 20))
        #expect(more.rationale.contains("Physics put right by what was learned from 40 episodes of this change and 20 holdouts."))
        let physics = self.record(learned: nil).decision.recommendations.first { $0.candidate.actionName == "replicas +1" }
        let expected = try #require(physics?.effect.outcomes[.timeToFirstToken])
        let found = try #require(more.effect.outcomes[.timeToFirstToken])
        #expect(found.logRatio < expected.logRatio - 0.2)
        let copy = try CanonicalJSON.decode(CycleRecord.self, from: CanonicalJSON.encode(record))
        #expect(copy == record)
        #expect(try replay(copy) == .identical)
    }

    @Test("what did harm every time is no longer recommended")
    func harm() throws {
        let learned = try #require(LearnedEffects(samples: try samples(60, effect: 2.5), at: Self.now))
        let decision = record(learned: learned).decision
        #expect(!decision.recommendations.contains { $0.candidate.actionName == "replicas +1" }, "\(decision.recommendations)")
    }

    @Test("the values that fired a trigger are no baseline where there are blocks before them")
    func baseline() {
        var trigger = Trigger(name: "slow", type: .latencyThreshold, condition: .and([]))
        trigger.window = .seconds(60)
        func blocks(_ count: Int) -> [LatencyBlock] {
            (0..<count).map {
                LatencyBlock(start: Self.now.advanced(by: .seconds(-15 * (count - $0))), length: .seconds(15), requests: $0 + 1)
            }
        }
        let many = BlocksBefore(blocks(30), trigger: trigger, decidedAt: Self.now)
        #expect(many.fired.map(\.requests) == [27, 28, 29, 30])
        #expect(many.baseline.map(\.requests) == Array(15...22), "four blocks lie between")
        let few = BlocksBefore(blocks(10), trigger: trigger, decidedAt: Self.now)
        #expect(few.baseline.count == 10 && few.fired.count == 4)
        #expect(BlocksBefore([], trigger: trigger, decidedAt: Self.now).baseline.isEmpty)
    }
}
