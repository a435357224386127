private import Histogram

/// A sample of non-negative readings that answers percentiles, exactly while small and from an HDR histogram above.
///
/// Up to ``exactLimit`` values are kept as they are and percentiles are nearest rank on them. Beyond that the values move into an
/// HDR histogram with 3 significant digits, whose percentiles are off by at most 0.1 %. Readings that are not finite are counted
/// apart: they are neither zero nor missing.
public struct Distribution: Sendable {
    /// The most values kept exactly.
    public static let exactLimit = 4_096

    /// The value of one histogram unit, in the unit of the readings; bounds the resolution of small values above ``exactLimit``.
    public let resolution: Double
    /// Moments of the finite readings.
    public private(set) var moments = RunningMoments()
    /// How many readings were NaN or infinite.
    public private(set) var notFiniteCount = 0

    private var storage: Storage

    private enum Storage: Sendable {
        case exact([Double])
        case histogram(Histogram<UInt32>)
    }

    /// - Parameter resolution: Greater than zero; `1e-6` for latencies in seconds keeps microseconds apart.
    public init(resolution: Double = 1e-6) {
        precondition(resolution > 0 && resolution.isFinite, "a resolution is positive, got \(resolution)")
        self.resolution = resolution
        storage = .exact([])
    }

    /// How many finite readings were recorded.
    public var count: Int { moments.count }

    /// How the percentiles are known.
    public var method: PercentileMethod {
        switch storage {
        case .exact: .nearestRank
        case .histogram: .hdrHistogram
        }
    }

    /// Adds one reading. Negative readings are clamped to zero in a histogram, whose domain starts there.
    public mutating func record(_ value: Double) {
        guard value.isFinite else {
            notFiniteCount += 1
            return
        }
        moments.record(value)
        if case .exact(var values) = storage {
            storage = .exact([])  // Keeps `values` uniquely referenced, so that appending does not copy.
            if values.count < Self.exactLimit {
                values.append(value)
                storage = .exact(values)
                return
            }
            storage = .histogram(Self.histogram(of: values, resolution: resolution))
        }
        recordInHistogram(value, times: 1)
    }

    /// Adds a reading that is known to be NaN or infinite without having its value.
    public mutating func recordNotFinite() { notFiniteCount += 1 }

    /// Adds all readings of another sample of the same quantity and resolution.
    public mutating func merge(_ other: Distribution) {
        precondition(resolution == other.resolution, "cannot merge resolutions \(resolution) and \(other.resolution)")
        notFiniteCount += other.notFiniteCount
        switch (storage, other.storage) {
        case (.exact(let mine), .exact(let theirs)) where mine.count + theirs.count <= Self.exactLimit:
            storage = .exact(mine + theirs)
        case (_, .exact(let theirs)):
            becomeHistogram()
            for value in theirs { recordInHistogram(value, times: 1) }
        case (_, .histogram(let theirs)):
            becomeHistogram()
            if case .histogram(var mine) = storage {
                storage = .exact([])
                mine.add(theirs)
                storage = .histogram(mine)
            }
        }
        moments.merge(other.moments)
    }

    /// The value at a percentile, `nil` without finite readings.
    public func value(at percentile: Percentile) -> Double? {
        values(at: [percentile])[0]
    }

    /// The values at several percentiles, sorting once; each `nil` without finite readings.
    public func values(at percentiles: [Percentile]) -> [Double?] {
        guard count > 0 else { return percentiles.map { _ in nil } }
        switch storage {
        case .exact(let values):
            let sorted = values.sorted()
            return percentiles.map { sorted[nearestRank($0, count: sorted.count) - 1] }
        case .histogram(let histogram):
            return percentiles.map { clamp(Double(histogram.valueAtPercentile($0.percent)) * resolution) }
        }
    }

    /// The lowest and highest value a percentile could have, were the readings that are not finite known.
    ///
    /// A reading that is not a number could have been anything, so it may stand at either end of the sorted sample.
    /// - Returns: `nil` without finite readings; an upper bound of infinity where the rank falls among the unknown readings.
    public func bounds(at percentile: Percentile) -> ClosedRange<Double>? {
        guard count > 0 else { return nil }
        guard notFiniteCount > 0 else { return value(at: percentile).map { $0...$0 } }
        let rank = nearestRank(percentile, count: count + notFiniteCount)
        let lower = rank - notFiniteCount < 1 ? -Double.infinity : value(atRank: rank - notFiniteCount)
        let upper = rank > count ? Double.infinity : value(atRank: rank)
        return lower...upper
    }

    /// How many finite readings lie above a limit; exact below ``exactLimit`` values, to 0.1 % of the value above.
    public func count(above limit: Double) -> Int {
        switch storage {
        case .exact(let values): return values.count { $0 > limit }
        case .histogram(let histogram):
            guard limit >= 0 else { return count }
            let unit = UInt64(min(limit / resolution, Double(UInt64.max >> 2)))
            return count - Int(histogram.count(within: 0...unit))
        }
    }

    /// All that a report says of this sample; `nil` without finite readings.
    public func summary() -> Summary? {
        guard count > 0, let deviation = moments.standardDeviation else { return nil }
        let values = values(at: Percentile.standard)
        let percentiles = zip(Percentile.standard, values).compactMap { level, value in
            value.map { PercentileValue(level: level, value: $0) }
        }
        return Summary(
            count: count, mean: moments.mean, minimum: moments.minimum, maximum: moments.maximum,
            standardDeviation: deviation, percentiles: percentiles, method: method, notFiniteCount: notFiniteCount)
    }

    /// Counts per equal-width bin between the extremes, for a chart.
    /// - Parameter bins: At least 1.
    public func binned(_ bins: Int) -> [(range: ClosedRange<Double>, count: Int)] {
        precondition(bins >= 1, "a histogram chart has at least one bin, got \(bins)")
        guard count > 0 else { return [] }
        let low = moments.minimum
        let width = max((moments.maximum - low) / Double(bins), resolution)
        var counts = [Int](repeating: 0, count: bins)
        func add(_ value: Double, times: Int) {
            let bin = Int((value - low) / width)
            counts[min(max(bin, 0), bins - 1)] += times
        }
        switch storage {
        case .exact(let values): for value in values { add(value, times: 1) }
        case .histogram(let histogram):
            for bucket in histogram.recordedValues() { add(Double(bucket.value) * resolution, times: Int(bucket.count)) }
        }
        return counts.enumerated().map { index, count in
            (low + Double(index) * width...low + Double(index + 1) * width, count)
        }
    }

    private func value(atRank rank: Int) -> Double {
        switch storage {
        case .exact(let values): return values.sorted()[rank - 1]
        case .histogram(let histogram):
            return clamp(Double(histogram.valueAtPercentile(100 * Double(rank) / Double(count))) * resolution)
        }
    }

    /// A bucket's edge may lie just outside of what was recorded.
    private func clamp(_ value: Double) -> Double { min(max(value, moments.minimum), moments.maximum) }

    private mutating func becomeHistogram() {
        guard case .exact(let values) = storage else { return }
        storage = .histogram(Self.histogram(of: values, resolution: resolution))
    }

    private mutating func recordInHistogram(_ value: Double, times: UInt32) {
        guard case .histogram(var histogram) = storage else { return }
        storage = .exact([])
        histogram.record(Self.unit(value, resolution), count: times)
        storage = .histogram(histogram)
    }

    private static func histogram(of values: [Double], resolution: Double) -> Histogram<UInt32> {
        var histogram = Histogram<UInt32>(numberOfSignificantValueDigits: .three)
        for value in values { histogram.record(unit(value, resolution)) }
        return histogram
    }

    private static func unit(_ value: Double, _ resolution: Double) -> UInt64 {
        UInt64(min(max((value / resolution).rounded(), 0), 0x1p52))
    }
}
