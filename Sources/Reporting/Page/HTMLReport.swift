import Control
import FoundationEssentials
import Learning
import Measurements
import Pages
import Policies
import Statistics

extension RecommendationReport {
    /// The report as one page that needs nothing else: no script, no font, no image from anywhere.
    public var html: String {
        let page: Markup = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(headline) · \(policy.name)</title><style>\(Markup.style)</style></head><body><main>
            \(head)\(why)\(objectiveSection)\(measuredSection)\(recommendationSection)\(excludedSection)\(evidenceSection)
            <p class="soft">llm-auto-optimizer \(toolVersion) · decision \(id.uuidString.lowercased())</p>
            </main></body></html>

            """
        return page.text
    }

    private var head: Markup {
        let tone: Markup =
            switch decision.outcome {
            case .nothingToDo: missesObjective ? "var(--warn)" : "var(--good)"
            case .recommend, .hold: "var(--warn)"
            case .unknown: "var(--bad)"
            }
        let window = [snapshot.window.start, snapshot.window.end].compactMap(\.self).map(\.description).joined(separator: " to ")
        let measured = window.isEmpty ? "" : " · measured \(window)"
        return """
            <div class="verdict" style="--mark:\(tone)"><h1>\(headline)</h1>
            <p class="soft">Policy \(policy.name) as of \(decision.time)\(measured)</p></div>
            """
    }

    private var why: Markup { "<h2>Why</h2>\(list(decision.reasons))" }

    private func list(_ sentences: [String]) -> Markup { "<ul>\(sentences.map { sentence -> Markup in "<li>\(sentence)</li>" })</ul>" }

    private var objectiveSection: Markup {
        guard !decision.objectives.isEmpty else { return "" }
        let rows = decision.objectives.map { objective -> Markup in
            let verdict: Markup =
                switch objective.met {
                case true: #"<td class="good">met</td>"#
                case false: #"<td class="bad">missed</td>"#
                case nil: #"<td class="soft">unknown</td>"#
                }
            return "<tr>\(verdict)<td>\(objective.name)</td><td>\(objective.explanation)</td></tr>"
        }
        return """
            <h2>Objective</h2>\(Charts.objectives(decision.objectives))
            <table><thead><tr><th></th><th>limit</th><th>observed</th></tr></thead><tbody>\(rows)</tbody></table>
            """
    }

    private var measuredSection: Markup {
        let summaries = LatencyMetric.allCases.compactMap { metric in snapshot.summary(of: metric).map { (metric: metric, summary: $0) } }
        let groups =
            snapshot.groups.count > 1
            ? [Markup("<h3>By model and endpoint</h3>")] + snapshot.groups.map { group in groupDetails(group) } : []
        let anomalies =
            snapshot.anomalies.isEmpty
            ? ""
            : Markup(
                "<h3>Anomalies</h3>\(list(snapshot.anomalies.prefix(10).map { "\($0.severity.rawValue), \($0.detectedAt): \($0.description)" }))"
            )
        return """
            <h2>Measured</h2>\(Charts.latencies(summaries))\(latencyTable(summaries))
            <p>\(rates)</p><p>Bottleneck: <b>\(snapshot.bottleneck.kind.rawValue)</b>; \(snapshot.bottleneck.reason).</p>\(anomalies)\(groups)
            """
    }

    private func groupDetails(_ group: GroupStatistics) -> Markup {
        let name = [group.key.model, group.key.provider, group.key.endpoint].filter { !$0.isEmpty }.joined(separator: " · ")
        let summaries = LatencyMetric.allCases.compactMap { metric in
            group.statistics.latencies[metric].map { (metric: metric, summary: $0) }
        }
        return
            "<details><summary>\(name.isEmpty ? "no model named" : name): \(group.statistics.requests) requests</summary>\(latencyTable(summaries))</details>"
    }

    private func latencyTable(_ summaries: [(metric: LatencyMetric, summary: Summary)]) -> Markup {
        guard !summaries.isEmpty else { return #"<p class="soft">No latency was measured.</p>"# }
        func cell(_ value: Double?) -> Markup { #"<td class="n">\#(value.map { FigureText.latency(seconds: $0) } ?? "–")</td>"# }
        let rows = summaries.map { metric, summary -> Markup in
            """
            <tr><td>\(metric.rawValue)</td><td class="n">\(summary.count.map(FigureText.count) ?? "–")</td>\(cell(summary.mean))\(cell(summary.median))
            \(cell(summary.value(at: .p90)))\(cell(summary.value(at: .p95)))\(cell(summary.value(at: .p99)))\(cell(summary.maximum))
            <td class="soft">\(summary.method.rawValue)</td></tr>
            """
        }
        let header = ["count", "mean", "p50", "p90", "p95", "p99", "max"].map { name -> Markup in #"<th class="n">\#(name)</th>"# }
        return """
            <div class="wide"><table><thead><tr><th>latency</th>\(header)<th>percentiles</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    private var rates: String {
        let window = snapshot.window
        let parts = [
            (window.requestsPerSecond ?? snapshot.reported?.requestsPerSecond).map { "\(FigureText.number($0)) requests/s" },
            (window.outputTokensPerSecond ?? snapshot.reported?.outputTokensPerSecond).map { "\(FigureText.number($0)) output tokens/s" },
            (window.errorRate ?? snapshot.reported?.errorRate).map { "\(FigureText.percent($0)) errors" },
        ].compactMap(\.self)
        return parts.isEmpty ? "No rate is known." : parts.joined(separator: ", ") + "."
    }

    private var recommendationSection: Markup {
        guard !decision.recommendations.isEmpty else { return "" }
        return "<h2>Recommendations, best first</h2>\(decision.recommendations.indices.map(card))"
    }

    private func card(_ index: Int) -> Markup {
        let recommendation = decision.recommendations[index]
        let candidate = recommendation.candidate
        let rules = recommendation.rules.map { "\($0.rule): \($0.statement) Here \($0.circumstance)." }
        let patch: Markup =
            switch planned(at: index) {
            case .exact(let patch, let inverse):
                "<details><summary>Patch and inverse</summary><p>Apply</p><pre>\(patch.command)</pre><p>Undo</p><pre>\(inverse.command)</pre></details>"
            case .none(let reason): #"<p class="soft">No exact patch: \#(reason)</p>"#
            }
        return """
            <div class="card"><h3>\(index + 1). \(candidate.knob): \(candidate.from) → \(candidate.to)
            <span class="pill">confidence \(FigureText.percent(recommendation.utility.confidence))</span><span class="pill">\(recommendation.category.rawValue)</span></h3>
            <p>\(recommendation.rationale)</p>\(Charts.effects(recommendation.effect))
            <details><summary>Rules and reasoning</summary>\(list(rules + recommendation.effect.reasoning))</details>\(patch)
            <p class="soft">\(recommendation.rollback)</p></div>
            """
    }

    private var excludedSection: Markup {
        guard !decision.excluded.isEmpty else { return "" }
        let rows = decision.excluded.map { excluded -> Markup in
            let change = [excluded.from.map { "\($0)" }, excluded.to.map { "\($0)" }].compactMap(\.self).joined(separator: " → ")
            return "<tr><td>\(excluded.knob)</td><td>\(change)</td><td>\(excluded.explanation)</td></tr>"
        }
        return """
            <h2>Considered and left</h2><table><thead><tr><th>setting</th><th>change</th><th>why not</th></tr></thead><tbody>\(rows)</tbody></table>
            """
    }

    private var evidenceSection: Markup {
        let rows = snapshot.sources.flatMap { source in
            source.runs.map { run -> Markup in
                let definitions = run.definitions.sorted { $0.key.rawValue < $1.key.rawValue }.map { pair in
                    pair.value.rawValue + (pair.value.isCanonical ? "" : " (not ours)")
                }
                return """
                    <tr><td>\(source.name)</td><td>\(source.tool)</td><td>\(run.label)</td><td>\(definitions.joined(separator: ", "))\(run.warnings.isEmpty ? "" : list(run.warnings))</td></tr>
                    """
            }
        }
        let table: Markup =
            rows.isEmpty
            ? ""
            : "<table><thead><tr><th>file</th><th>written by</th><th>run</th><th>definitions and notes</th></tr></thead><tbody>\(rows)</tbody></table>"
        return "<h2>Evidence</h2>\(table)\(notes.isEmpty ? "" : list(notes))"
    }
}
