import Measurements
import Pages
import Policies
import Statistics

/// A stage over time: when first tokens came how late, how many requests were answered, and how many failed.
struct TimelineChart {
    /// By the time requests were due, in seconds since the first of them.
    private let firstTokens: [(time: Double, value: Double)]
    private let answered: [Int]
    private let failed: [Int]
    private let seconds: Double

    private static let bins = 60
    private static let mostDots = 600
    private static let panelBottom = 200.0

    init(_ records: [RequestRecord]) {
        let due = records.map(\.moments.intended.seconds)
        let start = due.min() ?? 0
        seconds = max((due.max() ?? 0) - start, 1e-3)
        var answered = [Int](repeating: 0, count: Self.bins)
        var failed = answered
        var firstTokens: [(time: Double, value: Double)] = []
        for record in records {
            let time = record.moments.intended.seconds - start
            let bin = min(Self.bins - 1, max(0, Int(time / seconds * Double(Self.bins))))
            if record.measurement.succeeded { answered[bin] += 1 } else { failed[bin] += 1 }
            if record.measurement.succeeded, let first = record.scheduledTimeToFirstToken { firstTokens.append((time, first.seconds)) }
        }
        self.firstTokens = firstTokens.sorted { $0.time < $1.time }
        self.answered = answered
        self.failed = failed
    }

    var markup: Markup {
        let time = LinearScale(low: 0, high: seconds, from: ChartFrame.left, to: ChartFrame.right)
        let ticks = time.ticks.map { tick -> Markup in
            #"<text x="\#(tenths(time.position(tick)))" y="336" text-anchor="middle" class="soft">\#(FigureText.number(tick)) s</text>"#
        }
        return ChartFrame.svg(
            height: 346, title: "First tokens, answers and errors over time", description: description,
            "\(firstTokenPanel(time))\(ratePanel(time))\(ticks)")
    }

    private var description: String {
        let all = FigureText.count(answered.reduce(0, +))
        let errors = FigureText.count(failed.reduce(0, +))
        let values = firstTokens.map(\.value)
        let range = [values.min(), values.max()].compactMap { $0.map { FigureText.latency(seconds: $0) } }.joined(separator: " to ")
        return "Over \(FigureText.number(seconds)) s: \(all) answered, \(errors) failed; time to first token \(range)"
    }

    private func firstTokenPanel(_ time: LinearScale) -> Markup {
        let high = firstTokens.map(\.value).max() ?? 1
        let scale = LinearScale(low: 0, high: max(high, 1e-6) * 1.05, from: Self.panelBottom, to: 30)
        let levels = scale.ticks.map { ChartFrame.level(FigureText.latency(seconds: $0), y: scale.position($0)) }
        let every = max(1, firstTokens.count / Self.mostDots)
        let dots = firstTokens.indices.filter { $0 % every == 0 }.map { index -> Markup in
            let point = firstTokens[index]
            return
                #"<circle cx="\#(tenths(time.position(point.time)))" cy="\#(tenths(scale.position(point.value)))" r="2" fill="var(--blue)" opacity="0.45"/>"#
        }
        let caption = "TTFT by the time a request was due; line: median" + (every > 1 ? "; dots: every \(every)th request" : "")
        return """
            <text x="\(tenths(ChartFrame.left))" y="18">\(caption)</text>\(levels)\(dots)\(ChartFrame.line(medians.map { (time.position($0.time), scale.position($0.value)) }, stroke: 1))
            """
    }

    /// The median of each stretch of time that has requests.
    private var medians: [(time: Double, value: Double)] {
        var members: [Int: [Double]] = [:]
        for point in firstTokens {
            members[min(Self.bins - 1, Int(point.time / seconds * Double(Self.bins))), default: []].append(point.value)
        }
        return members.sorted { $0.key < $1.key }.map { bin, values in
            ((Double(bin) + 0.5) * seconds / Double(Self.bins), values.sorted()[nearestRank(.p50, count: values.count) - 1])
        }
    }

    private func ratePanel(_ time: LinearScale) -> Markup {
        let length = seconds / Double(Self.bins)
        let peak = Double(zip(answered, failed).map { $0 + $1 }.max() ?? 1) / length
        let scale = LinearScale(low: 0, high: max(peak, 1e-9), from: 316, to: 236)
        let width = (ChartFrame.right - ChartFrame.left) / Double(Self.bins)
        let bars = answered.indices.map { bin -> Markup in
            let x = ChartFrame.left + Double(bin) * width + 0.5
            let good = scale.position(Double(answered[bin]) / length)
            let all = scale.position(Double(answered[bin] + failed[bin]) / length)
            return "\(bar(x, width, from: good, to: 316, "var(--blue)"))\(bar(x, width, from: all, to: good, "var(--bad)"))"
        }
        return """
            <text x="\(tenths(ChartFrame.left))" y="226">Requests due per second: answered (blue), failed (red, on top)</text>
            \(ChartFrame.level(FigureText.number(peak), y: 236))\(ChartFrame.level("0", y: 316))\(bars)
            """
    }

    private func bar(_ x: Double, _ width: Double, from top: Double, to bottom: Double, _ colour: Markup) -> Markup {
        guard bottom - top > 0.01 else { return "" }
        return """
            <rect x="\(tenths(x))" y="\(tenths(top))" width="\(tenths(width - 1))" height="\(tenths(max(bottom - top, 0.5)))" fill="\(colour)" opacity="0.85"/>
            """
    }
}
