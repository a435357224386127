import Measurements
import Statistics

extension LatencySummary {
    /// The figures of one latency over requests answered in full, in the order of the schedule; `nil` where none has it.
    init?(_ metric: BenchmarkMetric, of completed: [RequestRecord], confidence: Double) {
        if metric.isPerGap {
            self.init(gaps: metric, of: completed.filter { $0.measurement.chunkGaps?.isEmpty == false }, confidence: confidence)
        } else {
            self.init(completed.compactMap { $0.latency(metric)?.seconds }, confidence: confidence)
        }
    }

    /// One value for each request, in the order of time.
    init?(_ values: [Double], confidence: Double) {
        guard !values.isEmpty else { return nil }
        var moments = RunningMoments()
        for value in values { moments.record(value) }
        let batches = BatchedMean(values)
        let series = PercentileSeries(values)
        self.init(
            requests: values.count, count: values.count, mean: moments.mean, meanInterval: batches?.interval(confidence: confidence),
            standardDeviation: moments.standardDeviation ?? 0, minimum: moments.minimum, maximum: moments.maximum,
            percentiles: Self.levels.map { PercentileFigure(level: $0, estimate: series.estimate($0, confidence: confidence)) },
            inflation: batches?.inflation ?? 1, method: .nearestRank)
    }

    /// The gaps of all requests; they are not kept, for there may be many millions.
    private init?(gaps metric: BenchmarkMetric, of records: [RequestRecord], confidence: Double) {
        var (sums, weights): ([Double], [Double]) = ([], [])
        var squares = 0.0
        var (low, high) = (Double.infinity, -Double.infinity)
        for record in records {
            var (sum, weight) = (0.0, 0.0)
            for gap in record.weightedGaps(metric) {
                sum += gap.value * gap.weight
                weight += gap.weight
                squares += gap.value * gap.value * gap.weight
                (low, high) = (min(low, gap.value), max(high, gap.value))
            }
            sums.append(sum)
            weights.append(weight)
        }
        let total = weights.reduce(0, +)
        guard total > 0 else { return nil }
        let mean = sums.reduce(0, +) / total
        let batches = BatchedMean(sums, weights: weights)
        let series = PercentileSeries(count: records.count) { records[$0].weightedGaps(metric) }
        self.init(
            requests: records.count, count: Int(total.rounded()), mean: mean, meanInterval: batches?.interval(confidence: confidence),
            standardDeviation: max(0, squares / total - mean * mean).squareRoot(), minimum: low, maximum: high,
            percentiles: Self.levels.map { PercentileFigure(level: $0, estimate: series.estimate($0, confidence: confidence)) },
            inflation: batches?.inflation ?? 1, method: series.method)
    }
}
