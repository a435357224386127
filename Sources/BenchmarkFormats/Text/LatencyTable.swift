import BenchmarkResults
import Measurements
import Statistics

/// The table of a stage's latencies with their intervals, and the reasons of its dashes.
struct LatencyTable {
    private let rows: [Row]

    init(_ load: LoadSummary, tokensPerSecond: [Double]) {
        let latencies: [(String, BenchmarkMetric)] = [
            ("TTFT (ms)", .timeToFirstToken), ("TTFT as sent (ms)", .timeToFirstTokenAsSent),
            ("First visible (ms)", .timeToFirstVisibleToken),
            ("Total Duration (ms)", .endToEnd), ("Total as sent (ms)", .endToEndAsSent),
        ]
        let perToken: [(String, BenchmarkMetric)] = [("Inter-token (ms)", .interTokenLatency), ("TPOT (ms)", .timePerOutputToken)]
        let waits = latencies.compactMap { name, metric -> Row? in
            // Without reasoning, what comes first is visible: the same figures twice would say nothing.
            let isRepeated = metric == .timeToFirstVisibleToken && load.latencies[metric] == load.latencies[.timeToFirstTokenAsSent]
            let isNeeded = metric == .timeToFirstToken || metric == .endToEnd
            return isRepeated ? nil : Self.row(name, load.latencies[metric], isNeeded: isNeeded)
        }
        let paces = perToken.compactMap { name, metric in Self.row(name, load.latencies[metric], isNeeded: metric == .interTokenLatency) }
        rows = waits + [Row(tokensPerSecond: tokensPerSecond)] + paces
    }

    private static func row(_ name: String, _ summary: LatencySummary?, isNeeded: Bool) -> Row? {
        summary == nil && !isNeeded ? nil : Row(name: name, summary)
    }

    var text: String {
        BoxTable(header: ["Metric", "Min", "Mean", "Median", "p95", "p99"], rows: rows.flatMap { [$0.figures] + $0.intervals }).text
    }

    /// One line for each reason of a dash, and of a figure without an interval.
    var footnotes: String {
        let refusals = RefusalReasons(rows.map { ($0.name, $0.refusals) }).sentences(of: rows.count)
        let cautions = RefusalReasons(rows.map { ($0.name, $0.cautions) }).sentences(of: rows.count)
        return (refusals.map { "  \(refused) \($0)\n" } + cautions.map { "  \(uncertain) \($0)\n" }).joined()
            + (rows.contains(where: \.isMissing) ? "  n/a: not measured\n" : "")
    }

    private struct Row {
        let name: String
        let figures: [String]
        /// The 95 % intervals of mean and percentiles; empty where there is none.
        let intervals: [[String]]
        let refusals: [PercentileShortage]
        let cautions: [PercentileShortage]
        let isMissing: Bool

        private static let levels: [Percentile] = [.p50, .p95, .p99]

        init(name: String, _ summary: LatencySummary?) {
            self.name = name
            guard let summary else {
                (figures, intervals, isMissing) = ([name] + Array(repeating: notMeasured, count: 5), [], true)
                (refusals, cautions) = ([], [])
                return
            }
            let percentiles = Self.levels.map { summary.figure(at: $0) }
            figures =
                [name, figure(summary.minimum), figure(summary.mean)]
                + percentiles.map { percentile in
                    percentile?.value.map { figure($0) + (percentile?.caution == nil ? "" : uncertain) } ?? refused
                }
            let ranges = ([summary.meanInterval] + percentiles.map { $0?.interval }).map { interval in
                interval.map { "\(figure($0.lower))–\(figure($0.upper))" } ?? ""
            }
            intervals = ranges.allSatisfy(\.isEmpty) ? [] : [["  95 % interval", ""] + ranges]
            refusals = percentiles.compactMap { $0?.refusal }
            cautions = percentiles.compactMap { $0?.caution }
            isMissing = false
        }

        init(tokensPerSecond values: [Double]) {
            name = "Tokens/sec"
            guard !values.isEmpty else {
                (figures, intervals, isMissing) = ([name] + Array(repeating: notMeasured, count: 5), [], true)
                (refusals, cautions) = ([], [])
                return
            }
            var moments = RunningMoments()
            for value in values { moments.record(value) }
            let series = PercentileSeries(values)
            let percentiles = Self.levels.map { PercentileFigure(level: $0, estimate: series.estimate($0)) }
            figures =
                [name, decimal(moments.minimum), decimal(moments.mean)]
                + percentiles.map { percentile in
                    percentile.value.map { decimal($0) + (percentile.caution == nil ? "" : uncertain) } ?? refused
                }
            intervals = []
            refusals = percentiles.compactMap(\.refusal)
            cautions = percentiles.compactMap(\.caution)
            isMissing = false
        }
    }
}
