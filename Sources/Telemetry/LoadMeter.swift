import Control
import Measurements
import Scaling

/// Tells from an engine's metrics, look by look, how many requests came and how those that ended fared.
///
/// What came is what ended and what more waits and runs than before. A replica that is new, or was never seen before, brings the requests it
/// holds; what it counted earlier is not known to be of this time and is left out. One that is gone brings nothing any more.
struct LoadMeter: Sendable {
    private let preset: EnginePreset
    private let metrics: LoadMetrics
    private let gauges: Set<String>
    private var last: [MetricSeries: Sample] = [:]
    private var until: Timestamp?

    private struct Sample {
        var value: Double
        var time: Timestamp
    }

    /// Series that were not seen for so long are forgotten: replicas come and go.
    private static let memory = Duration.seconds(3_600)

    /// `nil` for an engine that does not tell enough.
    init?(_ preset: EnginePreset) {
        guard let metrics = preset.load else { return nil }
        self.preset = preset
        self.metrics = metrics
        gauges = Set(([metrics.running] + preset.waiting).map(\.name))
    }

    /// Takes the next look at all replicas.
    /// - Parameters:
    ///   - time: Of its newest sample.
    ///   - limits: Beyond which an answer is late.
    /// - Returns: `nil` for the first look, and where nothing was sampled since the last one.
    mutating func look(_ samples: [MetricSeries: Double], at time: Timestamp, limits: [LatencyLimit]) -> ServiceLoad? {
        if let until, time.since(until).seconds < 1 { return nil }
        var growth: Increases = [:]
        var more: Double? = 0
        var now: Increases = [:]
        for (series, value) in samples where preset.loadNames.contains(series.name) {
            guard value.isFinite, value >= 0 else {
                // A counter catches up at its next look; how many there are now is not known.
                if gauges.contains(series.name) { more = nil }
                continue
            }
            let before = last[series]?.value
            if gauges.contains(series.name) {
                now[series] = value
                more = more.map { $0 + value - (before ?? 0) }
            } else {
                growth[series] = before.map { value >= $0 ? value - $0 : value } ?? 0
            }
            last[series] = Sample(value: value, time: time)
        }
        last = last.filter { time.since($0.value.time).duration <= Self.memory }
        defer { until = time }
        guard let until else { return nil }
        var load = ServiceLoad(start: until, end: time)
        tellArrivals(&load, growth, now, more)
        tellFinished(&load, growth, limits)
        return load
    }

    private func tellArrivals(_ load: inout ServiceLoad, _ growth: Increases, _ now: Increases, _ more: Double?) {
        let ended = metrics.ended.compactMap { EnginePreset.total($0, in: growth) }
        let waiting = preset.waiting.lazy.compactMap { EnginePreset.total($0, in: now) }.first
        let running = EnginePreset.total(metrics.running, in: now)
        guard let more, let waiting, let running else { return }
        load.waiting = Int(clampedToCount: waiting)
        load.running = Int(clampedToCount: running)
        // An engine that was just started has no counter of what ended before the first did.
        load.arrivals = Int(clampedToCount: ended.reduce(0, +) + more)
    }

    private func tellFinished(_ load: inout ServiceLoad, _ growth: Increases, _ limits: [LatencyLimit]) {
        guard let count = preset.finished(in: growth), let failed = preset.failed(in: growth),
            let prompts = EnginePreset.total(metrics.prompts.requests, in: growth),
            let promptTokens = EnginePreset.total(metrics.prompts.tokens, in: growth),
            let answers = EnginePreset.total(metrics.answers.requests, in: growth),
            let answerTokens = EnginePreset.total(metrics.answers.tokens, in: growth)
        else { return }
        load.prompts = Int(clampedToCount: prompts)
        load.promptTokens = Int(clampedToCount: promptTokens)
        var finished = ScalingObservation.Finished()
        finished.count = Int(clampedToCount: count)
        finished.inputTokens = Int(clampedToCount: promptTokens)
        finished.cachedTokens = min(
            Int(clampedToCount: metrics.cached.lazy.compactMap { EnginePreset.total($0, in: growth) }.first ?? 0), finished.inputTokens)
        // Requests that were given up have tokens too: of those that count, as many as are their share.
        finished.outputTokens = answers > 0 ? Int(clampedToCount: answerTokens / answers * count) : 0
        if let first = requestTimes(.timeToFirstToken, growth) { finished.timeToFirstToken = first.seconds }
        if let gaps = requestTimes(.timePerOutputToken, growth) {
            finished.timePerOutputToken = gaps.seconds
            finished.withSeveralTokens = Int(clampedToCount: gaps.count)
        }
        load.finished = finished
        load.missed = missed(count: count, failed: failed, growth, limits)
    }

    /// Requests that failed or were beyond the limit that most were beyond: which of them were beyond several nobody tells.
    private func missed(count: Double, failed: Double, _ growth: Increases, _ limits: [LatencyLimit]) -> Int? {
        guard count > 0 else { return 0 }
        var share = 0.0
        for limit in limits {
            guard let late = lateShare(limit, growth) else { return nil }
            share = max(share, late)
        }
        return Int(clampedToCount: min(count, failed + share * max(0, count - failed)))
    }

    /// `nil` where the engine has no buckets of it.
    private func lateShare(_ limit: LatencyLimit, _ growth: Increases) -> Double? {
        let metric = limit.metric == .interTokenLatency ? .timePerOutputToken : limit.metric
        guard let selector = requestTimes(metric, growth)?.metric.buckets else { return nil }
        let unit = requestTimes(metric, growth)?.metric.secondsPerUnit ?? 1
        return shareAbove(limit.limit.seconds / unit, preset.buckets(selector, in: growth))
    }

    /// The newest of a latency's metrics that counts whole requests and is there.
    private func requestTimes(
        _ metric: LatencyMetric, _ growth: Increases
    ) -> (metric: DurationMetric, seconds: Double, count: Double)? {
        for candidate in preset.latencies[metric] ?? [] where candidate.countsRequests {
            guard let count = EnginePreset.total(candidate.count, in: growth), let sum = EnginePreset.total(candidate.sum, in: growth)
            else {
                continue
            }
            return (candidate, sum * candidate.secondsPerUnit, count)
        }
        return nil
    }
}

/// The share of observations above a bound, straight within a bucket; 0 without observations.
/// - Parameter buckets: Cumulative, in the order of their bounds.
func shareAbove(_ bound: Double, _ buckets: [CumulativeBucket]) -> Double {
    guard let all = buckets.last?.count, all > 0 else { return 0 }
    var before = CumulativeBucket(upperBound: 0, count: 0)
    for bucket in buckets {
        // Counts of two looks may fall by what came between them.
        let count = max(bucket.count, before.count)
        if bucket.upperBound >= bound {
            guard bucket.upperBound.isFinite else { return max(0, all - before.count) / all }
            let width = bucket.upperBound - before.upperBound
            let part = width > 0 ? (bound - before.upperBound) / width : 1
            return min(1, max(0, all - before.count - part * (count - before.count)) / all)
        }
        before = CumulativeBucket(upperBound: bucket.upperBound, count: count)
    }
    return 0
}
