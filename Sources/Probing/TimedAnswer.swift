public import Measurements
public import Transport

/// A measurement, and what is known of the answer beyond it.
public struct TimedAnswer: Sendable, Hashable {
    public var measurement: InferenceMeasurement
    public var moments: ReceivedMoments
    public var connection: ConnectionPhases
    /// `nil` where nothing came.
    public var tokens: OutputTokens?
    /// Tokens that came with the first content, and with each gap of the measurement; `nil` where the server does not tell.
    public var tokensPerEvent: [Int]?
    public var reasoningTokens: Int?
    public var cachedInputTokens: Int?
    public var finishReason: String?
    /// What the server says it took from the first token to the last; what it says of the time before is the measurement's prefill.
    public var serverDecode: Nanoseconds?
    /// How long the server asked to be left alone.
    public var retryAfter: Duration?
    /// What the model said, where the prompt asked to keep it; of a refused request `nil`.
    public var text: String?

    public init(measurement: InferenceMeasurement, moments: ReceivedMoments) {
        self.measurement = measurement
        self.moments = moments
        connection = ConnectionPhases()
    }

    /// As a request of a load test.
    /// - Parameter intended: When the schedule wanted it sent.
    /// - Parameter origin: When the clock of the run started.
    public func record(scenario: String = "default", intended: MonotonicTime, origin: MonotonicTime) -> RequestRecord {
        var record = RequestRecord(measurement: measurement, scenario: scenario, moments: moments.relative(to: origin, intended: intended))
        record.connection = connection
        record.tokensPerEvent = tokensPerEvent
        if case .estimated? = tokens { record.tokensAreEstimated = true }
        record.reasoningTokens = reasoningTokens
        record.cachedInputTokens = cachedInputTokens
        record.finishReason = finishReason
        return record
    }
}

/// When the parts of an answer came; what did not come is `nil`.
public struct ReceivedMoments: Sendable, Hashable {
    /// When the transport was asked to send.
    public var began: MonotonicTime
    /// When the request was handed to the socket. Of a request that got no head of an answer: ``began``, if it may have been sent.
    public var sent: MonotonicTime?
    /// The first byte of the answer's head.
    public var head: MonotonicTime?
    /// The first event that carries a role and no content.
    public var role: MonotonicTime?
    /// The first content of any kind; of an answer that came as a whole `nil`, as are the next two.
    public var firstContent: MonotonicTime?
    /// The first content that is no reasoning.
    public var firstVisible: MonotonicTime?
    public var lastContent: MonotonicTime?
    /// The last byte of the body, or of what there was of it.
    public var lastByte: MonotonicTime?
    /// When all was over, well or not.
    public var ended: MonotonicTime

    public init(began: MonotonicTime) {
        self.began = began
        ended = began
    }

    func relative(to origin: MonotonicTime, intended: MonotonicTime) -> AnswerMoments {
        func since(_ time: MonotonicTime) -> Nanoseconds { Nanoseconds(time.nanoseconds &- origin.nanoseconds) }
        var moments = AnswerMoments(intended: since(intended))
        moments.sent = sent.map(since)
        moments.head = head.map(since)
        moments.role = role.map(since)
        moments.firstContent = firstContent.map(since)
        moments.firstVisible = firstVisible.map(since)
        moments.lastContent = lastContent.map(since)
        moments.lastByte = lastByte.map(since)
        return moments
    }
}

/// How many tokens an answer had.
public enum OutputTokens: Sendable, Hashable {
    /// Counted by the server.
    case reported(Int)
    /// One for every event that brought content: servers put several tokens into one event, so there were as many or more.
    case estimated(Int)

    public var count: Int {
        switch self {
        case .reported(let count), .estimated(let count): count
        }
    }
}
