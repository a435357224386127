import Testing

@testable import Statistics

/// Autoregressive noise: each value is `likeness` times the one before plus normal noise; standard normal as a whole.
func autoregression(_ count: Int, likeness: Double, seed: UInt64) -> [Double] {
    var generator = SplitMix64(seed: seed)
    var value = 0.0
    let scale = (1 - likeness * likeness).squareRoot()
    return (0..<count + 200).map { _ in
        let share = (Double(generator.next() >> 11) + 0.5) / 0x1p53
        value = likeness * value + scale * standardNormalQuantile(share)
        return value
    }.suffix(count)
}

@Suite struct DependentSeriesTests {
    /// Standard normal values of many runs, drawn once: their quantiles are costly.
    private static let noise = autoregression(120_000, likeness: 0, seed: 20_261_121)

    private static func runs(likeness: Double, length: Int) -> [[Double]] {
        let scale = (1 - likeness * likeness).squareRoot()
        return stride(from: 0, to: noise.count - length + 1, by: length).map { start in
            var value = noise[start]
            return noise[start..<start + length].map { step in
                value = likeness * value + scale * step
                return value
            }
        }
    }

    @Test("an interval of the mean covers it where neighbours resemble each other, and one for independent values would not")
    func meanCoverage() {
        for likeness in [0, 0.5, 0.8] {
            let runs = Self.runs(likeness: likeness, length: 600)
            let covered = runs.count { BatchedMean($0)?.interval().contains(0) == true }
            #expect(Double(covered) >= 0.90 * Double(runs.count), "likeness \(likeness): \(covered) of \(runs.count)")
        }
        let naive = Self.runs(likeness: 0.8, length: 600).count { run in
            var moments = RunningMoments()
            for value in run { moments.record(value) }
            return abs(moments.mean) <= 1.96 * ((moments.sampleVariance ?? 0) / 600).squareRoot()
        }
        #expect(naive < 140, "200 runs; an interval for independent values covers too few, which is why there are batches: \(naive)")
    }

    @Test("an interval of a percentile covers it where neighbours resemble each other", arguments: [Percentile.p50, .p95])
    func percentileCoverage(level: Percentile) {
        let truth = standardNormalQuantile(level.fraction)
        for likeness in [0, 0.6] {
            let estimates = Self.runs(likeness: likeness, length: 600).map { PercentileSeries($0).estimate(level) }
            let intervals = estimates.compactMap(\.interval)
            let covered = intervals.count { $0.contains(truth) }
            #expect(
                intervals.count >= 190 && Double(covered) >= 0.90 * Double(intervals.count), "\(likeness): \(covered) of \(intervals.count)"
            )
        }
    }

    @Test("the inflation of an autoregression is (1 + φ) / (1 − φ)")
    func inflation() throws {
        let series = autoregression(20_000, likeness: 0.5, seed: 3)
        let found = try #require(BatchedMean(series)).inflation
        #expect(found > 2 && found < 4.5, "3 in truth, found \(found)")
        #expect(try #require(BatchedMean([1, 1, 1, 1])).inflation == 1)
    }

    @Test("a ratio of sums is not the mean of ratios")
    func ratio() throws {
        let ratio = try #require(BatchedMean([10, 1, 1, 1], weights: [1, 1, 1, 1]))
        let weighted = try #require(BatchedMean([10, 1, 1, 1], weights: [100, 1, 1, 1]))
        #expect(ratio.mean == 3.25 && abs(weighted.mean - 13.0 / 103) < 1e-12)
        #expect(BatchedMean([1]) == nil && BatchedMean([1, 2], weights: [0, 0]) == nil)
    }

    @Test(
        "a percentile needs as many values as its interval has two ends with",
        arguments: [(Percentile.p50, 6), (.p90, 36), (.p95, 72), (.p99, 368), (.p999, 3_688)])
    func support(level: Percentile, needed: Int) {
        #expect(valuesNeeded(for: level) == needed)
        func values(_ count: Int) -> [Double] {
            var generator = SplitMix64(seed: 11)
            return (0..<count).map { _ in Double(generator.next() >> 40) }
        }
        #expect(PercentileSeries(values(needed - 1)).estimate(level).value == nil)
        let refused = PercentileSeries(values(needed - 1)).estimate(level).shortage
        #expect(refused?.description == "\(level) needs \(needed) requests, there are \(needed - 1)")
        #expect(PercentileSeries(values(4 * needed)).estimate(level).value != nil)
    }

    @Test("of values that come in long equal stretches a percentile has no interval, and says why")
    func dependentSupport() throws {
        let stretches = (0..<500).map { Double($0 / 50 * 7 % 10) }
        let estimate = PercentileSeries(stretches).estimate(.p95)
        let shortage = try #require(estimate.shortage)
        #expect(estimate.value == 9 && estimate.interval == nil)
        #expect(shortage.effectiveCount < 72 && shortage.count == 500)
        #expect(shortage.description.hasPrefix("p95 needs 72 independent requests; 500 that resemble their neighbours count as "))
    }

    /// `F = binom.cdf(range(n + 1), n, p); (argmax(F > .025), argmax(F >= .975) + 1)` with SciPy 1.17.
    @Test(
        "the ranks of an interval are those of the binomial distribution",
        arguments: [(6, 50.0, 1, 6), (100, 50, 40, 61), (72, 95, 64, 72), (400, 99, 392, 400), (5_000, 99.9, 4_990, 5_000)])
    func ranks(count: Int, percent: Double, lower: Int, upper: Int) {
        #expect(orderStatistics(Percentile(percent: percent), count: count, confidence: 0.95) == lower...upper)
    }

    @Test("weighted values count as often as their weight")
    func weighted() throws {
        let series = PercentileSeries(count: 50) { _ in [(value: 1, weight: 3), (value: 2, weight: 1)] }
        #expect(series.estimate(.p50).value == 1 && series.estimate(.p90).value == 2)
        #expect(series.count == 50 && series.method == .nearestRank)
    }

    /// Thirty gaps of a request, by its number.
    @Sendable private static func gaps(_ request: Int) -> [(value: Double, weight: Double)] {
        var generator = SplitMix64(seed: UInt64(request))
        return (0..<30).map { _ in (value: Double(generator.next() >> 44), weight: 1) }
    }

    @Test("more values than are kept are counted to 0.1 %")
    func many() throws {
        let exactly = PercentileSeries(count: 400, members: Self.gaps)
        let counted = PercentileSeries(count: 400, exactLimit: 1_000, members: Self.gaps)
        #expect(exactly.method == .nearestRank && counted.method == .hdrHistogram)
        for level in [Percentile.p50, .p90, .p95] {
            let (truth, found) = (try #require(exactly.estimate(level).value), try #require(counted.estimate(level).value))
            #expect(found >= truth && found <= 1.001 * truth, "\(level): \(found) for \(truth)")
        }
    }

    @Test("a start-up is found and its length told; a series that never settles says so")
    func steadyState() throws {
        let noise = autoregression(600, likeness: 0, seed: 9)
        let rising = noise.enumerated().map { $0.offset < 60 ? 30 - Double($0.offset) / 2 + $0.element : $0.element }
        let found = try #require(StartUpTruncation(rising))
        #expect(found.isReached && (45...80).contains(found.discarded), "\(found)")
        let still = try #require(StartUpTruncation(noise))
        #expect(still.isReached && still.discarded < 300)
        let drifting = noise.enumerated().map { Double($0.offset) / 5 + $0.element }
        #expect(try #require(StartUpTruncation(drifting)).isReached == false)
        #expect(StartUpTruncation(Array(repeating: 1, count: 49)) == nil)
        #expect(StartUpTruncation(Array(repeating: 1, count: 100))?.discarded == 0)
    }
}
