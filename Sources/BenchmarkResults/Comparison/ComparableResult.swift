public import Measurements
public import Statistics

/// A result in the form in which two are compared: figures with intervals, and the requests behind them where they are known.
public struct ComparableResult: Sendable, Hashable {
    /// A file's name, or what else tells the two apart.
    public var label: String
    public var parts: [Part]

    public init(label: String, parts: [Part]) {
        self.label = label
        self.parts = parts
    }

    /// One load.
    public struct Part: Sendable, Hashable {
        /// Parts of one name are compared; a part alone in its result is compared with the other's whatever their names.
        public var name: String
        public var figures: [ComparableFigure]
        /// Per-request values in seconds, in the order of time; empty where only figures are known.
        public var samples: [BenchmarkMetric: [Double]]

        public init(name: String, figures: [ComparableFigure], samples: [BenchmarkMetric: [Double]] = [:]) {
            self.name = name
            self.figures = figures
            self.samples = samples
        }
    }
}

/// One figure of a result.
public struct ComparableFigure: Sendable, Hashable {
    public var quantity: ComparedQuantity
    /// In seconds, per second, a share in `0...1`, or in the currency of the prices.
    public var value: Double
    /// `nil` where the source does not tell how far the figure can be trusted.
    public var interval: ConfidenceInterval?
    /// How exactly a latency was measured; figures under two definitions are not compared.
    public var definition: MetricDefinition?

    public init(quantity: ComparedQuantity, value: Double, interval: ConfidenceInterval?, definition: MetricDefinition? = nil) {
        self.quantity = quantity
        self.value = value
        self.interval = interval
        self.definition = definition
    }
}

/// What is compared.
public enum ComparedQuantity: Sendable, Hashable {
    case latencyMean(BenchmarkMetric)
    case latency(BenchmarkMetric, Percentile)
    /// Requests answered in full per second.
    case requestRate
    case outputTokenRate
    /// Share of requests that failed.
    case errorRate
    /// Share of requests that met the objective.
    case attainment
    /// Money of one kind: prices in two currencies do not compare.
    case costPerRequest(currency: String)

    /// Whether more of it is better.
    public var isBetterWhenHigher: Bool {
        switch self {
        case .requestRate, .outputTokenRate, .attainment: true
        case .latencyMean, .latency, .errorRate, .costPerRequest: false
        }
    }

    /// Shares are compared by their difference, everything else by its ratio.
    public var isShare: Bool { self == .errorRate || self == .attainment }

    /// `ttft p99`, `requests/s`.
    public var name: String {
        switch self {
        case .latencyMean(let metric): "\(metric.rawValue) mean"
        case .latency(let metric, let level): "\(metric.rawValue) \(level)"
        case .requestRate: "requests/s"
        case .outputTokenRate: "output tokens/s"
        case .errorRate: "error rate"
        case .attainment: "attainment"
        case .costPerRequest: "cost per request"
        }
    }
}
