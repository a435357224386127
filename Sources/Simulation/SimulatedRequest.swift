public import Measurements

/// A request to a simulated engine. Times count from the beginning of the simulation.
public struct SimulatedRequest: Sendable, Hashable, Codable {
    /// Unique in its pool.
    public var id: Int
    public var arrival: Nanoseconds
    /// At least 1.
    public var promptTokens: Int
    /// At least 1; the answer has exactly so many.
    public var outputTokens: Int

    public init(id: Int, arrival: Nanoseconds, promptTokens: Int, outputTokens: Int) {
        self.id = id
        self.arrival = arrival
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
    }
}

/// Why a pool does not take a request.
public enum RequestRefusal: Error, Sendable, Hashable {
    /// Prompt and answer do not fit into the cache together.
    case tooLong(tokens: Int, limit: Int)
    case emptyPromptOrAnswer
    case repeatedIdentifier(Int)
}

/// A token of an answer as it leaves the engine.
public struct TokenEvent: Sendable, Hashable, Codable {
    public var request: Int
    public var time: Nanoseconds
    /// From 0.
    public var index: Int
    public var isLast: Bool
}

/// An answer that is complete.
public struct Completion: Sendable, Hashable, Codable {
    public var request: SimulatedRequest
    public var firstToken: Nanoseconds
    public var finished: Nanoseconds
    /// How often it lost its place in the cache and was computed anew.
    public var preemptions: Int

    public var timeToFirstToken: Nanoseconds { firstToken - request.arrival }
    public var endToEnd: Nanoseconds { finished - request.arrival }
    /// (end − first token) / (tokens − 1); `nil` for an answer of one token.
    public var timePerOutputToken: Nanoseconds? {
        request.outputTokens > 1 ? Nanoseconds((finished - firstToken).count / Int64(request.outputTokens - 1)) : nil
    }
}

/// What left an engine in a stretch of time, in the order of time.
public struct EngineOutput: Sendable, Hashable, Codable {
    public var tokens: [TokenEvent] = []
    public var completions: [Completion] = []
    /// Tokens of answers, also where they are not told one by one.
    public var generatedTokens = 0

    public init() {}
}
