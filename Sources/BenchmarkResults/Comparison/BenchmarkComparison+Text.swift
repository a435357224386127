public import Documents
import Measurements
import Statistics

extension BenchmarkComparison {
    /// A table for people: every figure with its change, interval and verdict, then what follows.
    public var text: String {
        var lines = ["before  \(ForeignText.printable(baseline))", "after   \(ForeignText.printable(candidate))"]
        for part in parts where !part.figures.isEmpty {
            lines += ["", ForeignText.printable(part.name)] + TextColumns(part.figures.map(\.cells), header: ComparedFigure.header).lines
        }
        lines += ["", conclusion] + notes.map { ForeignText.printable($0) }
        if isTested {
            lines.append(
                "Intervals are of \(FigureText.percent(confidence)) and hold for these two runs; runs of other days may differ by more. "
                    + "Tested together by Holm's method at \(FigureText.percent(options.significance)).")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var confidence: Double { parts.flatMap(\.figures).compactMap { $0.interval?.confidence }.first ?? 0.95 }

    private var conclusion: String {
        let found = regressions
        let points = FigureText.significant(options.shareThreshold * 100)
        let limit = "\(FigureText.percent(options.threshold)) (of shares: \(points) percentage point\(points == "1" ? "" : "s"))"
        guard !found.isEmpty else {
            return isTested ? "No regression by \(limit) or more was found." : "Whether there is a regression cannot be said."
        }
        let names = found.map { "\($0.quantity.name) \($0.changeText)" }.joined(separator: ", ")
        return "REGRESSION by \(limit) or more: \(names)."
    }

    /// The same as a value for machines.
    public var document: DocumentValue {
        .members([
            ("before", .string(baseline)), ("after", .string(candidate)), ("regression", .boolean(!regressions.isEmpty)),
            ("tested", .boolean(isTested)), ("threshold", .double(options.threshold)), ("share_threshold", .double(options.shareThreshold)),
            ("significance", .double(options.significance)),
            (
                "stages",
                .array(
                    parts.map { part in
                        .members([("stage", .string(part.name)), ("figures", .array(part.figures.map(\.document)))])
                    })
            ),
            ("notes", .array(notes.map { .string($0) })),
        ])
    }
}

extension ComparedFigure {
    static let header = ["figure", "before", "after", "change", "interval", "p (Holm)", "verdict"]

    var cells: [String] {
        [
            quantity.name, valueText(before), valueText(after), changeText,
            interval.map { "\(signed($0.lower)) … \(signed($0.upper))" } ?? "–", adjustedP.map(Self.probability) ?? "–",
            verdictText,
        ]
    }

    private var verdictText: String {
        if isRegression { return "WORSE" }
        return reason.map { "\(verdict.rawValue): \($0)" } ?? verdict.rawValue
    }

    var changeText: String { change.map(signed) ?? "–" }

    private func valueText(_ value: Double) -> String {
        switch quantity {
        case .latencyMean, .latency: FigureText.milliseconds(value)
        case .requestRate, .outputTokenRate: FigureText.significant(value)
        case .errorRate, .attainment: FigureText.percent(value)
        case .costPerRequest(let currency): "\(FigureText.significant(value)) \(ForeignText.printable(currency))"
        }
    }

    private func signed(_ change: Double) -> String {
        let unit = quantity.isShare ? "points" : "%"
        let rounded = (change * 1_000).rounded() / 10
        return rounded == 0 ? "±0 \(unit)" : "\(rounded > 0 ? "+" : "−")\(FigureText.significant(abs(rounded))) \(unit)"
    }

    private static func probability(_ p: Double) -> String {
        p < 0.0001 ? "< 0.0001" : FigureText.significant((p * 10_000).rounded() / 10_000)
    }

    var document: DocumentValue {
        .members([
            ("figure", .string(quantity.name)), ("before", .double(before)), ("after", .double(after)),
            ("change", change.map { .double($0) }),
            ("interval", interval.map { .array([.double($0.lower), .double($0.upper)]) }), ("p", p.map { .double($0) }),
            ("adjusted_p", adjustedP.map { .double($0) }), ("cliffs_delta", cliffsDelta.map { .double($0) }),
            ("verdict", .string(verdict.rawValue)), ("regression", .boolean(isRegression)), ("reason", reason.map { .string($0) }),
        ])
    }
}
