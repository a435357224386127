import FoundationEssentials
public import Measurements
public import Statistics

/// Histograms of a load test in the text format of HdrHistogram's logs, which its tools read and draw; lengths are in nanoseconds.
///
/// One line for each stage and latency, under a tag of both. The logs of two runs merge by adding up the histograms of one tag: what comes
/// out is that of all their requests. Source of the format: G. Tene, HistogramLogWriter 1.3 of HdrHistogram.
public struct HistogramLog: Sendable, Hashable {
    /// The longest text and the most histograms that are read.
    public static let maximumBytes = 64 << 20
    public static let maximumEntries = 10_000

    public var startedAt: Timestamp
    public var entries: [Entry]

    public init(startedAt: Timestamp, entries: [Entry]) {
        self.startedAt = startedAt
        self.entries = entries
    }

    /// One latency of one stage.
    public struct Entry: Sendable, Hashable {
        /// Letters, digits, `.`, `_`, `-` and `/`.
        public var tag: String
        public var length: Nanoseconds
        public var histogram: LatencyHistogram

        /// - Parameter tag: Other characters become `_`.
        public init(tag: String, length: Nanoseconds, histogram: LatencyHistogram) {
            self.tag = String(String.UnicodeScalarView(tag.unicodeScalars.prefix(200).map { Self.isPlain($0) ? $0 : "_" }))
            self.length = length
            self.histogram = histogram
        }

        private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "/": true
            default: false
            }
        }
    }

    /// The latencies of every stage, warm-up left out. Gaps between tokens count once for each token.
    public init(_ run: BenchmarkRun) {
        var entries: [Entry] = []
        for stage in run.stages {
            let completed = stage.records.filter { !$0.isWarmUp && $0.measurement.succeeded }
            for metric in BenchmarkMetric.allCases {
                let histogram = LatencyHistogram(metric, of: completed)
                guard histogram.totalCount > 0 else { continue }
                entries.append(Entry(tag: "\(stage.label)/\(metric.rawValue)", length: stage.duration, histogram: histogram))
            }
        }
        self.init(startedAt: run.startedAt, entries: [])
        for entry in entries { add(entry) }
    }

    /// Adds all that another log counted: histograms of one tag become one.
    public mutating func merge(_ other: HistogramLog) {
        startedAt = min(startedAt, other.startedAt)
        for entry in other.entries { add(entry) }
    }

    private mutating func add(_ entry: Entry) {
        guard let index = entries.firstIndex(where: { $0.tag == entry.tag }) else { return entries.append(entry) }
        entries[index].histogram.merge(entry.histogram)
        entries[index].length = max(entries[index].length, entry.length)
    }
}

extension LatencyHistogram {
    init(_ metric: BenchmarkMetric, of completed: [RequestRecord]) {
        self.init()
        for record in completed {
            if let value = record.latency(metric) { self.record(nanoseconds: value.count) }
            guard metric.isPerGap else { continue }
            for gap in record.weightedGaps(metric) {
                self.record(nanoseconds: Nanoseconds(seconds: gap.value).count, times: max(1, Int64(gap.weight.rounded())))
            }
        }
    }
}
