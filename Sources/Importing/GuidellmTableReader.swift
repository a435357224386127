import Documents
import Measurements
import Statistics

/// guidellm's CSV: three header rows (group, name, unit or statistic), then one row a benchmark.
struct GuidellmTableReader {
    /// What the list in a Percentiles cell holds, in its order; the median has a column of its own.
    private static let order: [ReportedStatistic] = [
        .minimum, .percentile(0.1), .percentile(1), .percentile(5), .percentile(10), .percentile(25), .percentile(75), .percentile(90),
        .percentile(95), .percentile(99), .maximum,
    ]

    /// One row by the names of its columns; of columns with the same names the first counts.
    private struct Row {
        let cells: [String: String]

        subscript(group: String, name: String, statistic: String) -> String? { cells["\(group)|\(name)|\(statistic)"] }

        func number(_ group: String, _ name: String, _ statistic: String) -> NumberReading {
            self[group, name, statistic].map { NumberReading(cell: $0) } ?? .missing
        }
    }

    func read(_ content: [UInt8], into session: ImportSession) throws {
        session.tool = "guidellm"
        var reader = CSVReader(content)
        guard let groups = reader.next(), let names = reader.next(), let statistics = reader.next(), groups.first == "Run Info",
            groups.count == names.count, names.count == statistics.count
        else {
            throw session.error(
                .wrongFormat, "expected guidellm's three header rows of the same length, the first starting with 'Run Info'")
        }
        let keys = zip(zip(groups, names), statistics).map { "\($0.0)|\($0.1)|\($1)" }
        while let fields = reader.next() {
            if fields == [""] { continue }
            guard fields.count == keys.count else {
                try session.skip(
                    .line(reader.line), "expected \(keys.count) fields as in the header, found \(fields.count); the file may be cut off")
                continue
            }
            let cells = Dictionary(zip(keys, fields)) { first, _ in first }
            session.finish(run(Row(cells: cells)))
        }
        guard !session.runs.isEmpty || session.recordsSkipped > 0 else {
            throw session.error(.malformed, "expected a row for each benchmark below the three header rows, found none")
        }
    }

    private func run(_ row: Row) -> SourceRun {
        var run = SourceRun(label: row["Benchmark", "Strategy", ""] ?? "benchmark")
        GuidellmReader.define(&run)
        run.model = row["Run Info", "Backend", ""].flatMap { try? JSONDocument.parse($0) }?.text("model")  // Only the name is lost.
        run.start = row["Timings", "Start Time", ""].flatMap { Timestamp(iso8601: $0) }
        run.duration = run.length(row.number("Timings", "Duration", "Sec"), named: "Timings Duration")
        run.completed = run.total(row.number("Request Counts", "Successful", ""), named: "Request Counts Successful")
        run.failed = run.total(row.number("Request Counts", "Errored", ""), named: "Request Counts Errored")
        describeLoad(row["Benchmark", "Strategy", ""] ?? "", in: &run)
        readFigures(row, into: &run)
        return run
    }

    /// `poisson@15.00`, `concurrent@8`.
    private func describeLoad(_ strategy: String, in run: inout SourceRun) {
        let parts = strategy.split(separator: "@")
        guard parts.count == 2, let value = Double(parts[1]) else { return }
        if parts[0] == "concurrent" { run.concurrency = Int(exactly: value) } else { run.requestedRate = value }
    }

    private func readFigures(_ row: Row, into run: inout SourceRun) {
        report(.timeToFirstToken, row, "Time to First Token", "Successful ms", unit: 1e-3, into: &run)
        report(.timePerOutputToken, row, "Inter Token Latency", "Successful ms", unit: 1e-3, into: &run)
        report(.interTokenLatency, row, "Inter Token Latency", "Successful ms", unit: 1e-3, into: &run)
        report(.endToEnd, row, "Request Latency", "Successful Sec", unit: 1, into: &run)
        run.report(\.requestsPerSecond, row.number("Server Throughput", "Successful Requests/Sec", "Mean"), named: "requests per second")
        run.report(
            \.inputTokensPerSecond, row.number("Token Throughput", "Successful Input Tokens/Sec", "Mean"), named: "input tokens per second")
        run.report(
            \.outputTokensPerSecond, row.number("Token Throughput", "Successful Output Tokens/Sec", "Mean"),
            named: "output tokens per second")
        run.deriveErrorRate()
        run.reported.inputTokens = run.reportedSummary { figure($0, row, "Token Metrics", "Successful Input Tokens") }
        run.reported.outputTokens = run.reportedSummary { figure($0, row, "Token Metrics", "Successful Output Tokens") }
    }

    private func report(
        _ metric: LatencyMetric, _ row: Row, _ group: String, _ name: String, unit: Double, into run: inout SourceRun
    ) {
        run.report(metric, unit: unit) { figure($0, row, group, name) }
    }

    private func figure(_ statistic: ReportedStatistic, _ row: Row, _ group: String, _ name: String) -> NumberReading {
        switch statistic {
        case .mean: return row.number(group, name, "Mean")
        case .deviation: return row.number(group, name, "Std Dev")
        case .percentile(50): return row.number(group, name, "Median")
        case .count: return .missing
        case .minimum, .maximum, .percentile:
            // A cell that is no list has no percentiles.
            guard let index = Self.order.firstIndex(of: statistic), let cell = row[group, name, "Percentiles"],
                let list = try? JSONDocument.parse(cell).elements, list.count == Self.order.count
            else { return .missing }
            return list[index].number
        }
    }
}
