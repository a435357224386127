/// Counts of lengths of time in buckets that grow with the length: any value is off by at most 0.1 %, whatever its size, and two
/// histograms add up to that of all their values.
///
/// The layout is that of HdrHistogram with 3 significant digits and a unit of one nanosecond: 2 048 buckets of one unit, then 1 024 of twice
/// the width for every doubling. Source: G. Tene, HdrHistogram, github.com/HdrHistogram.
public struct LatencyHistogram: Sendable, Hashable {
    public static let significantDigits = 3
    /// One hour in nanoseconds; longer values are counted as an hour and in ``clampedCount``.
    public static let highestValue: Int64 = 3_600_000_000_000

    /// The most values that are counted: ranks of more would not fit an integer.
    static let highestCount: Int64 = 1 << 48

    /// By bucket; as long as the highest one in use.
    public private(set) var counts: [Int64] = []
    public private(set) var totalCount: Int64 = 0
    /// Values below zero or above ``highestValue``, counted in the first and the last bucket.
    public private(set) var clampedCount: Int64 = 0

    public init() {}

    /// - Parameter times: How often, at least 1.
    public mutating func record(nanoseconds value: Int64, times: Int64 = 1) {
        precondition(times >= 1, "a value is recorded at least once, got \(times)")
        let clamped = min(max(value, 0), Self.highestValue)
        if clamped != value { clampedCount += times }
        add(times, at: Self.bucket(of: clamped))
    }

    public mutating func merge(_ other: LatencyHistogram) {
        for (bucket, count) in other.counts.enumerated() where count > 0 { add(count, at: bucket) }
        clampedCount += other.clampedCount
    }

    /// The value that a share of all values does not exceed, by nearest rank, to 0.1 %: the highest of its bucket.
    ///
    /// - Returns: Nanoseconds; `nil` where nothing was recorded.
    public func value(at percentile: Percentile) -> Int64? {
        guard totalCount > 0 else { return nil }
        let rank = Int64(nearestRank(percentile, count: Int(totalCount)))
        var seen: Int64 = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return Self.highest(ofBucket: bucket) }
        }
        return nil
    }

    /// The longest value, to 0.1 %, in nanoseconds; 0 where nothing was recorded.
    public var maximum: Int64 { counts.isEmpty ? 0 : Self.highest(ofBucket: counts.count - 1) }

    /// Every bucket in use: its lowest and highest value in nanoseconds, and its count.
    public var buckets: [(range: ClosedRange<Int64>, count: Int64)] {
        counts.enumerated().filter { $0.element > 0 }.map {
            (Self.lowest(ofBucket: $0.offset)...Self.highest(ofBucket: $0.offset), $0.element)
        }
    }

    /// Adds a count to a bucket that a file names.
    ///
    /// - Returns: `false` where there is no such bucket, the count is negative or the sum is more than ``highestCount``.
    mutating func restore(_ count: Int64, at bucket: Int) -> Bool {
        guard count >= 0, (0...Self.bucket(of: Self.highestValue)).contains(bucket),
            count <= Self.highestCount - totalCount
        else { return false }
        if count > 0 { add(count, at: bucket) }
        return true
    }

    private mutating func add(_ count: Int64, at bucket: Int) {
        if bucket >= counts.count { counts += [Int64](repeating: 0, count: bucket + 1 - counts.count) }
        let added = min(count, Self.highestCount - totalCount)
        counts[bucket] += added
        totalCount += added
    }

    private static let halfCount = 1_024

    private static func bucket(of value: Int64) -> Int {
        let doublings = max(0, 64 - value.leadingZeroBitCount - 11)
        return doublings * halfCount + Int(value >> Int64(doublings))
    }

    private static func lowest(ofBucket bucket: Int) -> Int64 {
        let doublings = max(0, bucket / halfCount - 1)
        return Int64(bucket - doublings * halfCount) << Int64(doublings)
    }

    private static func highest(ofBucket bucket: Int) -> Int64 {
        lowest(ofBucket: bucket) + (Int64(1) << Int64(max(0, bucket / halfCount - 1))) - 1
    }
}
