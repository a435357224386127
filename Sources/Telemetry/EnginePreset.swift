public import Measurements

/// Which of an engine's metrics answer which question, for queries to Prometheus and for reading the engine's own page alike.
public struct EnginePreset: Sendable, Hashable {
    /// As policies name it.
    public var name: String
    /// Several of one meaning, newest name first: engines rename their metrics, and the first that is there counts.
    public var latencies: [LatencyMetric: [DurationMetric]]
    /// Counters that together are all requests that ended; the first is there from the beginning.
    public var finished: [SeriesSelector]
    /// Counters that together are the failed ones among them; empty where the engine does not tell.
    public var failed: [SeriesSelector]
    /// The counters of failures do not exist before the first failure: where they are absent and requests are counted, none failed.
    public var failuresAppearWithTheFirst: Bool
    /// Counters of tokens, alternatives as above.
    public var outputTokens: [SeriesSelector]
    public var inputTokens: [SeriesSelector]
    /// Gauges of waiting requests, to be added up over replicas; alternatives as above.
    public var waiting: [SeriesSelector]
    /// Counters of requests that were thrown out of the engine's cache to make room for others; alternatives as above.
    public var preemptions: [SeriesSelector]
    /// What tells how many requests come; `nil` where an engine does not tell enough.
    public var load: LoadMetrics?
    /// Gauges in `0...1` after scaling, to be averaged over replicas; alternatives as above.
    public var utilization: [UtilizationMetric: [UtilizationGauge]]

    init(_ name: String) {
        self.name = name
        latencies = [:]
        finished = []
        failed = []
        failuresAppearWithTheFirst = false
        outputTokens = []
        inputTokens = []
        waiting = []
        preemptions = []
        utilization = [:]
    }

    public static let all: [EnginePreset] = [.vllm, .sglang, .tgi, .triton, .dynamo, .llamacpp, .dcgm]

    public static func named(_ name: String) -> EnginePreset? { all.first { $0.name == name } }
}

/// A metric and conditions on its labels.
public struct SeriesSelector: Sendable, Hashable {
    public var name: String
    public var conditions: [LabelCondition]

    init(_ name: String, _ conditions: LabelCondition...) {
        self.name = name
        self.conditions = conditions
    }

    init(name: String, conditions: [LabelCondition]) {
        self.name = name
        self.conditions = conditions
    }
}

/// What a label must be, or must not be; a label that is absent is the empty text.
public struct LabelCondition: Sendable, Hashable {
    public var label: String
    public var isEqual: Bool
    public var value: String

    static func equal(_ label: String, _ value: String) -> LabelCondition { .init(label: label, isEqual: true, value: value) }
    static func not(_ label: String, _ value: String) -> LabelCondition { .init(label: label, isEqual: false, value: value) }

    func holds(for labels: [String: String]) -> Bool { ((labels[label] ?? "") == value) == isEqual }
}

/// Lengths of time as an engine exports them.
public struct DurationMetric: Sendable, Hashable {
    /// Counter of the time, and of what it is spread over.
    public var sum: SeriesSelector
    public var count: SeriesSelector
    /// Cumulative buckets with the label `le`; `nil` where only a mean can be told.
    public var buckets: SeriesSelector?
    /// Seconds of one unit of ``sum`` and of the bounds.
    public var secondsPerUnit: Double
    /// What ``count`` counts is requests, not tokens.
    public var countsRequests: Bool

    /// A Prometheus histogram.
    static func histogram(_ name: String, secondsPerUnit: Double = 1, countsRequests: Bool = true) -> DurationMetric {
        .init(
            sum: SeriesSelector(name + "_sum"), count: SeriesSelector(name + "_count"), buckets: SeriesSelector(name + "_bucket"),
            secondsPerUnit: secondsPerUnit, countsRequests: countsRequests)
    }

    /// Two counters, of time and of what took it.
    static func mean(_ sum: String, per count: String, secondsPerUnit: Double = 1, countsRequests: Bool = true) -> DurationMetric {
        .init(
            sum: SeriesSelector(sum), count: SeriesSelector(count), buckets: nil, secondsPerUnit: secondsPerUnit,
            countsRequests: countsRequests)
    }
}

/// What tells of the requests of an engine whether they are answered or not: what ended, and what more there is than before, came.
public struct LoadMetrics: Sendable, Hashable {
    /// Counters that together are all requests that ended, given up ones too.
    public var ended: [SeriesSelector]
    /// Gauge of requests the engine is at work on, to be added up over replicas.
    public var running: SeriesSelector
    /// Tokens of the prompts, and of the answers, of the requests that ended, and how many those are.
    public var prompts: TokenCounters
    public var answers: TokenCounters
    /// Counters of the prompts' tokens that were found in a cache; alternatives, newest name first.
    public var cached: [SeriesSelector]

    public struct TokenCounters: Sendable, Hashable {
        public var tokens: SeriesSelector
        public var requests: SeriesSelector
    }
}

/// A share of a resource as an engine exports it.
public struct UtilizationGauge: Sendable, Hashable {
    public var used: SeriesSelector
    /// The rest of the whole, where the share is `used / (used + free)`.
    public var free: SeriesSelector?
    /// The whole, where the share is `used / total`.
    public var total: SeriesSelector?
    /// What a full resource reads: 1 or 100.
    public var full: Double

    init(_ used: SeriesSelector, free: SeriesSelector? = nil, total: SeriesSelector? = nil, full: Double = 1) {
        self.used = used
        self.free = free
        self.total = total
        self.full = full
    }
}
