public import Measurements
import Statistics

/// What both groups did in the same short stretch of time: the unit in which a canary is compared.
///
/// It holds sums, so that a comparison may be stopped and resumed from its buckets alone.
public struct CanaryBucket: Sendable, Codable, Hashable {
    public var start: Timestamp
    public var length: Duration
    public var canary: GroupBucket
    public var control: GroupBucket

    public init(start: Timestamp, length: Duration, canary: GroupBucket = .init(), control: GroupBucket = .init()) {
        self.start = start
        self.length = length
        self.canary = canary
        self.control = control
    }

    public var end: Timestamp { start.advanced(by: length) }

    public subscript(group: CanaryGroup) -> GroupBucket {
        get { group == .canary ? canary : control }
        set { if group == .canary { canary = newValue } else { control = newValue } }
    }
}

/// One of two groups of equal size.
public enum CanaryGroup: String, Sendable, Codable, Hashable, CaseIterable {
    /// Gets the change.
    case canary
    /// Is left as it is.
    case control
}

/// What one group did in a bucket.
public struct GroupBucket: Sendable, Codable, Hashable {
    /// Whether anybody told what the group did; what nobody told is not that nothing was done.
    public var isTold = true
    /// Requests that ended, failed ones included.
    public var requests = 0
    public var failed = 0
    /// Requests that were handed to the group, and the tokens of their prompts; `nil` where nobody counts.
    public var arrivals: Int?
    public var arrivedInputTokens: Int?
    /// Requests that the group has not answered at the end of the bucket; `nil` where nobody counts.
    public var underWay: Int?
    /// Requests that met or missed the objective in this time, and those that missed. One that is late is missed as soon as that is certain.
    public var judged = 0
    public var missed = 0
    /// Of the log of the time per output token in seconds, over requests of at least 8 output tokens.
    public var perToken = LogSum()
    /// Of the log of the time to first token in seconds, with the lengths that explain part of it.
    public var firstToken = AdjustableSum()
    /// Seconds from being sent to the last token, summed over the requests that did not fail.
    public var endToEndSeconds = 0.0
    /// Tokens of the prompts, and those of them found in the cache; the latter `nil` where nobody tells.
    public var inputTokens = 0
    public var cachedTokens: Int?
    /// What the platform and the engines tell; `nil` where nobody does.
    public var preemptions: Int?
    public var readyReplicas: Int?
    /// Containers that restarted in this time.
    public var restarts: Int?
    public var wasKilledForMemory = false
    public var rolloutFailed = false

    public init() {}

    /// Share of the prompts' tokens found in the cache, `0...1`; `nil` where nobody tells or none came.
    public var hitRate: Double? {
        guard let cachedTokens, inputTokens > 0 else { return nil }
        return Double(cachedTokens) / Double(inputTokens)
    }
}

/// A sum of logarithms.
public struct LogSum: Sendable, Codable, Hashable {
    public private(set) var count = 0
    public private(set) var sum = 0.0

    public init() {}

    public mutating func add(_ logarithm: Double) {
        count += 1
        sum += logarithm
    }

    /// Adds values of which only the mean is known.
    public mutating func add(mean: Double, count: Int) {
        self.count += count
        sum += mean * Double(count)
    }
}

/// What one request told, for ``CanarySeries``.
public struct CanaryRequest: Sendable, Hashable {
    public var group: CanaryGroup
    /// When it ended, or when it was certain to miss its objective.
    public var end: Timestamp
    public var outcome: Outcome
    /// Whether it met its objective; `nil` where it has none or was reported before.
    public var metObjective: Bool?

    public enum Outcome: Sendable, Hashable {
        case answered(Answer)
        case failed
        /// Still under way, but late: only ``CanaryRequest/metObjective`` counts now, and the rest when it ends.
        case overdue
    }

    public struct Answer: Sendable, Hashable {
        public var timeToFirstToken: Nanoseconds
        /// `nil` where there was one token or nobody knows.
        public var timePerOutputToken: Nanoseconds?
        public var endToEnd: Nanoseconds
        public var inputTokens: Int
        public var outputTokens: Int
        /// `nil` where nobody tells.
        public var cachedTokens: Int?

        public init(
            timeToFirstToken: Nanoseconds, timePerOutputToken: Nanoseconds?, endToEnd: Nanoseconds, inputTokens: Int, outputTokens: Int,
            cachedTokens: Int? = nil
        ) {
            self.timeToFirstToken = timeToFirstToken
            self.timePerOutputToken = timePerOutputToken
            self.endToEnd = endToEnd
            self.inputTokens = inputTokens
            self.outputTokens = outputTokens
            self.cachedTokens = cachedTokens
        }
    }

    public init(_ group: CanaryGroup, end: Timestamp, _ outcome: Outcome, metObjective: Bool? = nil) {
        self.group = group
        self.end = end
        self.outcome = outcome
        self.metObjective = metObjective
    }
}

extension GroupBucket {
    /// Fewer tokens make a time per token of mostly rounding.
    private static let minimumOutputTokens = 8

    /// Counts a request; latencies of zero or less have no logarithm and are left out.
    public mutating func add(_ request: CanaryRequest) {
        if let met = request.metObjective {
            judged += 1
            if !met { missed += 1 }
        }
        switch request.outcome {
        case .overdue: break
        case .failed:
            requests += 1
            failed += 1
        case .answered(let answer):
            requests += 1
            add(answer)
        }
    }

    /// Adds the totals of a source that does not see single requests.
    public mutating func add(_ block: LatencyBlock) {
        requests += block.requests
        failed += block.failed
        if let more = block.preemptions { preemptions = (preemptions ?? 0) + more }
        if let mean = block.logTimePerOutputToken { perToken.add(mean: mean.mean, count: mean.count) }
        if let mean = block.logTimeToFirstToken { firstToken.add(mean: mean.mean, count: mean.count) }
        // How long a request takes, about: what patience with a silent group is measured by.
        guard let first = block.logTimeToFirstToken, let gap = block.logTimePerOutputToken, let tokens = block.outputTokens else { return }
        let usual = exponential(min(first.mean, 10)) + max(0, min(tokens, 1e6) - 1) * exponential(min(gap.mean, 10))
        endToEndSeconds += usual * Double(max(0, block.requests - block.failed))
    }

    private mutating func add(_ answer: CanaryRequest.Answer) {
        endToEndSeconds += answer.endToEnd.seconds
        inputTokens += max(0, answer.inputTokens)
        if let cached = answer.cachedTokens { cachedTokens = (cachedTokens ?? 0) + max(0, cached) }
        if let gap = answer.timePerOutputToken, gap.count > 0, answer.outputTokens >= Self.minimumOutputTokens {
            perToken.add(naturalLogarithm(gap.seconds))
        }
        if answer.timeToFirstToken.count > 0 {
            firstToken.add(
                naturalLogarithm(answer.timeToFirstToken.seconds), inputTokens: answer.inputTokens, outputTokens: answer.outputTokens)
        }
    }
}
