import Foundation
import Measurements
import Statistics

/// Statistics by model, provider and endpoint, one row a figure.
struct StatisticsTable {
    private struct Row: Encodable {
        /// Start of the window; absent for the whole.
        let window: Timestamp?
        let model: String
        let provider: String
        let endpoint: String
        let statistics: WindowStatistics
    }

    private var rows: [Row] = []

    /// Adds the groups of a window, or of the whole.
    mutating func add(_ groups: [(key: GroupKey, statistics: StatisticsAccumulator)], start: Timestamp?) {
        rows += groups.sorted { $0.key < $1.key }.map { key, statistics in
            Row(
                window: start, model: key.model, provider: key.provider, endpoint: key.endpoint, statistics: WindowStatistics(statistics))
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
    }

    /// Latencies in milliseconds, utilization in percent; an empty cell is not known.
    var csv: String {
        let columns = [
            "window", "model", "provider", "endpoint", "figure", "unit", "count", "mean", "p50", "p90", "p95", "p99", "p99.9", "min", "max",
            "stddev",
            "method",
        ]
        let lines = rows.flatMap { row in
            let names = [row.window?.description ?? ""] + [row.model, row.provider, row.endpoint].map(Self.quoted)
            let latencies = LatencyMetric.allCases.compactMap { metric in
                row.statistics.latencies[metric].map { Self.line(names, metric.rawValue, "ms", $0, scale: 1_000) }
            }
            let utilization = UtilizationMetric.allCases.compactMap { metric in
                row.statistics.utilization[metric].map { Self.line(names, metric.rawValue, "percent", $0, scale: 100) }
            }
            let rates: [(String, Double?)] = [
                ("requests_per_second", row.statistics.requestsPerSecond), ("input_tokens_per_second", row.statistics.inputTokensPerSecond),
                ("output_tokens_per_second", row.statistics.outputTokensPerSecond), ("error_rate", row.statistics.errorRate),
            ]
            let single = rates.map { name, value in
                (names + [name, name == "error_rate" ? "ratio" : "1/s", "\(row.statistics.requests)", Self.cell(value)]
                    + Array(repeating: "", count: 9)).joined(separator: ",")
            }
            return latencies + utilization + single
        }
        return ([columns.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
    }

    private static func line(_ names: [String], _ figure: String, _ unit: String, _ summary: Summary, scale: Double) -> String {
        let percentiles = Percentile.standard.map { cell(summary.value(at: $0).map { $0 * scale }) }
        let ends = [summary.minimum, summary.maximum, summary.standardDeviation].map { cell($0.map { $0 * scale }) }
        let cells =
            names + [figure, unit, cell(summary.count.map(Double.init)), cell(summary.mean.map { $0 * scale })] + percentiles + ends
        return (cells + [quoted(summary.method.rawValue)]).joined(separator: ",")
    }

    private static func cell(_ value: Double?) -> String {
        guard let value else { return "" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func quoted(_ text: String) -> String {
        text.contains { $0 == "," || $0 == "\"" || $0.isNewline } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }
}
