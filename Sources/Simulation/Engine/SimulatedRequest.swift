public import Measurements

/// A request as an engine sees it.
public struct SimulatedRequest: Sendable, Hashable {
    /// The caller's; unique among the requests under way.
    public var id: Int
    public var arrival: Nanoseconds
    /// Tokens of the prompt, at least 1.
    public var inputTokens: Int
    /// Tokens of the answer, at least 1.
    public var outputTokens: Int
    /// Tokens of the prompt that the engine has in its cache from another request: room is taken for them, but no time.
    public var cachedTokens: Int

    public init(id: Int, arrival: Nanoseconds, inputTokens: Int, outputTokens: Int, cachedTokens: Int = 0) {
        self.id = id
        self.arrival = arrival
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cachedTokens = cachedTokens
    }
}

/// Why a pool does not take a request.
public enum RequestRefusal: Error, Sendable, Hashable {
    /// Prompt and answer do not fit into the cache of a replica together.
    case tooLong(tokens: Int, limit: Int)
    case emptyPromptOrAnswer
}

/// How a request went. Times are those a client sees: past the engine's and its server's way out.
public struct RequestOutcome: Sendable, Hashable {
    public let id: Int
    public let ending: Ending
    public let arrival: Nanoseconds
    /// When the engine first worked on it.
    public let scheduled: Nanoseconds
    public let firstToken: Nanoseconds
    public let lastToken: Nanoseconds
    public let inputTokens: Int
    /// Tokens of the prompt that were found in the cache.
    public let cachedTokens: Int
    /// Tokens that were made.
    public let outputTokens: Int
    /// How often it lost its place in the cache and was begun again.
    public let preemptions: Int
    /// Number of the replica; −1 where it came to none.
    public let replica: Int

    public enum Ending: String, Sendable, Hashable, Codable, CaseIterable {
        case completed
        /// It would never fit into the cache.
        case refused
        /// Taken back by the client.
        case cancelled
        /// Lost with its replica.
        case failed
    }

    init(_ slot: RequestSlot, ending: Ending, generated: Int64, lastToken: Int64, replica: Int) {
        id = slot.id
        self.ending = ending
        arrival = Nanoseconds(picoseconds: slot.arrival)
        scheduled = Nanoseconds(picoseconds: max(slot.scheduled, slot.arrival))
        firstToken = Nanoseconds(picoseconds: slot.firstToken >= 0 ? min(slot.firstToken + slot.wayOut, lastToken) : lastToken)
        self.lastToken = Nanoseconds(picoseconds: lastToken)
        inputTokens = Int(slot.inputTokens)
        cachedTokens = Int(slot.cachedTokens)
        outputTokens = Int(generated)
        preemptions = Int(slot.preemptions)
        self.replica = replica
    }

    public var timeToFirstToken: Nanoseconds { firstToken - arrival }
    public var endToEnd: Nanoseconds { lastToken - arrival }
    public var queued: Nanoseconds { scheduled - arrival }
    /// `nil` where there was one token or none.
    public var timePerOutputToken: Nanoseconds? {
        outputTokens > 1 ? Nanoseconds((lastToken - firstToken).count / Int64(outputTokens - 1)) : nil
    }
}

/// A token on its way to the client.
public struct TokenEvent: Sendable, Hashable {
    public let request: Int
    /// When the client sees it.
    public let time: Nanoseconds
    /// From 0.
    public let tokenIndex: Int
    public let isLast: Bool
}

extension Nanoseconds {
    /// Rounded down, so that an order of times stays an order.
    init(picoseconds: Int64) { self.init(picoseconds / 1_000) }

    var picoseconds: Int64 { count &* 1_000 }
}
