import Testing

@testable import Statistics

@Suite struct LatencyHistogramTests {
    private func values(_ count: Int, seed: UInt64) -> [Int64] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in Int64(generator.next() >> UInt64(20 + generator.next() % 30)) % LatencyHistogram.highestValue }
    }

    private func histogram(_ values: [Int64]) -> LatencyHistogram {
        var result = LatencyHistogram()
        for value in values { result.record(nanoseconds: value) }
        return result
    }

    @Test("percentiles are off by at most 0.1 %")
    func precision() throws {
        let values = values(5_000, seed: 1)
        let sorted = values.sorted()
        let histogram = histogram(values)
        for level in [Percentile.p50, .p90, .p99, .p999] {
            let truth = sorted[nearestRank(level, count: values.count) - 1]
            let found = try #require(histogram.value(at: level))
            #expect(found >= truth && Double(found - truth) <= 0.001 * Double(truth), "\(level): \(found) for \(truth)")
        }
        #expect(LatencyHistogram().value(at: .p50) == nil)
    }

    @Test("two histograms add up to that of all their values")
    func merge() {
        let (first, second) = (values(700, seed: 2), values(900, seed: 3))
        var merged = histogram(first)
        merged.merge(histogram(second))
        #expect(merged == histogram(first + second))
    }

    @Test("the encoding reads back as it was")
    func roundTrip() throws {
        let histogram = histogram(values(3_000, seed: 4))
        #expect(try LatencyHistogram(encodedV2: histogram.encodedV2) == histogram)
        #expect(try LatencyHistogram(encodedV2: LatencyHistogram().encodedV2) == LatencyHistogram())
        var large = LatencyHistogram()
        large.record(nanoseconds: 5, times: 1 << 40)
        #expect(try LatencyHistogram(encodedV2: large.encodedV2) == large)
    }

    @Test("every bucket's lowest and highest value belong to it, and buckets meet without a gap")
    func layout() {
        var histogram = LatencyHistogram()
        let edges: [Int64] = [0, 1, 1_023, 1_024, 2_047, 2_048, 2_049, 4_095, 4_096, 1_000_000, LatencyHistogram.highestValue]
        for edge in edges { histogram.record(nanoseconds: edge) }
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == Int64(edges.count))
        for edge in edges { #expect(histogram.buckets.contains { $0.range.contains(edge) }, "\(edge)") }
        #expect(histogram.buckets.first { $0.range.contains(2_048) }?.range == 2_048...2_049)
    }

    @Test("what does not fit is counted at the end and said so")
    func clamped() {
        var histogram = LatencyHistogram()
        histogram.record(nanoseconds: -5)
        histogram.record(nanoseconds: .max, times: 2)
        #expect(histogram.totalCount == 3 && histogram.clampedCount == 3)
    }

    @Test("bytes that are cut off, changed or made up never trap")
    func hostile() {
        let whole = histogram(values(200, seed: 5)).encodedV2
        for length in whole.indices {
            #expect(throws: HistogramEncodingError.self) { try LatencyHistogram(encodedV2: Array(whole[..<length])) }
        }
        var generator = SplitMix64(seed: 6)
        for _ in 0..<3_000 {
            var bytes = whole
            for _ in 0..<3 { bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next()) }
            // Either reads as some histogram or throws.
            if let read = try? LatencyHistogram(encodedV2: bytes) { #expect(read.totalCount >= 0) }
        }
    }
}
