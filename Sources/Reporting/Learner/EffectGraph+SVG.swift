import Control
import Learning
import Pages

extension EffectGraph {
    private static let rowHeight = 64.0
    private static let top = 60.0

    /// A picture that stands by itself: actions to the left, outcomes to the right.
    public var svg: String {
        let rows = Double(max(1, learned.actions.count, outcomes.count))
        let height = Self.top + rows * Self.rowHeight + 10
        let actions = learned.actions.enumerated().map { index, action in
            Self.box(x: 20, y: Self.position(index, of: learned.actions.count, rows), action.name, "\(action.episodes) episodes")
        }
        let goals = outcomes.enumerated().map { index, outcome in
            Self.box(x: 660, y: Self.position(index, of: outcomes.count, rows), outcome.words, outcome.rawValue)
        }
        let arrows = edges.map { arrow($0, rows) }
        let markup: Markup = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 \(height)" width="900" height="\(height)" role="img" \
            font-family="system-ui,sans-serif" font-size="13">
            <title>\(deployment): \(evidence)</title><rect width="900" height="\(height)" fill="#ffffff"/>
            <text x="20" y="28" font-size="15" fill="#111111">\(deployment): \(evidence)</text>
            \(arrows)\(actions)\(goals)</svg>

            """
        return markup.text
    }

    private static func position(_ index: Int, of count: Int, _ rows: Double) -> Double {
        (top + (Double(index) + 0.5) * rows / Double(max(1, count)) * rowHeight).rounded()
    }

    private static func box(x: Double, y: Double, _ name: String, _ detail: String) -> Markup {
        """
        <rect x="\(x)" y="\(y - 22)" width="220" height="44" rx="6" fill="#f6f8fa" stroke="#57606a"/>\
        <text x="\(x + 110)" y="\(y - 3)" text-anchor="middle" fill="#111111">\(name)</text>\
        <text x="\(x + 110)" y="\(y + 14)" text-anchor="middle" fill="#57606a">\(detail)</text>

        """
    }

    private func arrow(_ edge: Edge, _ rows: Double) -> Markup {
        let from = learned.actions.firstIndex { $0.name == edge.action } ?? 0
        let goal = outcomes.firstIndex(of: edge.outcome) ?? 0
        let start = Self.position(from, of: learned.actions.count, rows)
        let end = Self.position(goal, of: outcomes.count, rows)
        // Labels of one action stand at different places of their arrows, so that they do not cover each other.
        let place = 0.3 + 0.4 * (Double(goal) + 0.5) / Double(max(1, outcomes.count))
        let (x, y) = ((240 + 420 * place).rounded(), (start + (end - start) * place).rounded())
        let label =
            "\(signedPercent(edge.change)) (\(signedPercent(edge.interval.lowerBound)) to \(signedPercent(edge.interval.upperBound)))"
        return """
            <line x1="240" y1="\(start)" x2="660" y2="\(end)" stroke="\(edge.colour)" stroke-width="\(edge.strokeWidth)"/>\
            <text x="\(x)" y="\(y - 6)" text-anchor="middle" fill="#111111">\(label)</text>

            """
    }
}
