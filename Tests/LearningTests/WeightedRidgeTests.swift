import Statistics
import Testing

@testable import Learning

@Suite struct WeightedRidgeTests {
    @Test("a factored matrix solves back to the identity, and what is not positive has no factor", arguments: [1, 7, 32])
    func inverse(width: Int) throws {
        var draws = NormalSource(seed: UInt64(width))
        let root = (0..<width * width).map { _ in draws.next() }
        var matrix = [Double](repeating: 0, count: width * width)
        for i in 0..<width {
            for j in 0..<width {
                for k in 0..<width { matrix[i * width + j] += root[i * width + k] * root[j * width + k] }
            }
            matrix[i * width + i] += 0.1
        }
        let inverse = try #require(CholeskyFactor(matrix, width: width)).inverse()
        for i in 0..<width {
            for j in 0..<width {
                let entry = (0..<width).reduce(0) { $0 + matrix[i * width + $1] * inverse[$1 * width + j] }
                #expect(abs(entry - (i == j ? 1 : 0)) < 1e-6)
            }
        }
        matrix[0] = -1
        #expect(CholeskyFactor(matrix, width: width) == nil)
    }

    @Test("a mean with a prior is the weighted mean, shrunk by what the prior is worth")
    func mean() throws {
        let ridge = WeightedRidge(design: [1, 1, 1], width: 1, response: [1, 2, 6], weights: [1, 2, 1])
        let solution = try #require(ridge.solve(penalties: [4]))
        #expect(abs(solution.coefficients[0] - 11.0 / 8) < 1e-12)
        // The three rows have decided half of the coefficient.
        #expect(abs(solution.degreesOfFreedom - 2.5) < 1e-12)
        // HC3 by hand: Σ (v e / (1 − h))² / A².
        let (mean, weights, responses) = (11.0 / 8, [1.0, 2, 1], [1.0, 2, 6])
        let meat = zip(weights, responses).reduce(0.0) { sum, pair in
            let influence = pair.0 * (pair.1 - mean) / (1 - pair.0 / 8)
            return sum + influence * influence
        }
        #expect(abs(ridge.sandwich(solution)[0] - meat / 64) < 1e-12)
    }

    @Test("one action that was always taken is told from nothing only as far as the prior says")
    func noHoldouts() throws {
        let rows = (0..<30).map { EffectRow(action: 0, residual: -0.5 + 0.01 * Double($0 % 3), residualBefore: 0, load: 0, propensity: 1) }
        let fit = try #require(EffectRegression().fit(rows, actions: 1))
        // All of it could be the level; nothing is claimed that the prior does not say.
        #expect(abs(fit.effects[0].excess) < 1e-3)
        #expect(abs(fit.effects[0].variance.squareRoot() - 0.15) < 0.01)
    }

    @Test("what cannot be fitted gives nothing instead of a number")
    func unfit() {
        #expect(EffectRegression().fit([], actions: 2) == nil)
        let row = EffectRow(action: 0, residual: 0, residualBefore: 0, load: 0, propensity: 1, quality: 0)
        #expect(EffectRegression().fit([row], actions: 1) == nil)
        #expect(EffectRegression().fit([row], actions: PreparedRows.maximumActions + 1) == nil)
        let broken = EffectRow(action: 0, residual: .nan, residualBefore: 0, load: 0, propensity: 1)
        if let fit = EffectRegression().fit([broken, row], actions: 1) { #expect(!fit.effects[0].excess.isFinite) }
    }

    @Test("same rows, same bits")
    func deterministic() throws {
        let rows = EffectWorld.spikes.episodes(60, seed: 9).map(\.row)
        let models = try (0..<2).map { _ in try #require(CausalLearner().learn(rows, classes: [0, 1, 1, 1])) }
        #expect(models[0].fit.effects == models[1].fit.effects && models[0].widening == models[1].widening)
    }
}
