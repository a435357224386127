public import BenchmarkResults
public import Measurements
import Policies
import Statistics

/// The results of a load test for people: a table for each stage, what was used and paid, and what speaks against the figures.
///
/// A percentile that the sample cannot support is a dash with a footnote; what was not measured is `n/a`.
public struct ResultsText {
    private let run: BenchmarkRun
    private let summary: BenchmarkSummary

    public init(_ run: BenchmarkRun, _ summary: BenchmarkSummary) {
        self.run = run
        self.summary = summary
    }

    /// With an end of line behind every line.
    public var text: String {
        let stages = zip(run.stages, summary.stages).map { StageText($0, $1, isOnly: summary.stages.count == 1).text }
        let sections = [head, overview] + stages + [knees, calibration, list("Warnings", summary.warnings)]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var head: String {
        let title = "LLM Latency Lens - Benchmark Results"
        let requests = summary.stages.reduce(0) { $0 + $1.whole.counts.completed + $1.whole.counts.failed }
        let seconds = summary.stages.reduce(0) { $0 + $1.duration.seconds }
        let model = ["Provider: \(summary.model.provider)", "Model: \(summary.model.name)"]
        var facts = ["Duration: \(FigureText.number(seconds)) s", "Requests: \(grouped(requests))"]
        if summary.stages.count == 1, let concurrency = summary.stages[0].load.concurrency { facts.append("Concurrency: \(concurrency)") }
        let lines = [title, String(repeating: "=", count: title.count), "", row(model), row(facts)]
        return lines.joined(separator: "\n") + "\n"
    }

    /// How latency goes with load, where there are several.
    private var overview: String {
        guard summary.stages.count > 1 else { return "" }
        let rows = summary.stages.map { stage in
            let part = stage.whole
            return [stage.label, part.throughput.requestsPerSecond.map(FigureText.number) ?? notMeasured]
                + [(BenchmarkMetric.timeToFirstToken, Percentile.p50), (.timeToFirstToken, .p95), (.endToEnd, .p95)].map { metric, level in
                    part.latencies[metric].map { $0.value(at: level).map(figure) ?? refused } ?? notMeasured
                } + [part.counts.errorRate.map(FigureText.percent) ?? notMeasured]
        }
        return BoxTable(header: ["Stage", "Requests/s", "TTFT p50 (ms)", "TTFT p95 (ms)", "Total p95 (ms)", "Failed"], rows: rows).text
    }

    private var knees: String {
        func rate(_ value: Double?) -> String { value.map { "\(FigureText.number($0))/s" } ?? "none" }
        return list(
            "Highest rates",
            (summary.knees ?? []).map {
                "\($0.scenario): highest good rate \(rate($0.highestGoodRate)), lowest bad rate \(rate($0.lowestBadRate)), "
                    + "\($0.probes) probes: \($0.reason)"
            })
    }

    private var calibration: String { summary.calibration.map { "Client: \($0.sentence)\n" } ?? "" }
}

let notMeasured = "n/a"
let refused = "–"
/// Behind a percentile without an interval: its requests resemble their neighbours.
let uncertain = "*"

/// Facts side by side on one line.
func row(_ facts: [String]) -> String { facts.map(ForeignText.printable).joined(separator: " | ") }

/// A heading and one line for each sentence; nothing without sentences.
func list(_ title: String, _ sentences: [String]) -> String {
    sentences.isEmpty ? "" : "\(title):\n" + sentences.map { "  - \(ForeignText.printable($0))\n" }.joined()
}

/// `15,234`.
func grouped(_ count: Int) -> String { FigureText.count(count).split(separator: " ").joined(separator: ",") }

/// A latency in milliseconds, without its unit.
func figure(_ seconds: Double) -> String { decimal(seconds * 1_000) }

/// With one digit behind the point, as many as keep three digits where it is small.
func decimal(_ value: Double) -> String {
    let size = abs(value)
    let places = size >= 10 || size == 0 ? 1 : size >= 1 ? 2 : 3
    let scale = [1.0, 10, 100, 1_000][places]
    let scaled = (size * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let digits = String(Int64(scaled))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
    return (value < 0 && scaled > 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
}
