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

    /// Empty once there is a histogram.
    private var exact: [Double] = []
    private var histogram: HistogramBox?
    private let unitsPerReading: Double

    /// - Parameter resolution: Greater than zero; `1e-6` for latencies in seconds keeps microseconds apart.
    public init(resolution: Double = 1e-6) {
        precondition(resolution > 0 && resolution.isFinite, "a resolution is positive, got \(resolution)")
        self.resolution = resolution
        unitsPerReading = 1 / resolution
    }

    /// How many finite readings were recorded.
    public var count: Int { moments.count }

    /// How the percentiles are known.
    public var method: PercentileMethod {
        histogram == nil ? .nearestRank : .hdrHistogram
    }

    /// Adds one reading. Negative readings are clamped to zero in a histogram, whose domain starts there.
    public mutating func record(_ value: Double) {
        guard value.isFinite else {
            notFiniteCount += 1
            return
        }
        moments.record(value)
        if histogram == nil, exact.count < Self.exactLimit { return exact.append(value) }
        becomeHistogram()
        let units = unit(value)
        histogram?.record(units)
    }

    /// Adds a reading that is known to be NaN or infinite without having its value.
    public mutating func recordNotFinite() { notFiniteCount += 1 }

    /// Adds all readings of another sample of the same quantity and resolution.
    public mutating func merge(_ other: Distribution) {
        precondition(resolution == other.resolution, "cannot merge resolutions \(resolution) and \(other.resolution)")
        notFiniteCount += other.notFiniteCount
        if let theirs = other.histogram {
            becomeHistogram()
            histogram?.add(theirs)
        } else if histogram == nil, exact.count + other.exact.count <= Self.exactLimit {
            exact += other.exact
        } else {
            becomeHistogram()
            let units = other.exact.map(unit)
            for value in units { histogram?.record(value) }
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
        if let histogram {
            return percentiles.map { clamp(Double(histogram.value(atPercent: $0.percent)) * resolution) }
        }
        let sorted = exact.sorted()
        return percentiles.map { sorted[nearestRank($0, count: sorted.count) - 1] }
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
        guard let histogram else { return exact.count { $0 > limit } }
        return limit < 0 ? count : count - histogram.count(upTo: unit(limit))
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
        for value in exact { add(value, times: 1) }
        histogram?.forEachBucket { add(Double($0) * resolution, times: $1) }
        return counts.enumerated().map { index, count in
            (low + Double(index) * width...low + Double(index + 1) * width, count)
        }
    }

    private func value(atRank rank: Int) -> Double {
        guard let histogram else { return exact.sorted()[rank - 1] }
        return clamp(Double(histogram.value(atPercent: 100 * Double(rank) / Double(count))) * resolution)
    }

    /// A bucket's edge may lie just outside of what was recorded.
    private func clamp(_ value: Double) -> Double { min(max(value, moments.minimum), moments.maximum) }

    private mutating func becomeHistogram() {
        guard histogram == nil else { return }
        var filled = HistogramBox(expecting: unit(4 * max(moments.maximum, 0)))
        for value in exact { filled.record(unit(value)) }
        histogram = filled
        exact = []
    }

    /// A reading in whole units of the histogram, whose domain starts at zero.
    private func unit(_ value: Double) -> UInt64 { UInt64(min(max((value * unitsPerReading).rounded(), 0), 0x1p52)) }
}
