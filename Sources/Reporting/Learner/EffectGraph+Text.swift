import Control
import Learning
import Policies

extension EffectGraph {
    /// A table of arrows for a terminal, and how far earlier statements have held.
    public var text: String {
        var lines = ["\(deployment): \(evidence)"]
        if edges.isEmpty { lines.append("  no action was measured yet") }
        let width = edges.map(\.action.count).max() ?? 0
        let outcomeWidth = outcomes.map(\.words.count).max() ?? 0
        for edge in edges {
            let name = Self.padded(edge.action, width)
            let outcome = Self.padded(edge.outcome.words, outcomeWidth)
            lines.append(
                "  \(name) → \(outcome)  \(Self.padded(signedPercent(edge.change), 6))  "
                    + "90 % \(signedPercent(edge.interval.lowerBound)) to \(signedPercent(edge.interval.upperBound)), \(edge.words); "
                    + "\(edge.effect.episodes) episodes\(edge.canaries), physics said \(signedPercent(exponentialChange(edge.effect.predicted)))"
            )
        }
        for outcome in outcomes { if let accuracy = learned.accuracy[outcome] { lines += Self.lines(outcome, accuracy) } }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ outcome: Outcome, _ accuracy: LearnedAccuracy) -> [String] {
        guard accuracy.stated > 0 else { return ["  \(outcome.words): nothing was foretold yet that could have held"] }
        let share = FigureText.percent((Double(accuracy.covered) / Double(accuracy.stated) * 100).rounded() / 100)
        var lines = [
            "  \(outcome.words): \(accuracy.covered) of \(accuracy.stated) 90 % intervals for the next episode held (\(share)); "
                + "intervals are widened by \(FigureText.number((accuracy.widening * 100).rounded() / 100))"
                + (accuracy.changes > 0 ? "; \(accuracy.changes) change\(accuracy.changes == 1 ? "" : "s") found" : "")
        ]
        let bins = accuracy.reliability.bins.compactMap { bin in
            bin.meanStated.flatMap { stated in bin.realised.map { (stated, $0, bin.count) } }
        }
        lines.append(
            "    stated → came true: "
                + bins.map { "\(percent($0.0)) → \(percent($0.1)) (\($0.2))" }.joined(separator: ", "))
        return lines
    }

    private static func percent(_ ratio: Double) -> String { FigureText.percent((ratio * 100).rounded() / 100) }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// The relative change of a log ratio.
private func exponentialChange(_ logRatio: Double) -> Double { EffectEstimate(logRatio: logRatio, deviation: 0).relativeChange }
