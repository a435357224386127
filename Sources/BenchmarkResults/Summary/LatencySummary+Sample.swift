import Measurements
import Statistics

extension LatencySummary {
    /// The figures of one latency over requests answered in full, in the order of the schedule; `nil` where none has it.
    init?(_ metric: BenchmarkMetric, of completed: [RequestRecord], confidence: Double) {
        if metric.isPerGap {
            self.init(groups: completed.map { $0.weightedGaps(metric) }.filter { !$0.isEmpty }, confidence: confidence)
        } else {
            self.init(completed.compactMap { $0.latency(metric)?.seconds }, confidence: confidence)
        }
    }

    private init?(_ values: [Double], confidence: Double) {
        guard !values.isEmpty else { return nil }
        var moments = RunningMoments()
        for value in values { moments.record(value) }
        let batches = BatchMeans(values)
        let series = PercentileSeries(values)
        self.init(
            requests: values.count, count: values.count, mean: moments.mean, meanInterval: batches?.interval(confidence: confidence),
            standardDeviation: moments.standardDeviation ?? 0, minimum: moments.minimum, maximum: moments.maximum,
            percentiles: Self.levels.map { PercentileFigure(level: $0, estimate: series.estimate($0, confidence: confidence)) },
            inflation: batches?.inflation ?? 1, method: .nearestRank)
    }

    /// Weighted values, those of one request together.
    private init?(groups: [[(value: Double, weight: Double)]], confidence: Double) {
        let sums = groups.map { $0.reduce(0) { $0 + $1.value * $1.weight } }
        let weights = groups.map { $0.reduce(0) { $0 + $1.weight } }
        let total = weights.reduce(0, +)
        guard total > 0 else { return nil }
        let mean = sums.reduce(0, +) / total
        var squares = 0.0
        var (low, high) = (Double.infinity, -Double.infinity)
        for item in groups.joined() {
            squares += item.weight * (item.value - mean) * (item.value - mean)
            (low, high) = (min(low, item.value), max(high, item.value))
        }
        let batches = BatchMeans(sums, weights: weights)
        let series = PercentileSeries(groups: groups)
        self.init(
            requests: groups.count, count: Int(total.rounded()), mean: mean, meanInterval: batches?.interval(confidence: confidence),
            standardDeviation: (squares / total).squareRoot(), minimum: low, maximum: high,
            percentiles: Self.levels.map { PercentileFigure(level: $0, estimate: series.estimate($0, confidence: confidence)) },
            inflation: batches?.inflation ?? 1, method: .nearestRank)
    }
}
