import Foundation
import Learning
import Statistics
import Testing

@Suite struct ActionMixtureTests {
    private let mixture = ActionMixture(holdout: 0.1, exploration: 0.06)

    @Test("every action has exactly its share, and the best one its part of what is explored")
    func shares() {
        let shares = mixture.distribution(best: "b", safe: ["a", "b", "c"])
        #expect(abs((shares["b"] ?? 0) - 0.86) < 1e-12 && abs((shares["a"] ?? 0) - 0.02) < 1e-12)
        #expect(shares["noop"] == 0.1 && abs(shares.values.reduce(0, +) - 1) < 1e-12)
        #expect(mixture.distribution(best: nil, safe: [])["noop"] == 1)
        #expect(abs((mixture.distribution(best: nil, safe: ["a"])["noop"] ?? 0) - 0.94) < 1e-12)
    }

    @Test("while the objective burns the best is taken for certain")
    func urgent() {
        var generator = SplitMix64(seed: 3)
        let drawn = ActionMixture.urgent.draw(best: "b", safe: ["a", "b"], using: &generator)
        #expect(drawn.chosen == "b" && drawn.probability == 1)
    }

    @Test("draws as often as it says, and the same for the same seed")
    func frequencies() {
        var generator = SplitMix64(seed: 11)
        var counts: [String: Int] = [:]
        for _ in 0..<20_000 { counts[mixture.draw(best: "b", safe: ["a", "b", "c"], using: &generator).chosen, default: 0] += 1 }
        #expect(abs(Double(counts["noop"] ?? 0) / 20_000 - 0.1) < 0.01)
        #expect(abs(Double(counts["a"] ?? 0) / 20_000 - 0.02) < 0.005)
        var (one, other) = (SplitMix64(seed: 5), SplitMix64(seed: 5))
        #expect(mixture.draw(best: "b", safe: ["a"], using: &one) == mixture.draw(best: "b", safe: ["a"], using: &other))
    }

    @Test("shares that are none are cut", arguments: [-1, .nan, 7.0])
    func cut(_ share: Double) {
        let cut = ActionMixture(holdout: share, exploration: share)
        #expect((0...0.5).contains(cut.holdout) && (0...0.5).contains(cut.exploration))
    }

    @Test("propensities come back from JSON as they were, and made-up ones do not")
    func coding() throws {
        let drawn = try Propensities(chosen: "a", distribution: ["a": 0.9, "noop": 0.1])
        #expect(try JSONDecoder().decode(Propensities.self, from: JSONEncoder().encode(drawn)) == drawn)
        let forged = Data(#"{"chosen":"a","distribution":{"a":0.9,"noop":0.9}}"#.utf8)
        #expect(throws: PropensityError.self) { try JSONDecoder().decode(Propensities.self, from: forged) }
    }

    @Test("what may turn out too bad is not admitted, however good it looks")
    func gate() {
        let gate = PessimisticGate()
        #expect(gate.admits(EffectEstimate(logRatio: -0.1, deviation: 0.4)))
        #expect(!gate.admits(EffectEstimate(logRatio: -0.1, deviation: 0.5)) && !gate.admits(EffectEstimate(logRatio: 0.46, deviation: 0)))
    }
}
