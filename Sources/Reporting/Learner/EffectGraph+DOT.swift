import Control
import Learning

extension EffectGraph {
    /// A digraph in Graphviz' language: `dot -Tpng`. Green lowers, red raises, grey is unclear.
    public var dot: String {
        var lines = ["digraph \(Self.quoted(deployment)) {", "  rankdir=LR;", "  label=\(Self.quoted("\(deployment): \(evidence)"));"]
        lines += learned.actions.map { action in
            let count = "\(action.episodes) episode\(action.episodes == 1 ? "" : "s")"
            return "  \(Self.quoted("action \(action.name)")) [shape=box, label=\(Self.quoted(action.name, count))];"
        }
        lines += outcomes.map { "  \(Self.quoted("outcome \($0.rawValue)")) [label=\(Self.quoted($0.words))];" }
        lines += edges.map { edge in
            let label = Self.quoted(
                signedPercent(edge.change), "\(signedPercent(edge.interval.lowerBound)) to \(signedPercent(edge.interval.upperBound))")
            return "  \(Self.quoted("action \(edge.action)")) -> \(Self.quoted("outcome \(edge.outcome.rawValue)")) "
                + "[label=\(label), color=\"\(edge.colour)\", penwidth=\(edge.strokeWidth)];"
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    /// A string of Graphviz with its lines centred.
    private static func quoted(_ lines: String...) -> String {
        let escaped = lines.map { line in
            String(line.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : $0.isNewline ? [" "] : [$0] })
        }
        return "\"" + escaped.joined(separator: "\\n") + "\""
    }
}

extension EffectGraph.Edge {
    var colour: String {
        if words == "unclear" { return "#888888" }
        return probabilityOfFall >= 0.5 ? "#1a7f37" : "#cf222e"
    }

    /// 1 to 5: the larger the change, the thicker the arrow.
    var strokeWidth: Double { (min(5, 1 + 10 * abs(effect.total.logRatio)) * 10).rounded() / 10 }
}
