import Telemetry
import Testing

@Suite("Quantiles of histograms, as Prometheus has them")
struct HistogramQuantileTests {
    /// From promql/promqltest/testdata/histograms.test of Prometheus: its `testhistogram`.
    static let positive: [(Double, Double)] = [(0.1, 5), (0.2, 7), (1, 11), (.infinity, 12)]
    static let negative: [(Double, Double)] = [(-0.2, 1), (-0.1, 2), (0.3, 2), (.infinity, 3)]

    @Test(
        "agrees with histogram_quantile",
        arguments: [
            (0.01, 0.0024), (0.5, 0.15), (1, 1), (0, 0), (0.25, 0.06), (0.9, 0.2 + 0.8 * (10.8 - 7) / 4), (-0.1, -.infinity),
            (1.01, .infinity),
        ])
    func positive(quantile: Double, expected: Double) {
        let value = histogramQuantile(quantile, Self.positive.map { CumulativeBucket(upperBound: $0.0, count: $0.1) })
        #expect(value == expected || abs(value - expected) < 1e-12, "\(value)")
    }

    @Test(
        "a first bucket that does not begin above zero gives its own bound; the rest interpolates",
        arguments: [(0.01, -0.2), (0.5, -0.15), (1, 0.3)])
    func negative(quantile: Double, expected: Double) {
        let value = histogramQuantile(quantile, Self.negative.map { CumulativeBucket(upperBound: $0.0, count: $0.1) })
        #expect(abs(value - expected) < 1e-12, "\(value)")
    }

    @Test("no figure without a +Inf bucket, a second bucket or an observation")
    func none() {
        #expect(histogramQuantile(0.5, []).isNaN)
        #expect(histogramQuantile(0.5, [.init(upperBound: .infinity, count: 4)]).isNaN)
        #expect(histogramQuantile(0.5, [.init(upperBound: 1, count: 4), .init(upperBound: 2, count: 5)]).isNaN)
        #expect(histogramQuantile(0.5, [.init(upperBound: 1, count: 0), .init(upperBound: .infinity, count: 0)]).isNaN)
        #expect(histogramQuantile(.nan, [.init(upperBound: 1, count: 1), .init(upperBound: .infinity, count: 1)]).isNaN)
        #expect(histogramQuantile(0.5, [.init(upperBound: 1, count: .nan), .init(upperBound: .infinity, count: .nan)]).isNaN)
    }

    @Test("counts that fall are raised, bounds given twice are added up, order does not matter")
    func repaired() {
        let buckets: [CumulativeBucket] = [
            .init(upperBound: .infinity, count: 10), .init(upperBound: 2, count: 4), .init(upperBound: 1, count: 3),
            .init(upperBound: 1, count: 3),
        ]
        // 6 up to 1, raised to 6 up to 2, 10 in all: the median is the fifth of six below 1.
        #expect(abs(histogramQuantile(0.5, buckets) - 5.0 / 6) < 1e-12)
        #expect(histogramQuantile(0.9, buckets) == 2)
    }
}
