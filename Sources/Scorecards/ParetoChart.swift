import BackTesting
import Pages
import Statistics

/// What was in time against what it cost: one point for each contestant, the front of those that none beats in both as a line.
///
/// Both axes are logarithmic: that of the service in the share that was late, since 99.9 % is as far from 99 % as that is from 90 %.
struct ParetoChart {
    private let points: [Point]
    private let front: [String]
    private let costs: LogarithmicScale
    private let misses: LogarithmicScale

    private struct Point {
        let name: String
        let cost: SeedEstimate
        let attainment: SeedEstimate
    }

    private static let (left, right, top, bottom) = (80.0, 740.0, 24.0, 330.0)
    /// A share below this is drawn as this.
    private static let floor = 1e-4

    /// - Returns: `nil` where there is nothing to draw.
    init?(_ card: Scorecard) {
        points = card.rows.compactMap { row in
            guard let cost = row.estimate(.gpuHours), cost.mean > 0, let attainment = row.estimate(.attainment) else { return nil }
            return Point(name: row.name, cost: cost, attainment: attainment)
        }
        front = card.paretoFront.map(\.name)
        guard let least = points.map(\.cost.mean).min(), let most = points.map(\.cost.mean).max() else { return nil }
        costs = LogarithmicScale(low: least / 1.15, high: most * 1.15, from: Self.left, to: Self.right)
        let shares = points.map { Self.missed($0.attainment.mean) }
        misses = LogarithmicScale(
            low: max(Self.floor, (shares.min() ?? 1) / 2), high: min(1, max((shares.max() ?? 1) * 2, 0.02)), from: Self.top, to: Self.bottom
        )
    }

    private static func missed(_ attainment: Double) -> Double { max(floor, 1 - attainment) }

    var markup: Markup {
        """
        <div class="chart"><svg viewBox="0 0 900 370" role="img" aria-label="\(description)"><title>What was in time against GPU-hours</title>
        \(grid)\(frontLine)\(points.map(mark))
        <text x="\(tenths(Self.right))" y="364" text-anchor="end" class="soft">GPU-hours, starting pods included</text>
        <text x="\(tenths(Self.left - 70))" y="14" class="soft">in time</text></svg></div>
        """
    }

    private var description: String {
        "In time against GPU-hours; "
            + points.map { "\($0.name): \(ScoreFigure.attainment.text($0.attainment.mean)) for \(ScoreFigure.gpuHours.text($0.cost.mean))" }
            .joined(separator: "; ")
    }

    private var grid: Markup {
        let columns = costs.ticks.map { tick -> Markup in
            let x = tenths(costs.position(tick))
            return """
                <line x1="\(x)" x2="\(x)" y1="\(tenths(Self.top))" y2="\(tenths(Self.bottom))" stroke="var(--line)"/>
                <text x="\(x)" y="\(tenths(Self.bottom + 17))" text-anchor="middle" class="soft">\(ScoreFigure.gpuHours.text(tick))</text>
                """
        }
        let lines = misses.ticks.map { tick -> Markup in
            let y = misses.position(tick)
            return """
                <line x1="\(tenths(Self.left))" x2="\(tenths(Self.right))" y1="\(tenths(y))" y2="\(tenths(y))" stroke="var(--line)"/>
                <text x="\(tenths(Self.left - 6))" y="\(tenths(y + 4))" text-anchor="end" class="soft">\(ScoreFigure.attainment.text(1 - tick))</text>
                """
        }
        return "\(columns)\(lines)"
    }

    private func place(_ point: Point) -> (x: Double, y: Double) {
        (costs.position(point.cost.mean), misses.position(Self.missed(point.attainment.mean)))
    }

    private var frontLine: Markup {
        let places = front.compactMap { name in points.first { $0.name == name }.map(place) }
        guard places.count > 1 else { return "" }
        let path = places.map { "\(tenths($0.x)),\(tenths($0.y))" }.joined(separator: " ")
        return #"<polyline points="\#(path)" fill="none" stroke="var(--good)" stroke-width="2" stroke-dasharray="6 4"/>"#
    }

    private func mark(_ point: Point) -> Markup {
        let (x, y) = place(point)
        let colour: Markup = front.contains(point.name) ? "var(--good)" : "var(--blue)"
        let title = "\(point.name): \(ScoreFigure.attainment.text(point.attainment)) for \(ScoreFigure.gpuHours.text(point.cost)) GPU-hours"
        let width = point.cost.interval.map { interval -> Markup in
            let (from, to) = (costs.position(max(interval.lower, point.cost.mean / 2)), costs.position(interval.upper))
            return bar(x1: from, x2: to, y1: y, y2: y, colour)
        }
        let height = point.attainment.interval.map { interval -> Markup in
            let ends = [interval.upper, interval.lower].map { misses.position(min(1, Self.missed($0))) }
            return bar(x1: x, x2: x, y1: ends[0], y2: ends[1], colour)
        }
        return """
            \(width ?? "")\(height ?? "")<circle cx="\(tenths(x))" cy="\(tenths(y))" r="5" fill="\(colour)"><title>\(title)</title></circle>
            <text x="\(tenths(x + 9))" y="\(tenths(y + 4))">\(point.name)</text>
            """
    }

    private func bar(x1: Double, x2: Double, y1: Double, y2: Double, _ colour: Markup) -> Markup {
        func within(_ y: Double) -> Double { min(max(y, Self.top), Self.bottom) }
        return """
            <line x1="\(tenths(max(x1, Self.left)))" x2="\(tenths(min(x2, Self.right)))" y1="\(tenths(within(y1)))" y2="\(tenths(within(y2)))" stroke="\(colour)" stroke-width="4" opacity="0.35"/>
            """
    }
}

private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
