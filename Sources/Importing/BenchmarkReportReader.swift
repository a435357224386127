import Documents
import Measurements

/// The Benchmark Report of llm-d: one run in YAML, each figure with its unit.
struct BenchmarkReportReader {
    func read(_ document: DocumentValue, into session: ImportSession) throws {
        guard let aggregate = document["results"]?["request_performance"]?["aggregate"] else {
            throw session.error(
                .wrongFormat, "expected a Benchmark Report with results.request_performance.aggregate, found \(describeKeys(document))")
        }
        session.tool = "llm-d benchmark report"
        session.toolVersion = document.text("version")
        var run = SourceRun(label: document.text("run", "eid") ?? document.text("run", "uid") ?? "report")
        describe(document, in: &run)
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapPerToken, .endToLastByte)
        run.warn("a Benchmark Report does not say which tool measured; its figures are taken to follow inference-perf's definitions")
        readLatencies(aggregate, into: &run)
        readFigures(aggregate, into: &run)
        session.finish(run)
    }

    private func describe(_ document: DocumentValue, in run: inout SourceRun) {
        let time = document["run"]?["time"] ?? .null
        run.start = time.text("start").flatMap { Timestamp(iso8601: $0) }
        if let start = run.start, let end = time.text("end").flatMap({ Timestamp(iso8601: $0) }), end >= start {
            run.duration = end.since(start)
        }
        let stack = document["scenario"]?["stack"]?.elements.first
        run.model = stack?.text("standardized", "model", "name") ?? document.text("scenario", "model", "name")
    }

    private func readLatencies(_ aggregate: DocumentValue, into run: inout SourceRun) {
        let names: [(LatencyMetric, String)] = [
            (.timeToFirstToken, "time_to_first_token"), (.timePerOutputToken, "time_per_output_token"),
            (.interTokenLatency, "inter_token_latency"), (.endToEnd, "request_latency"),
        ]
        for (metric, name) in names {
            guard let figures = aggregate["latency"]?[name] else { continue }
            let units = figures.text("units") ?? "s"
            guard let seconds = AIPerfFigures.seconds(in: units.split(separator: "/").first.map(String.init)) else {
                run.warn("\(name) is in '\(units)', which is no unit of time known here; it was left out")
                continue
            }
            run.report(metric, unit: seconds) { Self.figure($0, of: figures) }
        }
    }

    private func readFigures(_ aggregate: DocumentValue, into run: inout SourceRun) {
        let requests = aggregate["requests"] ?? .null
        run.failed = run.total(requests, "failures")
        run.completed = run.completed(of: run.total(requests, "total"), failed: run.failed)
        run.deriveErrorRate(failed: requests["failures"] == nil ? 0 : run.failed)
        if let lengths = requests["input_length"] { run.reported.inputTokens = run.reportedSummary { Self.figure($0, of: lengths) } }
        if let lengths = requests["output_length"] { run.reported.outputTokens = run.reportedSummary { Self.figure($0, of: lengths) } }
        let throughput = aggregate["throughput"] ?? .null
        run.report(\.requestsPerSecond, throughput.number("request_rate", "mean"), named: "request_rate")
        run.report(\.inputTokensPerSecond, throughput.number("input_token_rate", "mean"), named: "input_token_rate")
        run.report(\.outputTokensPerSecond, throughput.number("output_token_rate", "mean"), named: "output_token_rate")
    }

    /// Percentiles are written `p95` and `p99p9`.
    private static func figure(_ statistic: ReportedStatistic, of figures: DocumentValue) -> NumberReading {
        switch statistic {
        case .count: .missing
        case .mean: figures.number("mean")
        case .minimum: figures.number("min")
        case .maximum: figures.number("max")
        case .deviation: figures.number("stddev")
        case .percentile(let level):
            figures.number("p" + ReportedStatistic.text(level).split(separator: ".").joined(separator: "p"))
        }
    }
}
