public import Measurements
public import Policies
import Statistics

/// Builds the snapshot of a live cycle from measurements in windows and from what sources answered.
public struct LiveSnapshot: Sendable {
    private let policy: Policy
    private let windows: MeasurementWindows
    private let answers: [RecordedReading]

    /// - Parameters:
    ///   - windows: Measurements so far.
    ///   - answers: What sources that count for themselves say, best source first; they answer only what was not measured request by request.
    public init(policy: Policy, windows: MeasurementWindows, answers: [RecordedReading]) {
        self.policy = policy
        self.windows = windows
        self.answers = answers
    }

    /// The snapshot as of a moment.
    public func snapshot(at now: Timestamp, state: TargetState, history: ControlHistory) -> Snapshot {
        let longest = policy.longestWindow
        let sample = windows.window(endingAt: now, length: longest)
        var statistics = WindowStatistics(sample, span: Nanoseconds(seconds: longest.inSeconds))
        if policy.monitor.seesProbesOnly {
            statistics.requestsPerSecond = nil
            statistics.inputTokensPerSecond = nil
            statistics.outputTokensPerSecond = nil
        }
        var snapshot = Snapshot(policy: policy.name, time: now, window: statistics, bottleneck: statistics.bottleneck)
        let firstTokens = windows.whole.distribution(of: .timeToFirstToken)
        snapshot.fastestTimeToFirstToken = firstTokens.count > 0 ? firstTokens.moments.minimum : nil
        let told = ReportedResults(answers)
        if !told.isEmpty { snapshot.reported = told }
        if !told.utilization.isEmpty, statistics.utilization.isEmpty {
            var filled = statistics
            filled.utilization = told.utilization
            snapshot.bottleneck = filled.bottleneck
        }
        snapshot.state = state
        snapshot.history = history
        snapshot.readings = readings(at: now, state: state)
        return snapshot
    }

    private func readings(at now: Timestamp, state: TargetState) -> [RecordedReading] {
        let measured = WindowReadings(windows: windows, end: now, whole: nil, isLive: true, policy: policy, state: state)
        return policy.questions.map { question in
            let reading =
                question.query.countsRequests && policy.monitor.seesProbesOnly
                ? .unknown(.missing) : measured.reading(question.query, over: question.window)
            guard case .unknown = reading else { return RecordedReading(question, reading) }
            let told = answers.first { $0.query == question.query && $0.window == question.window }
            return RecordedReading(question, told?.reading ?? reading)
        }
    }
}

extension MetricQuery {
    /// Whether the answer depends on how many requests there are, not only on how they fared.
    fileprivate var countsRequests: Bool {
        switch self {
        case .throughput, .tokensPerSecond, .costPerThousandTokens: true
        default: false
        }
    }
}

extension Policy {
    /// Figures that say what holds the target back, whether or not a condition asks for them.
    var evidenceQuestions: [PolicyQuestion] {
        let queries: [MetricQuery] = [
            .latency(.timeToFirstToken, .mean), .latency(.timePerOutputToken, .mean), .latency(.queue, .mean), .throughput,
            .tokensPerSecond,
            .errorRate, .utilization(.gpu), .utilization(.memory), .utilization(.keyValueCache),
        ]
        let asked = Set(questions)
        return queries.map { PolicyQuestion($0, over: objectiveWindow) }.filter { !asked.contains($0) }
    }
}

extension ReportedResults {
    /// The known ones among the answers of sources that count for themselves; the first answer to a figure counts.
    fileprivate init(_ answers: [RecordedReading]) {
        self.init()
        var means: [LatencyMetric: Double] = [:]
        var percentiles: [LatencyMetric: [PercentileValue]] = [:]
        for answer in answers {
            guard case .value(let value) = answer.reading, value.value.isFinite else { continue }
            switch answer.query {
            case .latency(let metric, .mean): means[metric] = means[metric] ?? value.value
            case .latency(let metric, .percentile(let level)):
                if percentiles[metric]?.contains(where: { $0.level == level }) ?? false { continue }
                percentiles[metric, default: []].append(PercentileValue(level: level, value: value.value))
            case .throughput: requestsPerSecond = requestsPerSecond ?? value.value
            case .tokensPerSecond: outputTokensPerSecond = outputTokensPerSecond ?? value.value
            case .errorRate: errorRate = errorRate ?? value.value
            case .utilization(let metric): utilization[metric] = utilization[metric] ?? .told(mean: value.value)
            default: continue
            }
        }
        for metric in LatencyMetric.allCases where means[metric] != nil || percentiles[metric] != nil {
            latencies[metric] = .told(mean: means[metric], percentiles: percentiles[metric] ?? [])
        }
    }
}

extension Summary {
    fileprivate static func told(mean: Double?, percentiles: [PercentileValue] = []) -> Summary {
        Summary(
            count: nil, mean: mean, minimum: nil, maximum: nil, standardDeviation: nil, percentiles: percentiles, method: .reported)
    }
}

extension RecordedReading {
    fileprivate init(_ question: PolicyQuestion, _ reading: Reading) {
        self.init(query: question.query, window: question.window, reading: reading)
    }
}
