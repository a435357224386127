public import Statistics

/// Collects measurements of one group and time span into distributions, in constant memory.
///
/// Measurements are expected in order of their sending; only the failure streaks depend on it.
public struct StatisticsAccumulator: Sendable {
    /// Error types kept apart; further ones are counted as ``otherErrors``.
    public static let maximumErrorTypes = 64
    /// The name under which errors beyond ``maximumErrorTypes`` are counted.
    public static let otherErrors = "other"

    /// Requests seen, whatever became of them.
    public private(set) var requests = 0
    /// Requests not answered in full.
    public private(set) var failed = 0
    public private(set) var errorsByType: [String: Int] = [:]
    /// Failures since the last success.
    public private(set) var consecutiveFailures = 0
    /// The longest run of failures without a success between them.
    public private(set) var longestFailureStreak = 0
    public private(set) var inputTokens = TokenCount()
    public private(set) var outputTokens = TokenCount()
    /// What of all this was not our own probes.
    public private(set) var workload = WorkloadCount()
    /// Earliest time a request was sent.
    public private(set) var firstSent: Timestamp?
    /// Latest time a request was sent.
    public private(set) var lastSent: Timestamp?
    /// Latest time a request ended, where its duration is known.
    public private(set) var lastEnd: Timestamp?
    /// How requests fared against the latency limits.
    public private(set) var compliance = Compliance()

    private let limits: [LatencyLimit]
    private var latencies: [Distribution]
    private var utilizations: [Distribution]

    /// - Parameter limits: Latency limits each request is judged by.
    public init(limits: [LatencyLimit] = []) {
        self.limits = limits
        latencies = LatencyMetric.allCases.map { _ in Distribution(resolution: 1e-6) }
        utilizations = UtilizationMetric.allCases.map { _ in Distribution(resolution: 1e-4) }
    }

    /// The sample of one latency, in seconds; only requests that succeeded are in it.
    public func distribution(of metric: LatencyMetric) -> Distribution { latencies[metric.index] }

    /// The sample of one utilization, ratios in `0...1`.
    public func distribution(of metric: UtilizationMetric) -> Distribution { utilizations[metric.index] }

    public mutating func record(_ measurement: InferenceMeasurement) {
        requests += 1
        recordTimes(of: measurement)
        recordUtilization(of: measurement)
        if let error = measurement.error {
            recordFailure(error)
        } else {
            consecutiveFailures = 0
            recordLatencies(of: measurement)
            inputTokens.record(measurement.inputTokens, notFinite: measurement.notFinite.contains(.inputTokens))
            outputTokens.record(measurement.outputTokens, notFinite: measurement.notFinite.contains(.outputTokens))
        }
        if !measurement.isProbe { workload.record(measurement) }
        if !limits.isEmpty { compliance.record(judge(measurement)) }
    }

    /// Adds all that a later span of the same group saw.
    public mutating func merge(_ later: StatisticsAccumulator) {
        guard later.requests > 0 else { return }
        let streak = later.failed == later.requests ? consecutiveFailures + later.requests : later.consecutiveFailures
        longestFailureStreak = max(longestFailureStreak, later.longestFailureStreak, consecutiveFailures + later.leadingFailures, streak)
        if failed == requests { leadingFailures += later.leadingFailures }
        consecutiveFailures = streak
        requests += later.requests
        failed += later.failed
        for (type, count) in later.errorsByType { countError(type, times: count) }
        for index in latencies.indices { latencies[index].merge(later.latencies[index]) }
        for index in utilizations.indices { utilizations[index].merge(later.utilizations[index]) }
        inputTokens.merge(later.inputTokens)
        outputTokens.merge(later.outputTokens)
        workload.merge(later.workload)
        compliance.merge(later.compliance)
        firstSent = [firstSent, later.firstSent].compactMap(\.self).min()
        lastSent = [lastSent, later.lastSent].compactMap(\.self).max()
        lastEnd = [lastEnd, later.lastEnd].compactMap(\.self).max()
    }

    /// Failures before the first success; part of a streak that began earlier.
    private var leadingFailures = 0

    private mutating func recordTimes(of measurement: InferenceMeasurement) {
        guard let sent = measurement.time else { return }
        if firstSent.map({ sent < $0 }) ?? true { firstSent = sent }
        if lastSent.map({ sent > $0 }) ?? true { lastSent = sent }
        if let endToEnd = measurement.endToEnd {
            let end = sent.advanced(by: endToEnd)
            if lastEnd.map({ end > $0 }) ?? true { lastEnd = end }
        }
    }

    private mutating func recordFailure(_ error: InferenceError) {
        failed += 1
        if failed == requests { leadingFailures += 1 }
        consecutiveFailures += 1
        longestFailureStreak = max(longestFailureStreak, consecutiveFailures)
        countError(error.type, times: 1)
    }

    private mutating func countError(_ type: String, times: Int) {
        let known = errorsByType[type] != nil || errorsByType.count < Self.maximumErrorTypes
        errorsByType[known ? type : Self.otherErrors, default: 0] += times
    }

    private mutating func recordLatencies(of measurement: InferenceMeasurement) {
        for metric in LatencyMetric.perRequest {
            if let value = measurement[metric] {
                latencies[metric.index].record(value.seconds)
            } else if measurement.notFinite.contains(.init(metric)) {
                latencies[metric.index].recordNotFinite()
            }
        }
        let gaps = LatencyMetric.interTokenLatency.index
        for gap in measurement.chunkGaps ?? [] { latencies[gaps].record(gap.seconds) }
        if measurement.notFinite.contains(.chunkGaps) { latencies[gaps].recordNotFinite() }
    }

    private mutating func recordUtilization(of measurement: InferenceMeasurement) {
        record(measurement.gpuUtilization, as: .gpu, notFinite: measurement.notFinite.contains(.gpuUtilization))
        record(measurement.memoryUtilization, as: .memory, notFinite: measurement.notFinite.contains(.memoryUtilization))
        record(
            measurement.keyValueCacheUtilization, as: .keyValueCache, notFinite: measurement.notFinite.contains(.keyValueCacheUtilization))
    }

    private mutating func record(_ value: Double?, as metric: UtilizationMetric, notFinite: Bool) {
        if let value {
            utilizations[metric.index].record(value)
        } else if notFinite {
            utilizations[metric.index].recordNotFinite()
        }
    }

    /// `true` met every limit, `false` missed one or failed, `nil` cannot be judged because a limited latency was not measured.
    private func judge(_ measurement: InferenceMeasurement) -> Bool? {
        guard measurement.succeeded else { return false }
        var judged = true
        for limit in limits {
            guard let value = measurement.judgedValue(of: limit.metric) else {
                judged = false
                continue
            }
            if value > limit.limit { return false }
        }
        return judged ? true : nil
    }
}

/// The most a latency of one request may be.
public struct LatencyLimit: Sendable, Hashable {
    public let metric: LatencyMetric
    public let limit: Nanoseconds

    public init(metric: LatencyMetric, limit: Nanoseconds) {
        self.metric = metric
        self.limit = limit
    }
}

/// How many requests met their latency limits.
public struct Compliance: Sendable, Codable, Hashable {
    public private(set) var met = 0
    /// Missed a limit, or failed.
    public private(set) var violations = 0
    /// A limited latency was not measured.
    public private(set) var notJudged = 0

    public init() {}

    /// Share of judged requests that met the limits, in `0...1`; `nil` where none could be judged.
    public var attainment: Double? {
        let judged = met + violations
        return judged > 0 ? Double(met) / Double(judged) : nil
    }

    mutating func record(_ verdict: Bool?) {
        switch verdict {
        case true: met += 1
        case false: violations += 1
        case nil: notJudged += 1
        }
    }

    mutating func merge(_ other: Compliance) {
        met += other.met
        violations += other.violations
        notJudged += other.notJudged
    }
}

/// Tokens of the requests that told how many.
public struct TokenCount: Sendable, Hashable {
    public private(set) var total = 0
    /// Requests that told a number.
    public private(set) var requests = 0
    public private(set) var notFiniteCount = 0

    /// Tokens per request; `nil` where no request told.
    public var mean: Double? { requests > 0 ? Double(total) / Double(requests) : nil }

    mutating func record(_ count: Int?, notFinite: Bool) {
        if let count {
            total &+= count
            requests += 1
        } else if notFinite {
            notFiniteCount += 1
        }
    }

    mutating func merge(_ other: TokenCount) {
        total &+= other.total
        requests += other.requests
        notFiniteCount += other.notFiniteCount
    }
}

extension InferenceMeasurement {
    /// What a limit on this latency is held against: the value, or the mean gap of the request.
    func judgedValue(of metric: LatencyMetric) -> Nanoseconds? {
        guard metric == .interTokenLatency else { return self[metric] }
        guard let chunkGaps, !chunkGaps.isEmpty else { return nil }
        return Nanoseconds(chunkGaps.reduce(0) { $0 &+ $1.count } / Int64(chunkGaps.count))
    }
}

extension LatencyMetric {
    /// Those with one value per request.
    static let perRequest = allCases.filter { $0 != .interTokenLatency }

    /// Position in `allCases`.
    var index: Int {
        switch self {
        case .timeToFirstToken: 0
        case .timePerOutputToken: 1
        case .interTokenLatency: 2
        case .endToEnd: 3
        case .prefill: 4
        case .decode: 5
        case .queue: 6
        case .network: 7
        }
    }
}

extension UtilizationMetric {
    /// Position in `allCases`.
    var index: Int {
        switch self {
        case .gpu: 0
        case .memory: 1
        case .keyValueCache: 2
        }
    }
}
