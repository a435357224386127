import Measurements

/// What one endpoint's pages said over time: counters as growth since the first look, over restarts, and gauges as they were.
struct ScrapeHistory: Sendable {
    struct Entry: Sendable {
        var time: Timestamp
        /// Growth since the first look.
        var counters: Increases
        var gauges: [MetricSeries: Double]
    }

    /// Entries that are kept at most; older ones are thinned out first.
    static let maximumEntries = 600

    private(set) var entries: [Entry] = []
    private var increase = CounterIncrease()
    private var grown: Increases = [:]

    /// - Parameter keep: The longest window anyone asks for; what is older goes, but for one entry to count from.
    mutating func add(counters: [MetricSeries: Double], gauges: [MetricSeries: Double], at time: Timestamp, keep: Duration) {
        guard entries.last.map({ $0.time < time }) ?? true else { return }
        for (series, growth) in increase.look(counters) ?? counters.mapValues({ _ in 0 }) { grown[series, default: 0] += growth }
        entries.append(Entry(time: time, counters: grown, gauges: gauges))
        let start = time.advanced(by: .zero - keep)
        let outside = entries.prefix { $0.time <= start }.count
        if outside > 1 { entries.removeFirst(outside - 1) }
        if entries.count > Self.maximumEntries { thin() }
    }

    /// How counters grew in the window that ends now, and over how much time that is known; `nil` without two looks.
    func increases(over window: Duration, now: Timestamp) -> (counters: Increases, covered: Duration)? {
        guard let last = entries.last, let base = base(of: window, now: now), base.time < last.time else { return nil }
        let counters = last.counters.reduce(into: Increases()) { $0[$1.key] = $1.value - (base.counters[$1.key] ?? 0) }
        return (counters, last.time.since(base.time).duration)
    }

    /// Gauges as they were at each look in the window.
    func gauges(over window: Duration, now: Timestamp) -> [[MetricSeries: Double]] {
        let start = now.advanced(by: .zero - window)
        return entries.filter { $0.time > start }.map(\.gauges)
    }

    /// The newest look at or before the beginning of the window, or the first there is.
    private func base(of window: Duration, now: Timestamp) -> Entry? {
        let start = now.advanced(by: .zero - window)
        return entries.last { $0.time <= start } ?? entries.first
    }

    /// Drops every other one of the older half.
    private mutating func thin() {
        let half = entries.count / 2
        entries = entries.enumerated().filter { $0.offset == 0 || $0.offset >= half || $0.offset % 2 == 0 }.map(\.element)
    }
}
