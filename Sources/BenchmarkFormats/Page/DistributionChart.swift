import Pages
import Policies
import Statistics

/// Which share of requests was answered within a time: one line for each sample, over a logarithmic axis.
struct DistributionChart {
    private let samples: [ChartSample]

    /// - Parameter samples: Each of at least one value.
    init(_ samples: [ChartSample]) { self.samples = samples }

    var markup: Markup {
        let low = samples.compactMap(\.values.first).min() ?? 1e-6
        let high = samples.compactMap(\.values.last).max() ?? 1
        let scale = LogarithmicScale(low: low / 1.1, high: high * 1.1, from: ChartFrame.left, to: ChartFrame.right)
        func height(_ share: Double) -> Double { 230 - 190 * share }
        let levels = [0, 0.5, 0.9, 1].map { share in ChartFrame.level(FigureText.percent(share), y: height(share)) }
        let lines = samples.enumerated().map { index, sample -> Markup in
            ChartFrame.line(steps(sample.values).map { (scale.position($0.value), height($0.share)) }, stroke: index)
        }
        return ChartFrame.svg(
            height: 262, title: "Share of requests within a time", description: "Share of requests within a time. \(description)",
            "\(ChartFrame.legend(samples.map(\.name), y: 18))\(ChartFrame.latencyAxis(scale, top: 40, bottom: 230))\(levels)\(lines)")
    }

    private var description: String {
        samples.map { sample in
            let median = sample.values[nearestRank(.p50, count: sample.values.count) - 1]
            return
                "\(sample.name): half within \(FigureText.latency(seconds: median)), all within \(FigureText.latency(seconds: sample.values.last ?? median))"
        }.joined(separator: "; ")
    }

    /// The corners of the stairs, of at most 200 of the sorted values; the ends are always among them.
    private func steps(_ values: [Double]) -> [(value: Double, share: Double)] {
        let every = max(1, values.count / 200)
        var share = 0.0
        return values.indices.filter { $0 % every == 0 || $0 == values.count - 1 }.flatMap { index in
            defer { share = Double(index + 1) / Double(values.count) }
            return [(values[index], share), (values[index], Double(index + 1) / Double(values.count))]
        }
    }
}

/// How many requests took how long: bars of equal ratios of time.
struct HistogramChart {
    private let sample: ChartSample
    private let bins = 40

    /// - Parameter sample: Of at least one value.
    init(_ sample: ChartSample) { self.sample = sample }

    var markup: Markup {
        let low = (sample.values.first ?? 1e-6) / 1.02
        let high = (sample.values.last ?? 1) * 1.02
        let scale = LogarithmicScale(low: low, high: high, from: ChartFrame.left, to: ChartFrame.right)
        let width = (ChartFrame.right - ChartFrame.left) / Double(bins)
        var counts = [Int](repeating: 0, count: bins)
        for value in sample.values { counts[min(bins - 1, max(0, Int((scale.position(value) - ChartFrame.left) / width)))] += 1 }
        let peak = counts.max() ?? 1
        let bars = counts.enumerated().filter { $0.element > 0 }.map { bin, count -> Markup in
            let height = 130 * Double(count) / Double(peak)
            return """
                <rect x="\(tenths(ChartFrame.left + Double(bin) * width + 0.5))" y="\(tenths(160 - height))" width="\(tenths(width - 1))" height="\(tenths(height))" fill="var(--blue)" opacity="0.8"/>
                """
        }
        return ChartFrame.svg(
            height: 190, title: "How many requests took how long: \(sample.name)",
            description: "\(sample.name) of \(FigureText.count(sample.values.count)) requests, \(range)",
            "\(caption)\(ChartFrame.latencyAxis(scale, top: 24, bottom: 160))\(ChartFrame.level(FigureText.count(peak), y: 30))\(ChartFrame.level("0", y: 160))\(bars)"
        )
    }

    private var caption: Markup { #"<text x="\#(tenths(ChartFrame.left))" y="16">Requests by \#(sample.name)</text>"# }

    private var range: String {
        [sample.values.first, sample.values.last].compactMap { $0.map { FigureText.latency(seconds: $0) } }.joined(separator: " to ")
    }
}
