import Control
import Learning
import Measurements
import Pages
import Policies
import Statistics

/// Charts as inline SVG, each with a title and a description for readers who cannot see it.
enum Charts {
    /// Each limit of the objective as a bar: the figure against its limit, which stands at the same place in every bar.
    static func objectives(_ objectives: [ObjectiveReport]) -> Markup {
        let known = objectives.filter { $0.observed != nil && $0.limit > 0 }
        guard !known.isEmpty else { return "" }
        let height = 34 * known.count + 26
        let description = known.map { "\($0.name): \($0.observedText ?? "")" }.joined(separator: "; ")
        let bars = known.enumerated().map { index, objective in bar(objective, top: 34 * index + 20) }
        return """
            <div class="chart"><svg viewBox="0 0 900 \(height)" role="img" aria-label="\(description)"><title>The objective and what was observed</title>
            <line x1="500" x2="500" y1="14" y2="\(height)" stroke="currentColor" stroke-dasharray="4 3"/>
            <text x="500" y="10" text-anchor="middle" class="soft">limit</text>\(bars)</svg></div>
            """
    }

    private static func bar(_ objective: ObjectiveReport, top: Int) -> Markup {
        let ratio = (objective.observed ?? 0) / objective.limit
        // The limit stands 280 units from the left; what is more than twice as much ends at the edge, and the number tells.
        let length = min(ratio, 2) * 280
        let colour = objective.met == false ? "var(--bad)" : "var(--good)"
        return """
            <text x="210" y="\(top + 15)" text-anchor="end">\(objective.name)</text>
            <rect x="220" y="\(top)" width="\(tenths(max(length, 2)))" height="22" rx="3" fill="\(colour)" opacity="0.85"/>
            <text x="\(tenths(min(230 + length, 790)))" y="\(top + 15)">\(objective.observedText ?? "")</text>
            """
    }

    /// Percentiles of each latency on a logarithmic scale.
    static func latencies(_ summaries: [(metric: LatencyMetric, summary: Summary)]) -> Markup {
        let rows = summaries.filter { $0.summary.percentiles.contains { $0.value > 0 } }
        let values = rows.flatMap { $0.summary.percentiles.map(\.value) }.filter { $0 > 0 }
        guard let low = values.min(), let high = values.max() else { return "" }
        let scale = LogarithmicScale(low: low / 1.3, high: high * 1.3, from: 90, to: 860)
        let height = 40 * rows.count + 34
        let grid = scale.ticks.map { tick -> Markup in
            """
            <line x1="\(tenths(scale.position(tick)))" x2="\(tenths(scale.position(tick)))" y1="6" y2="\(height - 22)" stroke="var(--line)"/>
            <text x="\(tenths(scale.position(tick)))" y="\(height - 6)" text-anchor="middle" class="soft">\(FigureText.latency(seconds: tick))</text>
            """
        }
        let lines = rows.enumerated().map { index, row in latencyRow(row.metric, row.summary, y: 40 * index + 28, scale) }
        return """
            <div class="chart"><svg viewBox="0 0 900 \(height)" role="img" aria-label="Latency percentiles; the table below holds the figures">
            <title>Latency percentiles</title>\(grid)\(lines)</svg></div>
            """
    }

    private static func latencyRow(_ metric: LatencyMetric, _ summary: Summary, y: Int, _ scale: LogarithmicScale) -> Markup {
        let points = summary.percentiles.filter { $0.value > 0 }
        guard let first = points.first, let last = points.last else { return "" }
        let dots = points.map { point -> Markup in
            let x = tenths(scale.position(point.value))
            let name = "\(metric.rawValue) \(point.level): \(FigureText.latency(seconds: point.value))"
            return #"<circle cx="\#(x)" cy="\#(y)" r="5" fill="var(--blue)"><title>\#(name)</title></circle>"#
        }
        let labels = [points.first { $0.level == .p50 }, points.first { $0.level == .p95 }].compactMap(\.self).map { point -> Markup in
            let x = tenths(scale.position(point.value))
            return #"<text x="\#(x)" y="\#(y - 10)" text-anchor="middle" class="soft">\#(point.level)</text>"#
        }
        return """
            <text x="70" y="\(y + 5)" text-anchor="end">\(metric.rawValue)</text>
            <line x1="\(tenths(scale.position(first.value)))" x2="\(tenths(scale.position(last.value)))" y1="\(y)" y2="\(y)" stroke="var(--blue)" stroke-width="3" opacity="0.45"/>\(dots)\(labels)
            """
    }

    /// The predicted change of every outcome with its 90 % interval around "no change", and the figures beside it.
    static func effects(_ effect: PredictedEffect) -> Markup {
        let rows = Outcome.allCases.compactMap { outcome in effect.outcomes[outcome].map { (outcome: outcome, estimate: $0) } }
        guard !rows.isEmpty else { return "" }
        let height = 30 * rows.count + 30
        let lines = rows.enumerated().map { index, row in effectRow(row.outcome, row.estimate, y: 30 * index + 26) }
        let description = rows.map { "\($0.outcome.words) \($0.estimate.changeText)" }.joined(separator: "; ")
        return """
            <div class="chart"><svg viewBox="0 0 900 \(height)" role="img" aria-label="\(description)"><title>Predicted change with 90 % interval</title>
            <line x1="440" x2="440" y1="14" y2="\(height - 8)" stroke="currentColor" stroke-dasharray="4 3"/>
            <text x="440" y="10" text-anchor="middle" class="soft">no change</text>
            <text x="230" y="10" text-anchor="middle" class="soft">−100 %</text>
            <text x="650" y="10" text-anchor="middle" class="soft">+100 %</text>
            <text x="690" y="10" class="soft">change (90 % interval)</text>\(lines)</svg></div>
            """
    }

    private static func effectRow(_ outcome: Outcome, _ estimate: EffectEstimate, y: Int) -> Markup {
        func position(_ change: Double) -> Double { 440 + max(-1, min(1, change)) * 210 }
        let interval = estimate.interval90
        let isBetter = outcome == .throughput ? estimate.logRatio > 0 : estimate.logRatio < 0
        let colour: Markup = estimate.logRatio == 0 ? "var(--soft)" : isBetter ? "var(--good)" : "var(--bad)"
        // An arrow says that it goes on beyond the edge of the chart.
        let arrow: Markup = interval.upperBound > 1 ? #"<path d="M650 \#(y - 6)l9 6l-9 6z" fill="\#(colour)"/>"# : ""
        return """
            <text x="210" y="\(y + 4)" text-anchor="end">\(outcome.words)</text>
            <line x1="\(tenths(position(interval.lowerBound)))" x2="\(tenths(position(interval.upperBound)))" y1="\(y)" y2="\(y)" stroke="\(colour)" stroke-width="4" opacity="0.5"/>
            <circle cx="\(tenths(position(estimate.relativeChange)))" cy="\(y)" r="6" fill="\(colour)"/>\(arrow)
            <text x="690" y="\(y + 4)">\(estimate.changeText)</text>
            """
    }

    static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension EffectEstimate {
    /// `−89 % (−99 % to +68 %)`, without an interval where the change is certain.
    fileprivate var changeText: String {
        let change = signedPercent(relativeChange)
        return deviation == 0 ? change : "\(change) (\(signedPercent(interval90.lowerBound)) to \(signedPercent(interval90.upperBound)))"
    }
}
