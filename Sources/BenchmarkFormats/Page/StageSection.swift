import BenchmarkResults
import Measurements
import Pages
import Policies
import Statistics

/// One stage of the page: its table, its distributions and its course over time.
struct StageSection {
    private let stage: BenchmarkStage
    private let summary: StageSummary

    init(_ stage: BenchmarkStage, _ summary: StageSummary) {
        self.stage = stage
        self.summary = summary
    }

    var markup: Markup { "<p>\(facts)</p>\(table)\(refusals)\(charts)\(groups)" }

    private var facts: String {
        let part = summary.whole
        let rates = part.throughput
        let errors = part.counts.failuresByCount.joined(separator: ", ")
        let facts = [
            load, "\(FigureText.number(summary.duration.seconds)) s", "\(FigureText.count(part.counts.completed)) answered",
            "\(FigureText.count(part.counts.failed)) failed" + (errors.isEmpty ? "" : " (\(errors))"),
            rates.requestsPerSecond.map { "\(FigureText.number($0)) requests/s" },
            rates.outputTokensPerSecond.map { "\(FigureText.number($0)) output tokens/s" },
            rates.achievedRate.map { "sent at \(FigureText.number($0))/s" },
            part.cost.total.map { "cost \(FigureText.number($0)) \(part.cost.currency)" }
                ?? part.cost.unknown.map { "cost unknown: \($0)" },
            part.goodput?.attainment.map { "\(FigureText.percent($0)) met the objective" },
        ]
        return facts.compactMap(\.self).joined(separator: " · ")
    }

    private var load: String {
        let load = summary.load
        let rate = load.requestsPerSecond.map { "\(FigureText.number($0)) requests/s" }
        let concurrency = load.concurrency.map { load.isOpen ? "at most \($0) under way" : "\($0) under way" }
        return [load.shape.rawValue, rate, concurrency].compactMap(\.self).joined(separator: ", ")
    }

    private var latencies: [(metric: BenchmarkMetric, summary: LatencySummary)] {
        BenchmarkMetric.allCases.compactMap { metric in summary.whole.latencies[metric].map { (metric, $0) } }
    }

    private var table: Markup {
        guard !latencies.isEmpty else { return #"<p class="soft">No latency was measured.</p>"# }
        let levels: [Percentile] = [.p50, .p90, .p95, .p99, .p999]
        let header = (["count", "min", "mean"] + levels.map(\.description) + ["max"]).map { name -> Markup in
            #"<th class="n">\#(name)</th>"#
        }
        let rows = latencies.map { metric, figures -> Markup in
            let percentiles = levels.map { level in cell(figures.figure(at: level)) }
            return """
                <tr><td>\(metric.words)</td><td class="n">\(FigureText.count(figures.count))</td>\(cell(figures.minimum, nil))
                \(cell(figures.mean, figures.meanInterval))\(percentiles)\(cell(figures.maximum, nil))</tr>
                """
        }
        return """
            <div class="wide" tabindex="0" role="region" aria-label="Latencies of the stage"><table><thead><tr><th>latency</th>\(header)</tr></thead><tbody>\(rows)</tbody></table></div>
            <p class="soft">Below a figure stands its 95 % confidence interval.</p>
            """
    }

    private func cell(_ figure: PercentileFigure?) -> Markup {
        cell(figure?.value, figure?.interval, mark: figure?.caution == nil ? "" : uncertain)
    }

    private func cell(_ seconds: Double?, _ interval: ConfidenceInterval?, mark: String = "") -> Markup {
        let range = interval.map { interval -> Markup in
            #"<div class="soft"><small>\#(interval.words)</small></div>"#
        }
        return #"<td class="n">\#(seconds.map { FigureText.latency(seconds: $0) + mark } ?? "–")\#(range ?? "")</td>"#
    }

    private var refusals: Markup {
        let refusals = latencies.map { metric, figures in
            (name: metric.words, shortages: figures.percentiles.compactMap { $0.refusal ?? $0.caution })
        }
        let items = RefusalReasons(refusals).sentences(of: latencies.count).map { text -> Markup in "<li>\(text)</li>" }
        return items.isEmpty
            ? ""
            : "<details><summary>Why some percentiles are a dash, or have an asterisk and no interval</summary><ul>\(items)</ul></details>"
    }

    private var charts: Markup {
        let records = stage.measuredRecords
        let completed = records.filter(\.measurement.succeeded)
        let samples = [
            ChartSample("TTFT", completed.compactMap { $0.scheduledTimeToFirstToken?.seconds }),
            ChartSample("TTFT as sent", completed.compactMap { $0.measurement.timeToFirstToken?.seconds }),
            ChartSample("total", completed.compactMap { $0.scheduledEndToEnd?.seconds }),
        ].filter { $0.values.count > 1 }
        guard let first = samples.first else { return "" }
        return """
            <h3>Distribution</h3>\(DistributionChart(samples).markup)\(HistogramChart(first).markup)
            <h3>Over time</h3>\(TimelineChart(records).markup)
            """
    }

    private var groups: Markup {
        guard summary.groups.count > 1 else { return "" }
        let rows = summary.groups.map { part -> Markup in
            let first = part.latencies[.timeToFirstToken]
            return """
                <tr><td>\(part.name)</td><td class="n">\(FigureText.count(part.counts.completed))</td><td class="n">\(FigureText.count(part.counts.failed))</td>
                \(cell(first?.figure(at: .p50)))\(cell(first?.figure(at: .p95)))
                <td class="n">\(part.cost.total.map { "\(FigureText.number($0)) \(part.cost.currency)" } ?? "unknown")</td></tr>
                """
        }
        return """
            <h3>By provider, model and scenario</h3><div class="wide" tabindex="0" role="region" aria-label="Groups of the stage"><table><thead><tr><th>group</th><th class="n">answered</th><th class="n">failed</th>
            <th class="n">TTFT p50</th><th class="n">TTFT p95</th><th class="n">cost</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }
}
