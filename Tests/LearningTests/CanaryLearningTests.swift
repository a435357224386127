import Foundation
import Learning
import Measurements
import Testing

/// What canaries showed, as part of what is learned.
@Suite struct CanaryLearningTests {
    static let now = LearnedEffectsTests.now

    /// `slots +1` changed time per token by `effect` on a canary, of which physics expected `predicted`.
    static func canary(_ effect: Double, error: Double = 0.02, predicted: Double = 0, daysAgo: Double = 0.5) throws -> EpisodeRecord {
        let propensities = try Propensities(
            chosen: "slots +1", distribution: ["slots +1": 0.75, EpisodeRecord.noOperation: 0.25])
        var episode = EpisodeRecord(
            id: UUID(), deployment: "llm/chat", decidedAt: now.advanced(by: .seconds(-86_400 * daysAgo)), mode: .canary,
            propensities: propensities)
        episode.predictions.afterUnchanged.timePerOutputToken = 0
        episode.predictions.afterChanged.timePerOutputToken = predicted
        var closure = EpisodeClosure(time: now, verdict: effect < 0 ? .improved : .worsened, stopReason: "decided")
        closure.contrasts[.timePerOutputToken] = MeasuredEffect(
            logRatio: effect, standardError: error, lower: effect - 4 * error, upper: effect + 4 * error)
        episode.closure = closure
        return episode
    }

    private func learned(_ episodes: [EpisodeRecord]) -> LearnedEffects? {
        LearnedEffects(OutcomeRows(episodes.compactMap(\.sample), at: Self.now))
    }

    private func effect(_ episodes: [EpisodeRecord]) throws -> LearnedEffect {
        try #require(learned(episodes)?.action("slots +1")?.effects[.timePerOutputToken])
    }

    @Test("canaries alone teach the effect, nearer to it and surer the more there are")
    func alone() throws {
        let few = try effect([try Self.canary(-0.3, predicted: -0.1)])
        let many = try effect(try (0..<6).map { _ in try Self.canary(-0.3, predicted: -0.1) })
        #expect(
            few.canaries == 1 && few.episodes == 1 && many.canaries == 6 && many.episodes == 6 && abs(many.effectiveEpisodes - 6) < 1e-9)
        #expect(abs(many.predicted + 0.1) < 1e-9 && abs(many.total.logRatio + 0.3) < 0.02, "\(many)")
        #expect(few.total.logRatio < -0.25 && few.total.logRatio > many.total.logRatio && many.deviation < 0.6 * few.deviation)
        #expect(many.deviation > 0.05 / 6.0.squareRoot(), "canaries differ by more than they know")
        let effects = try #require(learned([try Self.canary(-0.3, predicted: -0.1)]))
        #expect(effects.episodes == 1 && effects.canaries == 1 && effects.holdouts == 0 && effects.leftOut == 0)
        #expect(effects.accuracy.isEmpty, "nothing was foretold")
        #expect(try JSONDecoder().decode(LearnedEffects.self, from: try JSONEncoder().encode(effects)) == effects)
        let found = LearnedEstimator(effects).effect(of: LearnedEffectsTests.candidate, in: LearnedEffectsTests.state)
        #expect(found.source == .learned(episodes: 1, holdouts: 0))
    }

    @Test("beside episodes over time they make an effect surer, and are no holdouts and no forecasts")
    func beside() throws {
        let episodes = try LearnedEffectsTests.episodes(40, effect: 0.1, predicted: 0)
        let without = try #require(learned(episodes))
        let with = try #require(learned(episodes + [try Self.canary(0.1), try Self.canary(0.12)]))
        #expect(with.episodes == 42 && with.holdouts == without.holdouts && with.canaries == 2 && without.canaries == nil)
        #expect(with.accuracy[.timePerOutputToken]?.stated == without.accuracy[.timePerOutputToken]?.stated)
        let (before, after) = (try effect(episodes), try effect(episodes + [try Self.canary(0.1), try Self.canary(0.12)]))
        #expect(after.deviation < before.deviation && abs(after.excess - 0.1) < 0.03, "\(before) \(after)")
    }

    @Test("one that is older counts less, and one that told less surely")
    func weights() throws {
        let fresh = try Self.canary(0.1, daysAgo: 0)
        #expect(try effect([fresh, try Self.canary(-0.1, daysAgo: 70)]).excess > 0.08)
        #expect(try effect([fresh, try Self.canary(-0.1, error: 0.5)]).excess > 0.08)
        #expect(abs(try effect([fresh, try Self.canary(-0.1, daysAgo: 0)]).excess) < 1e-9)
    }

    @Test("what it showed before the action's effect changed counts less")
    func changed() throws {
        var draws = NormalSource(seed: 5)
        let rows = (0..<80).map { (number: Int) -> EffectRow in
            let isChanged = number.isMultiple(of: 2)
            let effect = isChanged && number >= 40 ? 0.5 : 0.0
            return EffectRow(
                action: isChanged ? 0 : nil, residual: effect + 0.02 * draws.next(), residualBefore: 0, load: 0, propensity: 0.5,
                age: 0.05 * Double(80 - number))
        }
        func excess(canaryAt age: Double) throws -> Double {
            let canary = EffectContrast(action: 0, excess: 0, variance: 0, age: age)
            let model = try #require(CausalLearner().learn(rows, contrasts: [canary], classes: [0]))
            #expect(model.changes.contains { $0.action == 0 })
            return model.fit.effects[0].excess
        }
        let (early, late) = (try excess(canaryAt: 3.9), try excess(canaryAt: 0.1))
        #expect(early > late + 0.02, "\(early) \(late)")
    }

    @Test("one that was not judged by its latencies, or without a prediction, teaches nothing; what came on probation does not matter")
    func leftOut() throws {
        var unjudged = try Self.canary(-0.3)
        unjudged.closure?.contrasts = [:]
        var unforetold = try Self.canary(-0.3)
        unforetold.predictions = EpisodePredictions()
        var doubted = try Self.canary(-0.3)
        doubted.closure?.quality = 0
        #expect(learned([unjudged, unforetold, doubted]) == nil)
        var probation = try Self.canary(-0.3)
        probation.closure?.contamination = [.errorStorm, .metricGap]
        probation.closure?.verdict = .worsened
        let effects = try #require(learned([unjudged, probation]))
        #expect(effects.canaries == 1 && effects.leftOut == 1)
    }

    @Test("absurd figures are left out", arguments: [1e300, -1e300, .nan, .infinity])
    func absurd(figure: Double) throws {
        var odd = try Self.canary(0.1, predicted: 0)
        odd.predictions.afterChanged.timePerOutputToken = figure
        let episodes = [try Self.canary(figure), try Self.canary(0.1, error: figure), odd, try Self.canary(0.1)]
        let found = try effect(episodes)
        #expect(found.canaries == 1 && found.excess > 0.05 && found.deviation.isFinite)
    }
}
