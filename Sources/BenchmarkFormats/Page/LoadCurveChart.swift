import BenchmarkResults
import Measurements
import Pages
import Policies
import Statistics

/// How long requests take at each load, with 95 % intervals: the knee is where the lines turn up.
struct LoadCurveChart {
    private struct Point {
        let load: Double
        let stage: StageSummary
    }

    private struct Line {
        let name: String
        let metric: BenchmarkMetric
        let level: Percentile
    }

    private let points: [Point]
    private let axis: String

    private static let lines = [
        Line(name: "TTFT p50", metric: .timeToFirstToken, level: .p50), Line(name: "TTFT p95", metric: .timeToFirstToken, level: .p95),
        Line(name: "total p95", metric: .endToEnd, level: .p95),
    ]

    /// Over the concurrency asked for where every stage is a closed loop, else over the requests sent per second.
    init(_ summary: BenchmarkSummary) {
        let isClosed = summary.stages.allSatisfy { !$0.load.isOpen && $0.load.concurrency != nil }
        axis = isClosed ? "requests under way" : "requests sent per second"
        points = summary.stages.compactMap { stage in
            let rates = stage.whole.throughput
            let load = isClosed ? stage.load.concurrency.map(Double.init) : rates.achievedRate ?? rates.requestsPerSecond
            return load.map { Point(load: $0, stage: stage) }
        }.sorted { $0.load < $1.load }
    }

    var markup: Markup {
        let figures = Self.lines.map { line in points.compactMap { point in figure(line, point).map { (load: point.load, figure: $0) } } }
        let values = figures.joined().flatMap { [$0.figure.value, $0.figure.interval?.lower, $0.figure.interval?.upper] }.compactMap(\.self)
        let positive = values.filter { $0 > 0 }
        guard let low = positive.min(), let high = positive.max(), let last = points.last?.load else { return "" }
        let load = LinearScale(low: 0, high: last * 1.05, from: ChartFrame.left, to: ChartFrame.right)
        let scale = LogarithmicScale(low: low / 1.2, high: high * 1.2, from: 250, to: 36)
        let levels = scale.ticks.map { ChartFrame.level(FigureText.latency(seconds: $0), y: scale.position($0)) }
        let ticks = load.ticks.map { tick -> Markup in
            #"<text x="\#(tenths(load.position(tick)))" y="268" text-anchor="middle" class="soft">\#(FigureText.number(tick))</text>"#
        }
        let curves = figures.enumerated().map { index, points -> Markup in
            let places = points.compactMap { point in point.figure.value.map { (load.position(point.load), scale.position(max($0, low))) } }
            return
                "\(ChartFrame.line(places, stroke: index))\(points.map { mark($0.figure, x: load.position($0.load), scale, low, stroke: index) })"
        }
        return ChartFrame.svg(
            height: 292, title: "Latency against load", description: description,
            """
            \(ChartFrame.legend(Self.lines.map(\.name), y: 18))\(levels)\(ticks)\(curves)
            <text x="\(tenths(ChartFrame.right))" y="286" text-anchor="end" class="soft">\(axis)</text>
            """)
    }

    private var description: String {
        let texts = points.map { point in
            let figures = Self.lines.compactMap { line in
                figure(line, point)?.value.map { "\(line.name) \(FigureText.latency(seconds: $0))" }
            }
            return "at \(FigureText.number(point.load)): \(figures.joined(separator: ", "))"
        }
        return "Latency over \(axis); \(texts.joined(separator: "; "))"
    }

    private func figure(_ line: Line, _ point: Point) -> PercentileFigure? {
        point.stage.whole.latencies[line.metric]?.figure(at: line.level).flatMap { $0.value == nil ? nil : $0 }
    }

    private func mark(_ figure: PercentileFigure, x: Double, _ scale: LogarithmicScale, _ low: Double, stroke index: Int) -> Markup {
        guard let value = figure.value else { return "" }
        let colour = ChartFrame.strokes[index % ChartFrame.strokes.count].colour
        let whisker = figure.interval.map { interval -> Markup in
            let (from, to) = (scale.position(max(interval.lower, low)), scale.position(max(interval.upper, low)))
            return
                #"<line x1="\#(tenths(x))" x2="\#(tenths(x))" y1="\#(tenths(from))" y2="\#(tenths(to))" stroke="\#(colour)" stroke-width="5" opacity="0.35"/>"#
        }
        return """
            \(whisker ?? "")<circle cx="\(tenths(x))" cy="\(tenths(scale.position(max(value, low))))" r="4" fill="\(colour)"/>
            """
    }
}
