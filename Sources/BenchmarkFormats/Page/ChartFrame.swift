import Pages
import Policies

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// A named sample of a chart, sorted; in seconds.
struct ChartSample {
    let name: String
    let values: [Double]

    init(_ name: String, _ values: [Double]) {
        self.name = name
        // What lies below a microsecond has no place on a logarithmic axis.
        self.values = values.filter(\.isFinite).map { max($0, 1e-6) }.sorted()
    }
}

/// Places values along an axis so that equal differences are equal distances.
struct LinearScale {
    let low: Double
    let high: Double
    let from: Double
    let to: Double

    func position(_ value: Double) -> Double { high > low ? from + (to - from) * (value - low) / (high - low) : from }

    /// Multiples of 1, 2 or 5 times a power of ten within the range, at most eleven.
    var ticks: [Double] {
        guard high > low, (high - low).isFinite else { return [low] }
        let rough = (high - low) / 5
        let power = pow(10, floor(log10(rough)))
        let step = ([1, 2, 5].map { $0 * power }.first { $0 >= rough }) ?? 10 * power
        let first = (low / step).rounded(.up)
        return (0...10).map { (first + Double($0)) * step }.filter { $0 <= high * (1 + 1e-12) }
    }
}

/// The parts charts have in common.
enum ChartFrame {
    static let left = 70.0
    static let right = 870.0
    /// Lines are told apart by their dashes as well as by their colours.
    static let strokes: [(colour: Markup, dashes: Markup)] = [("var(--blue)", "none"), ("var(--warn)", "7 4"), ("var(--good)", "2 3")]

    static func svg(height: Double, title: String, description: String, _ content: Markup) -> Markup {
        """
        <div class="chart"><svg viewBox="0 0 900 \(tenths(height))" role="img" aria-label="\(description)"><title>\(title)</title>
        \(content)</svg></div>
        """
    }

    /// Vertical lines with latencies below them.
    static func latencyAxis(_ scale: LogarithmicScale, top: Double, bottom: Double) -> Markup {
        let lines = scale.ticks.map { tick -> Markup in
            let x = tenths(scale.position(tick))
            return """
                <line x1="\(x)" x2="\(x)" y1="\(tenths(top))" y2="\(tenths(bottom))" stroke="var(--line)"/>
                <text x="\(x)" y="\(tenths(bottom + 16))" text-anchor="middle" class="soft">\(FigureText.latency(seconds: tick))</text>
                """
        }
        return "\(lines)"
    }

    /// A horizontal line with its value to the left.
    static func level(_ label: String, y: Double) -> Markup {
        """
        <line x1="\(tenths(left))" x2="\(tenths(right))" y1="\(tenths(y))" y2="\(tenths(y))" stroke="var(--line)"/>
        <text x="\(tenths(left - 6))" y="\(tenths(y + 4))" text-anchor="end" class="soft">\(label)</text>
        """
    }

    /// Names of the lines, with their strokes.
    static func legend(_ names: [String], y: Double) -> Markup {
        let entries = names.enumerated().map { index, name -> Markup in
            let x = left + Double(index) * 200
            let stroke = strokes[index % strokes.count]
            return """
                <line x1="\(tenths(x))" x2="\(tenths(x + 30))" y1="\(tenths(y - 4))" y2="\(tenths(y - 4))" stroke="\(stroke.colour)" stroke-width="2.5" stroke-dasharray="\(stroke.dashes)"/>
                <text x="\(tenths(x + 38))" y="\(tenths(y))">\(name)</text>
                """
        }
        return "\(entries)"
    }

    static func line(_ points: [(x: Double, y: Double)], stroke index: Int) -> Markup {
        let stroke = strokes[index % strokes.count]
        let path = points.map { "\(tenths($0.x)),\(tenths($0.y))" }.joined(separator: " ")
        return
            #"<polyline points="\#(path)" fill="none" stroke="\#(stroke.colour)" stroke-width="2" stroke-dasharray="\#(stroke.dashes)"/>"#
    }
}

func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
