import Testing

@testable import Statistics

@Suite struct DistributionTests {
    @Test(
        "nearest rank is the smallest value with the share at or below it",
        arguments: [(50.0, 4, 2), (95, 20, 19), (95, 21, 20), (99, 100, 99), (99.9, 100, 100), (0, 5, 1), (100, 5, 5)])
    func ranks(percent: Double, count: Int, rank: Int) {
        #expect(nearestRank(Percentile(percent: percent), count: count) == rank)
    }

    @Test("is exact up to its limit and says so")
    func exact() throws {
        var distribution = Distribution()
        for value in 1...100 { distribution.record(Double(value)) }
        let summary = try #require(distribution.summary())
        #expect(summary.method == .nearestRank)
        #expect(summary.value(at: .p95) == 95)
        #expect(summary.median == 50)
        #expect(summary.mean == 50.5)
        #expect(summary.minimum == 1 && summary.maximum == 100)
        #expect(abs((summary.standardDeviation ?? 0) - 28.866_070_047_722_118) < 1e-12)
    }

    @Test("stays within 0.1 % of the exact percentile as a histogram and says so")
    func histogram() throws {
        var distribution = Distribution()
        var random = SplitMix64(seed: 7)
        var values = (0..<50_000).map { _ in 0.01 + Double(random.next() % 1_000_000) / 1e6 }
        for value in values { distribution.record(value) }
        values.sort()
        #expect(distribution.method == .hdrHistogram)
        for level in Percentile.standard {
            let truth = values[nearestRank(level, count: values.count) - 1]
            let value = try #require(distribution.value(at: level))
            #expect(abs(value - truth) <= truth * 0.001 + 1e-6, "\(level): \(value) against \(truth)")
        }
        #expect(abs(distribution.count(above: 0.5) - values.count { $0 > 0.5 }) < 50)
    }

    @Test(
        "merging equals recording everything in one, across representations",
        arguments: [(10, 20), (3_000, 3_000), (10, 9_000), (9_000, 9_000)])
    func merging(left: Int, right: Int) throws {
        var a = Distribution()
        var b = Distribution()
        var all = Distribution()
        for index in 0..<left {
            a.record(Double(index) * 0.001)
            all.record(Double(index) * 0.001)
        }
        for index in 0..<right {
            b.record(Double(index) * 0.002)
            all.record(Double(index) * 0.002)
        }
        a.recordNotFinite()
        a.merge(b)
        #expect(a.count == left + right)
        #expect(a.notFiniteCount == 1)
        #expect(a.values(at: Percentile.standard) == all.values(at: Percentile.standard))
        #expect(abs(a.moments.mean - all.moments.mean) < 1e-9)
        let mine = try #require(a.moments.standardDeviation)
        let theirs = try #require(all.moments.standardDeviation)
        #expect(abs(mine - theirs) < 1e-9)
    }

    @Test("a reading that is not finite is neither zero nor missing")
    func notFinite() throws {
        var distribution = Distribution()
        #expect(distribution.summary() == nil)
        distribution.record(.nan)
        distribution.record(.infinity)
        #expect(distribution.summary() == nil)
        #expect(distribution.notFiniteCount == 2)
        distribution.record(0)
        let summary = try #require(distribution.summary())
        #expect(summary.count == 1 && summary.mean == 0 && summary.notFiniteCount == 2)
    }

    @Test("unknown readings widen a percentile to what it could have been")
    func bounds() throws {
        var distribution = Distribution()
        for value in 1...98 { distribution.record(Double(value)) }
        distribution.record(.nan)
        distribution.record(.nan)
        #expect(distribution.bounds(at: .p50) == 48...50)
        #expect(distribution.bounds(at: .p99) == 97...Double.infinity)
        #expect(distribution.bounds(at: Percentile(percent: 1)) == -Double.infinity...1)
    }

    @Test(
        "percentile levels print as people write them", arguments: [(50.0, "p50"), (99.9, "p99.9"), (99.99, "p99.99"), (99.05, "p99.05")])
    func names(percent: Double, name: String) {
        #expect(Percentile(percent: percent).description == name)
    }
}
