/// How much counters have grown, over restarts of who counts.
///
/// A counter that reads less than before began again at zero, so what it reads now has been added since. A series that appears where
/// others of its kind were seen before began at zero too; the very first look adds nothing.
struct CounterIncrease: Sendable {
    private var last: [MetricSeries: Double] = [:]
    private var hasLooked = false

    /// Takes the next look and returns what was added since the last one, by series; `nil` on the first look.
    ///
    /// Readings that are negative, NaN or infinite are no readings of a counter and are passed over; a series that is absent keeps its place.
    mutating func look(_ readings: [MetricSeries: Double]) -> [MetricSeries: Double]? {
        defer { hasLooked = true }
        var increase: [MetricSeries: Double] = [:]
        for (series, value) in readings where value.isFinite && value >= 0 {
            let before = last[series] ?? 0
            increase[series] = value >= before ? value - before : value
            last[series] = value
        }
        return hasLooked ? increase : nil
    }
}
