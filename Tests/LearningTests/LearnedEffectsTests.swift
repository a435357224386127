import Foundation
import Learning
import Measurements
import Policies
import Testing

/// From episodes, as a store keeps them, to predictions.
@Suite struct LearnedEffectsTests {
    static let now = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    /// Episodes in which `slots +1` changes time per token by `effect`, of which physics expected `predicted`; every fourth is a holdout.
    static func episodes(_ count: Int, effect: Double, predicted: Double, seed: UInt64 = 1) throws -> [EpisodeRecord] {
        var draws = NormalSource(seed: seed)
        return try (0..<count).map { number in
            let isHoldout = number % 4 == 3
            let propensities = try Propensities(
                chosen: isHoldout ? "noop" : "slots +1", distribution: ["slots +1": 0.75, EpisodeRecord.noOperation: 0.25])
            var episode = EpisodeRecord(
                id: UUID(), deployment: "llm/chat", decidedAt: now.advanced(by: .seconds(-3_600 * 6 * (count - number))),
                mode: isHoldout ? .holdout : .temporal, propensities: propensities)
            let level = 0.1 * draws.next()
            episode.before.outcomes.timePerOutputToken = -3 + level + 0.05 * draws.next()
            episode.predictions.afterUnchanged.timePerOutputToken = 0
            episode.predictions.afterChanged.timePerOutputToken = predicted
            var after = EpisodeWindow()
            after.outcomes.timePerOutputToken = -3 + 0.5 * level + (isHoldout ? 0 : effect) + 0.05 * draws.next()
            after.conditions.arrivalRate = exp(1 + 0.1 * draws.next())
            episode.closure = EpisodeClosure(
                time: episode.decidedAt.advanced(by: .seconds(600)), verdict: .improved, stopReason: "decided", after: after)
            return episode
        }
    }

    private func learned(_ episodes: [EpisodeRecord]) -> LearnedEffects? {
        LearnedEffects(OutcomeRows(episodes.compactMap(\.sample), at: Self.now))
    }

    static let candidate = Candidate(knob: "slots", role: .concurrency, from: .integer(2), to: .integer(4), step: 1)

    static let state: OperatingPoint = {
        var state = OperatingPoint()
        (state.replicas, state.concurrencyLimit, state.requestsPerSecond) = (1, 2, exp(1))
        (state.timeToFirstToken, state.timePerOutputToken, state.endToEnd) = (0.5, 0.05, 3)
        return state
    }()

    @Test("an estimate moves from physics to what the episodes say, and says from how many")
    func moves() throws {
        let prior = try #require(PhysicalPrior().effect(of: Self.candidate, in: Self.state).outcomes[.timePerOutputToken])
        let effects = try #require(learned(try Self.episodes(60, effect: prior.logRatio + 0.2, predicted: prior.logRatio)))
        let found = LearnedEstimator(effects).effect(of: Self.candidate, in: Self.state)
        #expect(found.source == .learned(episodes: 45, holdouts: 15))
        let tokens = try #require(found.outcomes[.timePerOutputToken])
        #expect(abs(tokens.logRatio - prior.logRatio - 0.2) < 0.04 && tokens.deviation < prior.deviation / 3)
        let whole = try #require(found.outcomes[.endToEnd])
        #expect(whole.logRatio > (PhysicalPrior().effect(of: Self.candidate, in: Self.state).outcomes[.endToEnd]?.logRatio ?? 1))
        #expect(found.reasoning.contains { $0.contains("45 episodes") && $0.contains("beyond what physics expected") })
        let accuracy = try #require(effects.accuracy[.timePerOutputToken])
        #expect(accuracy.stated == 39 && accuracy.covered >= 30 && accuracy.reliability.count == 39)
    }

    @Test("an action without episodes is left to physics, and one episode claims no more than physics does")
    func few() throws {
        let effects = try #require(learned(try Self.episodes(1, effect: -0.9, predicted: 0)))
        var other = Self.candidate
        other.step = -1
        #expect(LearnedEstimator(effects).effect(of: other, in: Self.state).source == .physicalPrior)
        let prior = try #require(PhysicalPrior().effect(of: Self.candidate, in: Self.state).outcomes[.timePerOutputToken])
        let one = try #require(LearnedEstimator(effects).effect(of: Self.candidate, in: Self.state).outcomes[.timePerOutputToken])
        #expect(abs(one.logRatio - prior.logRatio) < 0.02 && one.deviation >= prior.deviation - 1e-6)
    }

    @Test("blurred, unmeasured and unpredicted episodes teach nothing")
    func leftOut() throws {
        var episodes = try Self.episodes(8, effect: 0, predicted: 0)
        episodes[0].closure?.contamination = .otherChange
        episodes[1].closure?.verdict = .unmeasured
        episodes[2].closure?.quality = 0
        episodes[4].predictions = EpisodePredictions()
        episodes[5].closure = nil
        episodes[6].mode = .observe
        let effects = try #require(learned(episodes))
        #expect(effects.leftOut == 5 && effects.episodes == 2 && effects.holdouts == 2)
        #expect(effects.actions.isEmpty, "the one change that is left has no prediction")
        #expect(learned([]) == nil)
    }

    @Test("absurd figures are left out, so that what was learned is always finite", arguments: [1e300, -1e300, .nan, .infinity])
    func absurd(figure: Double) throws {
        var episodes = try Self.episodes(12, effect: 0.1, predicted: 0)
        episodes[0].before.outcomes.timePerOutputToken = figure
        episodes[1].predictions.afterChanged.timePerOutputToken = figure
        episodes[2].closure?.after.conditions.arrivalRate = figure
        episodes[4].before.conditions.trend = figure
        let effects = try #require(learned(episodes))
        let effect = try #require(effects.action("slots +1")?.effects[.timePerOutputToken])
        #expect(effect.excess.isFinite && effect.deviation.isFinite && abs(effect.excess) < 0.2)
        _ = try JSONEncoder().encode(effects)
    }

    @Test("what was learned survives being written and read")
    func coded() throws {
        let effects = try #require(learned(try Self.episodes(40, effect: 0.1, predicted: 0.05)))
        #expect(try JSONDecoder().decode(LearnedEffects.self, from: try JSONEncoder().encode(effects)) == effects)
    }

    @Test("never changing is shown to be better where changes do harm, always changing where they help")
    func alternatives() throws {
        let harmful = try #require(
            PolicyAlternatives(try Self.episodes(160, effect: 0.2, predicted: 0), outcome: .timePerOutputToken, at: Self.now))
        #expect(harmful.decisions == 160 && harmful.holdouts == 40)
        #expect(harmful.values[.never]?.verdict == .enable && harmful.values[.likely]?.verdict == .enable)
        #expect((harmful.values[.always]?.difference ?? 1) < 0)
        let useful = try #require(
            PolicyAlternatives(try Self.episodes(160, effect: -0.2, predicted: 0), outcome: .timePerOutputToken, at: Self.now))
        #expect(useful.values[.always]?.verdict == .enable && (useful.values[.never]?.difference ?? 1) < 0)
        #expect(PolicyAlternatives([], outcome: .timePerOutputToken, at: Self.now) == nil)
    }
}
