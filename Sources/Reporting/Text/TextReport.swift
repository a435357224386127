import Control
import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics

extension RecommendationReport {
    /// The report for a terminal: the verdict first, then what it rests on, then what to do.
    public func text(_ style: TextStyle) -> String {
        let sections = [
            head(style), why(style), objectives(style), measured(style), anomalies(style), recommendations(style), excluded(style),
            evidence(style),
            nextSteps(style),
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private func head(_ style: TextStyle) -> String {
        let tone: TextStyle.Tone =
            switch decision.outcome {
            case .nothingToDo: missesObjective ? .yellow : .green
            case .recommend, .hold: .yellow
            case .unknown: .red
            }
        let subject = "\(policy.name) as of \(decision.time)"
        return style.dress(headline, tone) + "\n" + style.dress(subject, .faint)
    }

    private func title(_ text: String, _ style: TextStyle) -> String { style.dress(text, .bold) + "\n" }

    private func why(_ style: TextStyle) -> String {
        title("Why", style) + decision.reasons.map { style.wrapped("- " + $0) }.joined(separator: "\n")
    }

    private func objectives(_ style: TextStyle) -> String {
        guard !decision.objectives.isEmpty else { return "" }
        let rows = decision.objectives.map { objective in
            let verdict = objective.met.map { $0 ? "met" : "MISSED" } ?? "unknown"
            return [verdict, objective.name, objective.observedText ?? "–", objective.explanation]
        }
        let plain = style.table(["", "objective", "observed", ""], rows, rightFrom: 9, proseLast: true)
        return title("Objective", style) + plain
    }

    private func measured(_ style: TextStyle) -> String {
        let rows = LatencyMetric.allCases.compactMap { metric in snapshot.summary(of: metric).map { row(metric, $0) } }
        guard !rows.isEmpty else { return title("Measured", style) + style.wrapped("No latency was measured.") }
        let table = style.table(["latency", "count", "mean", "p50", "p95", "p99", "max"], rows)
        return title("Measured", style)
            + ([table] + [methods, rates, bottleneck].compactMap(\.self).map { style.wrapped($0) }).joined(separator: "\n")
    }

    private func row(_ metric: LatencyMetric, _ summary: Summary) -> [String] {
        func cell(_ value: Double?) -> String { value.map { FigureText.latency(seconds: $0) } ?? "–" }
        return [
            metric.rawValue, summary.count.map(FigureText.count) ?? "–", cell(summary.mean), cell(summary.median),
            cell(summary.value(at: .p95)),
            cell(summary.value(at: .p99)), cell(summary.maximum),
        ]
    }

    private var methods: String? {
        let methods = Set(LatencyMetric.allCases.compactMap { snapshot.summary(of: $0)?.method.rawValue })
        let notFinite = LatencyMetric.allCases.compactMap { snapshot.summary(of: $0)?.notFiniteCount }.reduce(0, +)
        let spoiled = notFinite > 0 ? "; \(FigureText.count(notFinite)) readings were not finite and are in no figure" : ""
        return methods.isEmpty ? nil : "Percentiles: \(methods.sorted().joined(separator: ", "))\(spoiled)."
    }

    private var rates: String? {
        let window = snapshot.window
        let reported = snapshot.reported
        let parts = [
            (window.requestsPerSecond ?? reported?.requestsPerSecond).map { "\(FigureText.number($0)) requests/s" },
            (window.outputTokensPerSecond ?? reported?.outputTokensPerSecond).map { "\(FigureText.number($0)) output tokens/s" },
            (window.errorRate ?? reported?.errorRate).map { "errors \(FigureText.percent($0))" },
        ].compactMap(\.self)
        let errors = window.errorsByType.isEmpty ? reported?.errorsByType ?? [:] : window.errorsByType
        let types = errors.sorted { $0.value > $1.value }.prefix(5).map { "\($0.key) ×\($0.value)" }.joined(separator: ", ")
        return parts.isEmpty ? nil : "Rates: " + parts.joined(separator: ", ") + (types.isEmpty ? "." : " (\(types)).")
    }

    private var bottleneck: String { "Bottleneck: \(snapshot.bottleneck.kind.rawValue); \(snapshot.bottleneck.reason)." }

    private func anomalies(_ style: TextStyle) -> String {
        guard !snapshot.anomalies.isEmpty else { return "" }
        let lines = snapshot.anomalies.prefix(5).map { style.wrapped("- \($0.severity.rawValue), \($0.detectedAt): \($0.description)") }
        let more = snapshot.anomalies.count > 5 ? ["  and \(snapshot.anomalies.count - 5) more"] : []
        return title("Anomalies", style) + (lines + more).joined(separator: "\n")
    }

    private func recommendations(_ style: TextStyle) -> String {
        guard !decision.recommendations.isEmpty else { return "" }
        let entries = decision.recommendations.indices.map { index in recommendation(at: index, style) }
        return title("Recommendations, best first", style) + entries.joined(separator: "\n\n")
    }

    private func recommendation(at index: Int, _ style: TextStyle) -> String {
        let recommendation = decision.recommendations[index]
        let candidate = recommendation.candidate
        let change = style.dress("\(index + 1). \(candidate.knob) \(candidate.from) → \(candidate.to)", .bold)
        let confidence = "confidence \(FigureText.percent(recommendation.utility.confidence)), \(recommendation.category.rawValue)"
        let rows = Outcome.allCases.compactMap { outcome in
            recommendation.effect.outcomes[outcome].map { estimate in
                let interval = estimate.interval90
                let range =
                    estimate.deviation == 0 ? "certain" : "\(signedPercent(interval.lowerBound)) to \(signedPercent(interval.upperBound))"
                return [outcome.words, signedPercent(estimate.relativeChange), range]
            }
        }
        let effects = style.table(["expected", "change", "90 % interval"], rows).split(separator: "\n").map { "   " + $0 }.joined(
            separator: "\n")
        let patch: [String] =
            switch planned(at: index) {
            case .exact(let patch, let inverse):
                ["     apply  " + ForeignText.printable(patch.command), "     undo   " + ForeignText.printable(inverse.command)]
            case .none(let reason): [style.wrapped("no exact patch: \(reason)", indent: 5)]
            }
        return
            (["  " + change + "  " + style.dress(confidence, .faint), style.wrapped(recommendation.rationale, indent: 5), effects] + patch)
            .joined(separator: "\n")
    }

    private func excluded(_ style: TextStyle) -> String {
        guard !decision.excluded.isEmpty else { return "" }
        let lines = decision.excluded.map { excluded in
            let value = [excluded.from.map { "\($0)" }, excluded.to.map { "\($0)" }].compactMap(\.self).joined(separator: " → ")
            return style.wrapped("- \(excluded.knob)\(value.isEmpty ? "" : " " + value): \(excluded.explanation)")
        }
        return title("Considered and left", style) + lines.joined(separator: "\n")
    }

    private func evidence(_ style: TextStyle) -> String {
        let lines = snapshot.sources.flatMap { source -> [String] in
            let skipped = source.skipped > 0 ? ", \(source.skipped) bad records skipped" : ""
            let runs = source.runs.map(\.label).filter { !$0.isEmpty }.joined(separator: ", ")
            let first = "- \(source.name), written by \(source.tool)\(runs.isEmpty ? "" : ": \(runs)")\(skipped)"
            let foreign = source.runs.flatMap { $0.definitions.values }.filter { !$0.isCanonical }.map(\.rawValue)
            let other = foreign.isEmpty ? [] : ["  defined differently from ours: \(Set(foreign).sorted().joined(separator: ", "))"]
            return [first] + other + Set(source.runs.flatMap(\.warnings)).sorted().map { "  note: \($0)" }
        }
        let all = lines.map { style.wrapped($0, indent: $0.hasPrefix("  ") ? 4 : 2) } + notes.map { style.wrapped("- note: \($0)") }
        return all.isEmpty ? "" : title("Evidence", style) + all.joined(separator: "\n")
    }

    private func nextSteps(_ style: TextStyle) -> String {
        let id = id.uuidString.lowercased().prefix(8)
        let settings = snapshot.state.values.filter { $0.value.origin == .assumed }.keys.sorted()
        let assumed =
            settings.isEmpty || decision.recommendations.isEmpty && decision.excluded.isEmpty
            ? []
            : [
                "Assumed from the policy's defaults: \(settings.joined(separator: ", ")). Say what is in force with --current or --manifest."
            ]
        let explain =
            isStored ? ["llm-auto-optimizer explain \(id) shows this report again, replay \(id) decides again from the same inputs."] : []
        guard !(assumed + explain).isEmpty else { return "" }
        return title("Next", style) + (assumed + explain).map { style.wrapped("- " + $0) }.joined(separator: "\n")
    }
}
