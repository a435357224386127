public import Measurements
public import Statistics

/// What came of some of the requests of a stage: all of them, or those of one provider, model and scenario.
public struct LoadSummary: Sendable, Hashable, Codable {
    /// Whose requests; `nil` for all of the stage.
    public var group: RequestGroup?
    public var counts: RequestCounts
    /// Of the share of requests that failed; `nil` where no request ended.
    public var errorRateInterval: ConfidenceInterval?
    /// Of requests answered in full; a metric without a value is not among them.
    public var latencies: [BenchmarkMetric: LatencySummary]
    public var throughput: Throughput
    public var tokens: TokenTotals
    public var cost: CostSummary
    /// `nil` where no objective was given.
    public var goodput: Goodput?

    public init(
        group: RequestGroup?, counts: RequestCounts, errorRateInterval: ConfidenceInterval?, latencies: [BenchmarkMetric: LatencySummary],
        throughput: Throughput,
        tokens: TokenTotals, cost: CostSummary, goodput: Goodput?
    ) {
        self.group = group
        self.counts = counts
        self.errorRateInterval = errorRateInterval
        self.latencies = latencies
        self.throughput = throughput
        self.tokens = tokens
        self.cost = cost
        self.goodput = goodput
    }
}

/// Requests that are told apart from others of a stage.
public struct RequestGroup: Sendable, Hashable, Codable, Comparable {
    public var provider: String
    public var model: String
    public var scenario: String

    public init(provider: String, model: String, scenario: String) {
        self.provider = provider
        self.model = model
        self.scenario = scenario
    }

    public static func < (left: RequestGroup, right: RequestGroup) -> Bool {
        (left.provider, left.model, left.scenario) < (right.provider, right.model, right.scenario)
    }
}

/// How many requests there were, and what became of them. Requests of the warm-up and of a discarded start-up are in their own counts only.
public struct RequestCounts: Sendable, Hashable, Codable {
    /// Handed to the socket at least once.
    public var sent = 0
    /// Answered in full.
    public var completed = 0
    /// Not answered in full, sent or not; without ``cancelled``.
    public var failed = 0
    public var failedByType: [String: Int] = [:]
    /// Broken off by the client because the run ended.
    public var cancelled = 0
    /// Requests that were tried more than once.
    public var retriedRequests = 0
    /// Tries before the last, in no other count.
    public var retriedAttempts = 0
    public var retriedAttemptsByType: [String: Int] = [:]
    /// Wanted by the schedule and never sent; of a whole stage only, 0 for a group.
    public var unsent = 0
    /// Of a whole stage only.
    public var warmUp = 0
    /// Left out as the start-up of the stage; of a whole stage only.
    public var discarded = 0

    public init() {}

    /// Failed over completed and failed, in `0...1`; `nil` where no request ended.
    public var errorRate: Double? {
        // As floating point: a document may claim any count.
        let ended = Double(completed) + Double(failed)
        return ended > 0 ? Double(failed) / ended : nil
    }
}

/// Rates of a stage; each `nil` where its time or count is not known.
public struct Throughput: Sendable, Hashable, Codable {
    /// The time the rates are per: from the start of the measured part to the last answer.
    public var span: Nanoseconds
    /// Requests answered in full, per second.
    public var requestsPerSecond: Double?
    /// By the answers of equal slices of the span; `nil` below 20 answers.
    public var requestsPerSecondInterval: ConfidenceInterval?
    public var outputTokensPerSecond: Double?
    public var outputTokensPerSecondInterval: ConfidenceInterval?
    public var inputTokensPerSecond: Double?
    public var outputTokensPerSecondPerGPU: Double?
    /// Requests per second that were asked for; `nil` in a closed loop.
    public var requestedRate: Double?
    /// Requests per second of the schedule as drawn; `nil` in a closed loop or below two requests.
    public var scheduledRate: Double?
    /// Requests per second as sent; `nil` below two requests.
    public var achievedRate: Double?
    /// Requests under way, averaged over time.
    public var meanConcurrency: Double?

    public init(span: Nanoseconds) { self.span = span }
}

/// Tokens of requests answered in full.
public struct TokenTotals: Sendable, Hashable, Codable {
    /// Totals; `nil` where no request told.
    public var input: Int?
    public var output: Int?
    public var cachedInput: Int?
    public var reasoning: Int?
    /// Requests that told their input, and their output.
    public var requestsWithInput = 0
    public var requestsWithOutput = 0
    /// Requests whose output tokens are a count of events.
    public var estimatedRequests = 0

    public init() {}

    public var isEstimated: Bool { estimatedRequests > 0 }
    public var meanInput: Double? { requestsWithInput > 0 ? input.map { Double($0) / Double(requestsWithInput) } : nil }
    public var meanOutput: Double? { requestsWithOutput > 0 ? output.map { Double($0) / Double(requestsWithOutput) } : nil }
}

/// Requests that met the objective.
public struct Goodput: Sendable, Hashable, Codable {
    /// Met every limit.
    public var met: Int
    /// Missed a limit, or failed.
    public var missed: Int
    /// A limited latency was not measured.
    public var notJudged: Int
    /// Requests per second that met every limit.
    public var requestsPerSecond: Double?
    /// Share of judged requests that met every limit, in `0...1`; `nil` where none was judged.
    public var attainment: Double?
    /// By Wilson's formula, for as many independent requests as these are worth.
    public var attainmentInterval: ConfidenceInterval?
    /// Whether the attainment reaches the objective's; `nil` where it asks for none or nothing was judged.
    public var isReached: Bool?

    public init(met: Int, missed: Int, notJudged: Int) {
        self.met = met
        self.missed = missed
        self.notJudged = notJudged
    }
}
