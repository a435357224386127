private import Histogram

/// An HDR histogram behind one reference, copied when it is about to change while shared.
///
/// The histogram is a large struct of a generic type; recording into it in place, a million times a second, needs a fixed address.
struct HistogramBox: Sendable {
    // Safe to share: only the methods below change it, and they do so only while nobody else refers to it.
    private final class Storage: @unchecked Sendable {
        var histogram: Histogram<UInt32>

        init(_ histogram: Histogram<UInt32>) { self.histogram = histogram }
    }

    private var storage: Storage

    /// - Parameter expected: The highest value expected, in units; higher ones are taken too, at the price of growing.
    init(expecting expected: UInt64) {
        var histogram = Histogram<UInt32>(highestTrackableValue: max(2, expected), numberOfSignificantValueDigits: .three)
        histogram.autoResize = true
        storage = Storage(histogram)
    }

    mutating func record(_ units: UInt64) {
        makeUnique()
        storage.histogram.record(units)
    }

    mutating func add(_ other: HistogramBox) {
        makeUnique()
        storage.histogram.add(other.storage.histogram)
    }

    /// The value at a percentile in `0...100`, in units.
    func value(atPercent percent: Double) -> UInt64 { storage.histogram.valueAtPercentile(percent) }

    func count(upTo units: UInt64) -> Int { Int(storage.histogram.count(within: 0...units)) }

    /// Every bucket that holds something: its value in units and its count.
    func forEachBucket(_ body: (UInt64, Int) -> Void) {
        for bucket in storage.histogram.recordedValues() { body(bucket.value, Int(bucket.count)) }
    }

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.histogram) }
    }
}
