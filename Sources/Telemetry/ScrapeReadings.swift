import Measurements
import Policies
import Statistics

/// Answers questions from the histories of an engine's replicas.
struct ScrapeReadings: ReadingSource {
    let preset: EnginePreset
    let histories: [ScrapeHistory]
    let now: Timestamp

    func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        switch query {
        case .latency(let metric, let statistic): return latency(metric, statistic, window)
        case .throughput:
            return rate(window) { increases in
                preset.finished(in: increases).map { $0 - (preset.failed(in: increases) ?? 0) }
            }
        case .tokensPerSecond: return rate(window) { preset.tokens(preset.outputTokens, in: $0) }
        case .errorRate: return errorRate(window)
        case .queueDepth: return waiting(window)
        case .utilization(let metric): return utilization(metric, window)
        case .consecutiveFailures, .objectiveViolations, .costPerThousandTokens, .burnRate, .anomaly, .signal: return .unknown(.missing)
        }
    }

    // MARK: Counters

    private func latency(_ metric: LatencyMetric, _ statistic: LatencyStatistic, _ window: Duration) -> Reading {
        let (increases, covered) = increases(window)
        guard let total = preset.duration(metric, in: increases) else { return .unknown(.missing) }
        let samples = total.metric.countsRequests ? total.count : preset.requests(in: increases)
        guard total.count > 0 else { return .unknown(.tooFewSamples(have: 0, need: 1)) }
        switch statistic {
        case .mean: return value(total.seconds / total.count, samples: samples, covered, window)
        case .percentile(let level):
            guard let selector = total.metric.buckets else { return .unknown(.notReported("the engine counts no buckets of it")) }
            let buckets = preset.buckets(selector, in: increases)
            let quantile = histogramQuantile(level.fraction, buckets) * total.metric.secondsPerUnit
            let reading = value(quantile, samples: samples, covered, window)
            guard case .value(var figure) = reading, isAboveHighestBound(level.fraction, buckets) else { return reading }
            figure.upper = nil  // It lies in the bucket without an upper bound.
            return .value(figure)
        }
    }

    private func isAboveHighestBound(_ fraction: Double, _ buckets: [CumulativeBucket]) -> Bool {
        guard let all = buckets.last, buckets.count >= 2 else { return false }
        return buckets[buckets.count - 2].count < fraction * all.count
    }

    private func errorRate(_ window: Duration) -> Reading {
        let (increases, covered) = increases(window)
        guard let finished = preset.finished(in: increases), let failed = preset.failed(in: increases) else { return .unknown(.missing) }
        guard finished > 0 else { return .unknown(.tooFewSamples(have: 0, need: 1)) }
        return value(min(1, failed / finished), samples: finished, covered, window)
    }

    /// Each replica's amount over the time its own looks span, added up.
    private func rate(_ window: Duration, _ amount: (Increases) -> Double?) -> Reading {
        var sum: Double?
        var requests: Double?
        var longest = Duration.zero
        for history in histories {
            guard let (increases, covered) = history.increases(over: window, now: now), let amount = amount(increases) else { continue }
            sum = (sum ?? 0) + amount / covered.inSeconds
            if let finished = preset.finished(in: increases) { requests = (requests ?? 0) + finished }
            longest = max(longest, covered)
        }
        return sum.map { value($0, samples: requests, longest, window) } ?? .unknown(.missing)
    }

    /// Growth of all replicas, and the longest time it is known over.
    private func increases(_ window: Duration) -> (Increases, Duration) {
        var sum: Increases = [:]
        var longest = Duration.zero
        for history in histories {
            guard let (increases, covered) = history.increases(over: window, now: now) else { continue }
            sum.merge(increases) { $0 + $1 }
            longest = max(longest, covered)
        }
        return (sum, longest)
    }

    // MARK: Gauges

    private func waiting(_ window: Duration) -> Reading {
        for selector in preset.waiting {
            let means = histories.compactMap { mean(of: $0, window) { Self.sum(selector, $0) } }
            if !means.isEmpty { return gauge(means.reduce(0) { $0 + $1.mean }, means.map(\.looks).max()) }
        }
        return .unknown(.missing)
    }

    private func utilization(_ metric: UtilizationMetric, _ window: Duration) -> Reading {
        for candidate in preset.utilization[metric] ?? [] {
            let means = histories.compactMap { mean(of: $0, window) { Self.share(candidate, $0) } }
            if !means.isEmpty { return gauge(means.reduce(0) { $0 + $1.mean } / Double(means.count), means.map(\.looks).max()) }
        }
        return .unknown(.missing)
    }

    private func mean(
        of history: ScrapeHistory, _ window: Duration, _ figure: ([MetricSeries: Double]) -> Double?
    ) -> (mean: Double, looks: Int)? {
        let figures = history.gauges(over: window, now: now).compactMap(figure)
        return figures.isEmpty ? nil : (figures.reduce(0, +) / Double(figures.count), figures.count)
    }

    private static func sum(_ selector: SeriesSelector, _ gauges: [MetricSeries: Double]) -> Double? {
        let values = gauges.filter { selector.matches($0.key) }.values
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    private static func share(_ gauge: UtilizationGauge, _ gauges: [MetricSeries: Double]) -> Double? {
        guard let used = sum(gauge.used, gauges) else { return nil }
        if let free = gauge.free { return sum(free, gauges).map { used / (used + $0) } }
        if let total = gauge.total { return sum(total, gauges).map { used / $0 } }
        let devices = gauges.keys.count { gauge.used.matches($0) }
        return used / Double(devices) / gauge.full
    }

    // MARK: Readings

    private func value(_ figure: Double, samples: Double?, _ covered: Duration, _ window: Duration) -> Reading {
        guard figure.isFinite else { return .unknown(.notFinite(count: 1)) }
        var result = Reading.Value(figure, samples: samples.map { Int(clampedToCount: $0) }, age: age)
        if covered < window { result.covers = covered }
        return .value(result)
    }

    private func gauge(_ figure: Double, _ looks: Int?) -> Reading {
        figure.isFinite ? .value(Reading.Value(figure, samples: looks, age: age)) : .unknown(.notFinite(count: 1))
    }

    /// Time since the newest look at any replica.
    private var age: Duration {
        histories.compactMap { $0.entries.last?.time }.max().map { max(.zero, now.since($0).duration) } ?? .zero
    }
}
