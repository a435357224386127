/// One request of a load test: its measurement, and what a load test knows beyond it.
public struct RequestRecord: Sendable, Hashable {
    /// As sent: its latencies count from the moment the last attempt was handed to the socket.
    public var measurement: InferenceMeasurement
    public var scenario: String
    /// Sent before the system was warm; counted apart.
    public var isWarmUp: Bool
    public var moments: AnswerMoments
    public var connection: ConnectionPhases
    /// Tokens that came with the first content, and with each gap of the measurement after it; `nil` where the server does not tell.
    public var tokensPerEvent: [Int]?
    /// Whether the number of output tokens is a count of events, for want of a number from the server.
    public var tokensAreEstimated: Bool
    public var reasoningTokens: Int?
    public var cachedInputTokens: Int?
    public var finishReason: String?
    /// Attempts before the last, in order; empty where the first was the only one.
    public var earlierAttempts: [FailedAttempt]

    public init(measurement: InferenceMeasurement, scenario: String = "default", moments: AnswerMoments) {
        self.measurement = measurement
        self.scenario = scenario
        self.moments = moments
        isWarmUp = false
        connection = ConnectionPhases()
        tokensAreEstimated = false
        earlierAttempts = []
    }

    /// From the moment the schedule wanted it sent to its first content: what a user who came at that moment waited.
    public var scheduledTimeToFirstToken: Nanoseconds? { moments.firstContent.map { $0 - moments.intended } }
    /// From the moment the schedule wanted it sent to its last byte.
    public var scheduledEndToEnd: Nanoseconds? { measurement.succeeded ? moments.lastByte.map { $0 - moments.intended } : nil }
    /// How late it was sent, retries included.
    public var scheduleLag: Nanoseconds? { moments.sent.map { $0 - moments.intended } }
}

/// When the parts of an answer came, in nanoseconds since the clock of the run started; one clock for all of them.
public struct AnswerMoments: Sendable, Hashable, Codable {
    /// When the schedule wanted the request sent. In a closed loop: when its turn came.
    public var intended: Nanoseconds
    /// When the request was handed to the socket; `nil` where it never was.
    public var sent: Nanoseconds?
    /// The first byte of the answer's head.
    public var head: Nanoseconds?
    /// The first event that carries a role and no content.
    public var role: Nanoseconds?
    /// The first content of any kind: answer, reasoning or tool call.
    public var firstContent: Nanoseconds?
    /// The first content a reader sees: no reasoning.
    public var firstVisible: Nanoseconds?
    public var lastContent: Nanoseconds?
    public var lastByte: Nanoseconds?

    public init(intended: Nanoseconds) { self.intended = intended }
}

/// What it took to have a connection; a length is `nil` where the phase did not happen.
public struct ConnectionPhases: Sendable, Hashable, Codable {
    public var dns: Nanoseconds?
    public var connect: Nanoseconds?
    public var tls: Nanoseconds?
    public var wasReused: Bool

    public init(dns: Nanoseconds? = nil, connect: Nanoseconds? = nil, tls: Nanoseconds? = nil, wasReused: Bool = false) {
        self.dns = dns
        self.connect = connect
        self.tls = tls
        self.wasReused = wasReused
    }
}

/// A try that failed and was repeated.
public struct FailedAttempt: Sendable, Hashable, Codable {
    public var error: InferenceError
    /// When it began and ended, on the clock of the run.
    public var began: Nanoseconds
    public var ended: Nanoseconds

    public init(error: InferenceError, began: Nanoseconds, ended: Nanoseconds) {
        self.error = error
        self.began = began
        self.ended = ended
    }
}
