public import BenchmarkResults
import FoundationEssentials
public import Measurements
import Pages
import Policies
import Statistics

/// The results of a load test as one page that needs nothing else: no script, no font, no image from anywhere.
public struct ResultsPage {
    private let run: BenchmarkRun
    private let summary: BenchmarkSummary

    public init(_ run: BenchmarkRun, _ summary: BenchmarkSummary) {
        self.run = run
        self.summary = summary
    }

    public var html: String {
        let page: Markup = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(summary.model.name) · load test</title><style>\(Markup.style)</style></head><body><main>
            \(head)\(warnings(summary.warnings))\(curve)\(stages)\(circumstances)
            <p class="soft">\(summary.tool) \(summary.toolVersion) · run \(summary.id.uuidString.lowercased()) · seed \(summary.seed)</p>
            </main></body></html>

            """
        return page.text
    }

    private var head: Markup {
        let counts = summary.stages.map(\.whole.counts)
        let completed = counts.reduce(0) { $0 + $1.completed }
        let failed = counts.reduce(0) { $0 + $1.failed }
        let hasWarnings = !summary.warnings.isEmpty || summary.stages.contains { !$0.warnings.isEmpty }
        let tone: Markup = completed == 0 ? "var(--bad)" : failed > 0 || hasWarnings ? "var(--warn)" : "var(--good)"
        let stages = summary.stages.count == 1 ? "one stage" : "\(summary.stages.count) stages"
        return """
            <div class="verdict" style="--mark:\(tone)"><h1>\(summary.model.name)</h1>
            <p>\(FigureText.count(completed)) requests answered, \(FigureText.count(failed)) failed, in \(stages)</p>
            <p class="soft">\(summary.model.provider) at \(ForeignText.addressWithoutSecrets(summary.model.endpoint)) · \(summary.startedAt)</p></div>
            """
    }

    private func warnings(_ texts: [String]) -> Markup {
        texts.isEmpty ? "" : #"<ul class="warn">\#(texts.map { text -> Markup in "<li>\(text)</li>" })</ul>"#
    }

    /// How latency goes with load, where there are several.
    private var curve: Markup {
        guard summary.stages.count > 1 else { return "" }
        let rows = summary.stages.map { stage -> Markup in
            let part = stage.whole
            return """
                <tr><td>\(stage.label)</td>\(cell(part.throughput.requestsPerSecond.map(FigureText.number)))\(latency(part, .timeToFirstToken, .p50))
                \(latency(part, .timeToFirstToken, .p95))\(latency(part, .endToEnd, .p95))
                \(cell(part.throughput.outputTokensPerSecond.map(FigureText.number)))\(cell(part.counts.errorRate.map(FigureText.percent)))
                \(cell(part.goodput?.attainment.map(FigureText.percent)))</tr>
                """
        }
        let names = ["requests/s", "TTFT p50", "TTFT p95", "total p95", "output tokens/s", "failed", "met objective"]
        let header = names.map { name -> Markup in #"<th class="n">\#(name)</th>"# }
        return """
            <h2>Latency against load</h2>\(LoadCurveChart(summary).markup)
            <div class="wide" tabindex="0" role="region" aria-label="Figures of every stage"><table><thead><tr><th>stage</th>\(header)</tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    private func latency(_ part: LoadSummary, _ metric: BenchmarkMetric, _ level: Percentile) -> Markup {
        cell(part.latencies[metric]?.value(at: level).map { FigureText.latency(seconds: $0) })
    }

    private func cell(_ text: String?) -> Markup { #"<td class="n">\#(text ?? "–")</td>"# }

    private var stages: [Markup] {
        zip(run.stages, summary.stages).map { stage, figures in
            "<h2>Stage: \(figures.label)</h2>\(warnings(figures.warnings))\(StageSection(stage, figures).markup)"
        }
    }

    /// What a reader needs to judge the figures or to run the test again.
    private var circumstances: Markup {
        let hardware = summary.hardware
        let facts: [(String, String?)] = [
            ("model version", summary.model.version), ("quantization", summary.model.quantization), ("GPU", hardware.gpuType),
            ("GPUs", hardware.gpuCount.map(FigureText.count)), ("processor cores", hardware.cpuCores.map(FigureText.count)),
            ("memory", hardware.memoryGigabytes.map { "\(FigureText.number($0)) GB" }),
            ("batch size", hardware.batchSize.map(FigureText.count)),
            ("the client itself", summary.calibration?.sentence), ("stopped early", summary.stoppedEarly),
        ]
        let rows = facts.compactMap { name, value in value.map { value -> Markup in "<tr><td>\(name)</td><td>\(value)</td></tr>" } }
        return rows.isEmpty ? "" : "<h2>Circumstances</h2><table><tbody>\(rows)</tbody></table>"
    }
}

extension ClientCalibration {
    /// What the client adds to what it measures.
    var sentence: String {
        "adds \(FigureText.latency(seconds: firstTokenErrorMedian.seconds)) (p99 \(FigureText.latency(seconds: firstTokenErrorP99.seconds))) "
            + "to a first token at \(streams) streams; reaches \(FigureText.percent(achievedShare)) of the rate; "
            + "\(FigureText.number(cpuSecondsPer1000Requests)) CPU seconds for 1000 requests"
    }
}
