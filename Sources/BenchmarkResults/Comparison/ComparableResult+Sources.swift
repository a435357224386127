public import Measurements
import Statistics

extension ComparableResult {
    /// The percentiles compared of each latency.
    static let levels: [BenchmarkMetric: [Percentile]] = [
        .timeToFirstToken: [.p50, .p95, .p99], .timeToFirstTokenAsSent: [.p50, .p95, .p99], .interTokenLatency: [.p50, .p99],
        .endToEnd: [.p50, .p95, .p99], .endToEndAsSent: [.p50, .p95, .p99],
    ]
    /// The latencies compared; those as sent only where a side knows no schedule.
    static let metrics: [BenchmarkMetric] = [
        .timeToFirstToken, .timeToFirstTokenAsSent, .timePerOutputToken, .interTokenLatency, .endToEnd, .endToEndAsSent,
    ]
    /// What other sources call our latencies; they know no schedule.
    private static let foreign: [(BenchmarkMetric, LatencyMetric)] = [
        (.timeToFirstTokenAsSent, .timeToFirstToken), (.timePerOutputToken, .timePerOutputToken), (.interTokenLatency, .interTokenLatency),
        (.endToEndAsSent, .endToEnd),
    ]

    /// A summary, as it was computed or as a document held it: figures with intervals.
    public init(_ summary: BenchmarkSummary, label: String) {
        self.init(label: label, parts: summary.stages.map { Part(name: $0.label, figures: Self.figures(of: $0.whole)) })
    }

    /// A run with its requests; its summary's figures, and the samples behind them.
    public init(_ run: BenchmarkRun, options: SummaryOptions = SummaryOptions(), label: String) {
        self.init(BenchmarkSummary(run, options: options), label: label)
        for (index, stage) in run.stages.enumerated() {
            let records = MeasuredPart(stage, discardsStartUp: options.discardsStartUp).records.filter(\.measurement.succeeded)
            for metric in Self.metrics where !metric.isPerGap {
                parts[index].samples[metric] = records.compactMap { $0.latency(metric)?.seconds }
            }
        }
    }

    /// Measurements of any source, as one part; latencies are those as sent.
    ///
    /// - Parameter definitions: What the source's figures mean; figures under two definitions are not compared.
    public init(measurements: [InferenceMeasurement], definitions: [LatencyMetric: MetricDefinition] = [:], label: String) {
        let ordered = measurements.sorted { ($0.time?.nanosecondsSinceEpoch ?? 0) < ($1.time?.nanosecondsSinceEpoch ?? 0) }
        let completed = ordered.filter(\.succeeded)
        var part = Part(name: label, figures: [])
        for (metric, source) in Self.foreign where !metric.isPerGap {
            let values = completed.compactMap { $0[source]?.seconds }
            guard let summary = LatencySummary(values, confidence: 0.95) else { continue }
            part.samples[metric] = values
            part.figures += Self.figures(metric, of: summary, definition: definitions[source] ?? metric.definition)
        }
        if !ordered.isEmpty {
            let failures = ordered.map { $0.succeeded ? 0.0 : 1.0 }
            part.figures.append(Self.share(.errorRate, of: failures))
        }
        self.init(label: label, parts: [part])
    }

    /// A tool's own figures: without intervals, so that nothing can be said of what chance would do.
    public init(reported runs: [SourceRun], label: String) {
        self.init(
            label: label,
            parts: runs.map { run in
                var figures: [ComparableFigure] = []
                for (metric, source) in Self.foreign {
                    guard let summary = run.reported.latencies[source] else { continue }
                    let definition = run.definitions[source] ?? metric.definition
                    if let mean = summary.mean {
                        figures.append(ComparableFigure(quantity: .latencyMean(metric), value: mean, interval: nil, definition: definition))
                    }
                    for level in Self.levels[metric] ?? [] {
                        guard let value = summary.value(at: level) else { continue }
                        figures.append(
                            ComparableFigure(quantity: .latency(metric, level), value: value, interval: nil, definition: definition))
                    }
                }
                for (quantity, value) in [
                    (ComparedQuantity.requestRate, run.reported.requestsPerSecond), (.outputTokenRate, run.reported.outputTokensPerSecond),
                    (.errorRate, run.reported.errorRate),
                ] {
                    if let value { figures.append(ComparableFigure(quantity: quantity, value: value, interval: nil)) }
                }
                return Part(name: run.label, figures: figures)
            })
    }

    private static func figures(of load: LoadSummary) -> [ComparableFigure] {
        var figures = metrics.flatMap { metric in
            load.latencies[metric].map { Self.figures(metric, of: $0, definition: metric.definition) } ?? []
        }
        let throughput = load.throughput
        if let rate = throughput.requestsPerSecond {
            figures.append(ComparableFigure(quantity: .requestRate, value: rate, interval: throughput.requestsPerSecondInterval))
        }
        if let rate = throughput.outputTokensPerSecond {
            figures.append(ComparableFigure(quantity: .outputTokenRate, value: rate, interval: throughput.outputTokensPerSecondInterval))
        }
        if let rate = load.counts.errorRate {
            figures.append(ComparableFigure(quantity: .errorRate, value: rate, interval: load.errorRateInterval))
        }
        if let goodput = load.goodput, let attainment = goodput.attainment {
            figures.append(ComparableFigure(quantity: .attainment, value: attainment, interval: goodput.attainmentInterval))
        }
        if let cost = load.cost.perRequest {
            figures.append(
                ComparableFigure(
                    quantity: .costPerRequest(currency: load.cost.currency), value: cost, interval: load.cost.perRequestInterval))
        }
        return figures
    }

    private static func figures(_ metric: BenchmarkMetric, of summary: LatencySummary, definition: MetricDefinition?) -> [ComparableFigure]
    {
        var figures: [ComparableFigure] = []
        // The mean of the gaps says what that of the time per token says.
        if let interval = summary.meanInterval, !metric.isPerGap {
            figures.append(
                ComparableFigure(quantity: .latencyMean(metric), value: summary.mean, interval: interval, definition: definition))
        }
        for level in levels[metric] ?? [] {
            guard let figure = summary.figure(at: level), let value = figure.value else { continue }
            figures.append(
                ComparableFigure(quantity: .latency(metric, level), value: value, interval: figure.interval, definition: definition))
        }
        return figures
    }

    private static func share(_ quantity: ComparedQuantity, of outcomes: [Double]) -> ComparableFigure {
        let share = outcomes.reduce(0, +) / Double(outcomes.count)
        return ComparableFigure(quantity: quantity, value: share, interval: shareInterval(outcomes, confidence: 0.95))
    }
}
