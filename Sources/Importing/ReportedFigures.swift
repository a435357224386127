import Documents
import Measurements
import Statistics

/// A statistic a tool may report of a quantity.
enum ReportedStatistic: Equatable {
    case count, mean, minimum, maximum, deviation
    /// In percent.
    case percentile(Double)

    /// Every level some tool reports.
    static let levels: [Double] = [0.1, 1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 95, 98, 99, 99.5, 99.9, 99.99]

    /// The level as tools write it: `50`, `99.9`.
    static func text(_ level: Double) -> String {
        level == level.rounded() ? String(Int(level)) : String(level)
    }
}

extension SourceRun {
    /// Takes over a tool's summary of a latency; figures that are not finite are left out and said so.
    ///
    /// - Parameter unit: Seconds in one of the figures' unit.
    /// - Parameter figure: The tool's figure of a statistic.
    mutating func report(_ metric: LatencyMetric, unit: Double, figure: (ReportedStatistic) -> NumberReading) {
        guard let summary = Self.summary(unit: unit, figure: figure) else { return }
        if summary.notFinite > 0 { warn("\(summary.notFinite) reported \(metric.rawValue) figures are not finite and were left out") }
        guard let values = summary.values else { return }
        let isImpossible = values.maximum == 0 || (values.maximum == nil && values.mean == 0)
        if isImpossible, metric == .timeToFirstToken || metric == .timePerOutputToken || metric == .endToEnd || metric == .interTokenLatency
        {
            warn("the reported \(metric.rawValue) is 0 throughout, which means it was not measured; it was left out")
            return
        }
        reported.latencies[metric] = values
    }

    /// A summary of a quantity that is no latency.
    mutating func reportedSummary(scale: Double = 1, figure: (ReportedStatistic) -> NumberReading) -> Summary? {
        Self.summary(unit: scale, figure: figure)?.values
    }

    /// Takes over a single figure; one that is not finite is left out and said so.
    mutating func report(
        _ path: WritableKeyPath<ReportedResults, Double?>, _ reading: NumberReading, scale: Double = 1, named name: String
    ) {
        if reading == .notFinite { warn("the reported \(name) is not finite and was left out") }
        if let value = reading.value { reported[keyPath: path] = value * scale }
    }

    /// Adds a warning once.
    mutating func warn(_ text: String) {
        if !warnings.contains(text) { warnings.append(text) }
    }

    /// Says which definitions the tool's figures follow.
    mutating func define(_ definitions: MetricDefinition...) {
        for definition in definitions { self.definitions[definition.metric] = definition }
    }

    private static func summary(
        unit: Double, figure: (ReportedStatistic) -> NumberReading
    ) -> (values: Summary?, notFinite: Int)? {
        var notFinite = 0
        func read(_ statistic: ReportedStatistic) -> Double? {
            let reading = figure(statistic)
            if reading == .notFinite { notFinite += 1 }
            return reading.value
        }
        func scaled(_ statistic: ReportedStatistic) -> Double? { read(statistic).map { $0 * unit } }
        let percentiles = ReportedStatistic.levels.compactMap { level in
            scaled(.percentile(level)).map { PercentileValue(level: Percentile(percent: level), value: $0) }
        }
        let (mean, minimum, maximum, deviation) = (scaled(.mean), scaled(.minimum), scaled(.maximum), scaled(.deviation))
        let count = read(.count).flatMap { ReportedTotals.counts.contains($0) ? Int($0.rounded()) : nil }
        guard mean != nil || minimum != nil || maximum != nil || !percentiles.isEmpty else {
            return notFinite > 0 ? (nil, notFinite) : nil
        }
        let summary = Summary(
            count: count, mean: mean, minimum: minimum, maximum: maximum, standardDeviation: deviation, percentiles: percentiles,
            method: .reported)
        return (summary, notFinite)
    }
}

extension DocumentValue {
    /// The number under the first of several keys that is present.
    func number(anyOf keys: [String]) -> NumberReading {
        for key in keys {
            if let reading = self[key]?.number, !reading.isMissing { return reading }
        }
        return .missing
    }
}
