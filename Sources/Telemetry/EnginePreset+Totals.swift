import Measurements

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What counters of an engine grew by, by series.
typealias Increases = [MetricSeries: Double]

extension EnginePreset {
    /// The counters a block is made of.
    var blockCounters: [SeriesSelector] {
        let durations = [LatencyMetric.timeToFirstToken, .timePerOutputToken].flatMap { latencies[$0] ?? [] }
        return finished + failed + inputTokens + outputTokens + preemptions + durations.flatMap { [$0.sum, $0.count] }
    }

    /// The names of every metric that any question needs.
    var names: Set<String> {
        let durations = latencies.values.joined().flatMap { [$0.sum, $0.count] + ($0.buckets.map { [$0] } ?? []) }
        return Set((blockCounters + durations).map(\.name)).union(gaugeNames).union(loadNames)
    }

    /// The names of the metrics that tell the load and how requests fared; none where that cannot be told.
    var loadNames: Set<String> {
        guard let load else { return [] }
        let tokens = [load.prompts, load.answers].flatMap { [$0.tokens, $0.requests] }
        let times = latencies.values.joined().filter(\.countsRequests).flatMap { [$0.sum, $0.count] + ($0.buckets.map { [$0] } ?? []) }
        return Set((load.ended + [load.running] + waiting + failed + finished + tokens + load.cached + times).map(\.name))
    }

    /// The names of those among them that may fall.
    var gaugeNames: Set<String> {
        let shares = utilization.values.joined().flatMap { [$0.used] + [$0.free, $0.total].compactMap(\.self) }
        return Set((shares + waiting + (load.map { [$0.running] } ?? [])).map(\.name))
    }

    /// What of the increases a selector means, added up; `nil` where there is no such series.
    static func total(_ selector: SeriesSelector, in increases: Increases) -> Double? {
        var sum: Double?
        for (series, value) in increases where selector.matches(series) { sum = (sum ?? 0) + value }
        return sum
    }

    /// Requests that ended, failed ones included; `nil` where the engine does not count them.
    func finished(in increases: Increases) -> Double? {
        guard let first = finished.first, let counted = Self.total(first, in: increases) else { return nil }
        return finished.dropFirst().reduce(counted) { $0 + (Self.total($1, in: increases) ?? 0) }
    }

    /// Requests that failed; `nil` where that cannot be known.
    func failed(in increases: Increases) -> Double? {
        guard !failed.isEmpty, finished(in: increases) != nil else { return nil }
        let counted = failed.compactMap { Self.total($0, in: increases) }
        return counted.isEmpty && !failuresAppearWithTheFirst ? nil : counted.reduce(0, +)
    }

    /// The newest of a latency's metrics that is there, with its total in seconds and its count.
    func duration(_ metric: LatencyMetric, in increases: Increases) -> (metric: DurationMetric, seconds: Double, count: Double)? {
        for candidate in latencies[metric] ?? [] {
            guard let count = Self.total(candidate.count, in: increases), let sum = Self.total(candidate.sum, in: increases) else {
                continue
            }
            return (candidate, sum * candidate.secondsPerUnit, count)
        }
        return nil
    }

    /// Requests behind a latency that is counted per token.
    func requests(in increases: Increases) -> Double? {
        duration(.endToEnd, in: increases).flatMap { $0.metric.countsRequests ? $0.count : nil } ?? finished(in: increases)
    }

    /// The block of a stretch of time; `nil` where no request ended in it.
    ///
    /// The logarithms are those of the mean times: the means of the logarithms are not known to who only has totals.
    func block(of increases: Increases, start: Timestamp, end: Timestamp) -> LatencyBlock? {
        guard end > start, let requests = finished(in: increases) ?? self.requests(in: increases), requests >= 1 else { return nil }
        let count = Int(clampedToCount: requests)
        var block = LatencyBlock(
            start: start, length: end.since(start).duration, requests: count,
            failed: min(Int(clampedToCount: failed(in: increases) ?? 0), count))
        block.logTimeToFirstToken = logarithm(of: .timeToFirstToken, in: increases, requests: requests)
        block.logTimePerOutputToken = logarithm(of: .timePerOutputToken, in: increases, requests: requests)
        block.inputTokens = tokens(inputTokens, in: increases).map { $0 / requests }
        block.outputTokens = tokens(outputTokens, in: increases).map { $0 / requests }
        block.preemptions = tokens(preemptions, in: increases).map { Int(clampedToCount: $0) }
        return block
    }

    /// In the order of their bounds.
    func buckets(_ selector: SeriesSelector, in increases: Increases) -> [CumulativeBucket] {
        var counts: [Double: Double] = [:]
        for (series, value) in increases where selector.matches(series) {
            guard let text = series.labels["le"], let bound = text == "+Inf" ? Double.infinity : Double(text), !bound.isNaN else {
                continue
            }
            counts[bound, default: 0] += value
        }
        return counts.sorted { $0.key < $1.key }.map { CumulativeBucket(upperBound: $0.key, count: $0.value) }
    }

    /// Tokens under the newest name that is there.
    func tokens(_ alternatives: [SeriesSelector], in increases: Increases) -> Double? {
        alternatives.lazy.compactMap { Self.total($0, in: increases) }.first
    }

    private func logarithm(of metric: LatencyMetric, in increases: Increases, requests: Double) -> LatencyBlock.BlockMean? {
        guard let total = duration(metric, in: increases), total.seconds > 0, total.count >= 1 else { return nil }
        let behind = total.metric.countsRequests ? total.count : min(requests, total.count)
        return .init(mean: log(total.seconds / total.count), count: max(1, Int(clampedToCount: behind)))
    }
}

extension SeriesSelector {
    func matches(_ series: MetricSeries) -> Bool { series.name == name && conditions.allSatisfy { $0.holds(for: series.labels) } }
}

extension Int {
    /// A number of things that were counted, whatever a peer says.
    init(clampedToCount value: Double) { self = value.isFinite ? Int(Swift.min(Swift.max(value.rounded(), 0), 1e15)) : 0 }
}
