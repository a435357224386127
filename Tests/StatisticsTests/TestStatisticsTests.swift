import Testing

@testable import Statistics

@Suite struct DistributionFunctionTests {
    /// `scipy.stats.t.ppf(q, d)` with SciPy 1.17.
    @Test(
        "quantiles of Student's t",
        arguments: [
            (0.975, 1.0, 12.706204736174694), (0.975, 7, 2.364624251592784), (0.975, 31, 2.039513446396408), (0.9, 3.5, 1.5765766051364052),
            (0.05, 12, -1.7822875556493194),
        ])
    func student(share: Double, degrees: Double, expected: Double) {
        #expect(abs(studentQuantile(share, degreesOfFreedom: degrees) - expected) < 1e-9)
    }

    /// `scipy.stats.t.cdf`, `scipy.stats.norm.ppf`, `scipy.stats.norm.cdf`.
    @Test("shares and quantiles of the normal distribution and of t")
    func normal() {
        #expect(abs(studentCumulative(2, degreesOfFreedom: 5) - 0.9490302605850708) < 1e-12)
        #expect(abs(studentCumulative(-1.3, degreesOfFreedom: 2) - 0.16162351590802015) < 1e-12)
        #expect(abs(standardNormalQuantile(0.975) - 1.959963984540054) < 1e-12)
        #expect(abs(standardNormalQuantile(1e-9) + 5.9978070150076865) < 1e-9)
        #expect(abs(standardNormalCumulative(-6) / 9.865876450376946e-10 - 1) < 1e-10)
    }

    /// `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.
    @Test("Wilson's interval of a share")
    func wilson() throws {
        let most = wilsonInterval(share: 0.9, trials: 50)
        #expect(abs(most.lower - 0.7863976856252034) < 1e-12 && abs(most.upper - 0.9565242350681095) < 1e-12)
        let none = wilsonInterval(share: 0, trials: 20)
        #expect(none.lower == 0 && abs(none.upper - 0.16112515805281935) < 1e-12)
        let inRow = try #require(shareInterval((0..<200).map { $0 < 100 ? 1 : 0 }))
        let mixed = try #require(shareInterval((0..<200).map { $0.isMultiple(of: 2) ? 1 : 0 }))
        #expect(inRow.halfWidth > 2 * mixed.halfWidth, "a hundred failures in a row are one event, not a hundred")
        #expect(shareInterval([]) == nil)
    }
}

@Suite struct DifferenceTests {
    /// `scipy.stats.mannwhitneyu(second, first, alternative="two-sided", method="asymptotic")`.
    @Test("ranks of two samples, with ties")
    func ranks() throws {
        let first = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
        let second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29, 1.62]
        let test = try #require(RankTest(first, second))
        #expect(test.u == 26.5 && abs(test.p - 0.14112042030460462) < 1e-12)
        #expect(abs(test.cliffsDelta + 0.4111111111111111) < 1e-12)
        #expect(RankTest([1, 2], [3, 4])?.cliffsDelta == 1 && RankTest([1, 1], [1, 1])?.p == 1 && RankTest([], [1]) == nil)
    }

    @Test("Holm raises each p by the tests that are left, never past one and never out of order")
    func holm() {
        let adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005])
        for (found, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(found - expected) < 1e-12) }
        #expect(holmAdjusted([0.9, 0.8]) == [1, 1] && holmAdjusted([]).isEmpty)
    }

    /// Newcombe 1998, table II, example (a), method 10: 56/70 and 48/80 differ by 0.2, 95 % interval 0.0524 to 0.3339.
    @Test("two shares differ as in Newcombe's example")
    func newcombe() {
        let difference = EstimateDifference(
            from: 0.6, wilsonInterval(share: 0.6, trials: 80), to: 0.8, wilsonInterval(share: 0.8, trials: 70))
        #expect(abs(difference.difference - 0.2) < 1e-12)
        #expect(abs(difference.interval.lower - 0.0524) < 5e-5 && abs(difference.interval.upper - 0.3339) < 5e-5)
        #expect(difference.p < 0.01 && difference.p > 0.001)
    }

    @Test("an interval that just excludes zero has the p of its confidence")
    func agreement() {
        let one = ConfidenceInterval(lower: -1, upper: 1, confidence: 0.95)
        let edge = EstimateDifference(
            from: 0, one, to: 2.0.squareRoot(), ConfidenceInterval(lower: 2.0.squareRoot() - 1, upper: 3, confidence: 0.95))
        #expect(abs(edge.interval.lower) < 1e-12 && abs(edge.p - 0.05) < 1e-9)
    }

    @Test("twice as long is a factor of two, whatever the unit; zero has no factor")
    func factors() throws {
        let before = ConfidenceInterval(lower: 0.9, upper: 1.1, confidence: 0.95)
        let after = ConfidenceInterval(lower: 1.8, upper: 2.2, confidence: 0.95)
        let found = try #require(EstimateDifference.ofLogarithms(from: 1, before, to: 2, after)).factors
        #expect(abs(found.ratio - 2) < 1e-12 && found.interval.lower > 1.7 && found.interval.upper < 2.31)
        #expect(EstimateDifference.ofLogarithms(from: 0, before, to: 2, after) == nil)
    }

    @Test("two samples of one system seldom differ, and of a slower one mostly do")
    func falseAndTrueFindings() {
        var (falseOnes, trueOnes) = (0, 0)
        let noise = autoregression(80_000, likeness: 0.5, seed: 77).map { exponential($0 / 4) }
        func estimate(_ start: Int, _ factor: Double) -> (Double, ConfidenceInterval) {
            let found = BatchedMean(noise[start..<start + 400].map { $0 * factor })
            return (found?.mean ?? 0, found?.interval() ?? ConfidenceInterval(lower: 0, upper: 0, confidence: 0.95))
        }
        for pair in 0..<100 {
            let before = estimate(pair * 800, 1)
            let same = estimate(pair * 800 + 400, 1)
            let slower = estimate(pair * 800 + 400, 1.15)
            if let p = EstimateDifference.ofLogarithms(from: before.0, before.1, to: same.0, same.1)?.p, p < 0.05 { falseOnes += 1 }
            if let p = EstimateDifference.ofLogarithms(from: before.0, before.1, to: slower.0, slower.1)?.p, p < 0.05 { trueOnes += 1 }
        }
        #expect(falseOnes <= 10 && trueOnes >= 95, "\(falseOnes) false, \(trueOnes) true of 100")
    }
}
