public import Measurements

/// What one event of a stream says about the answer, or what a whole answer says. Of one that says nothing all is absent.
public struct StreamEvent: Sendable, Hashable {
    /// The kinds of text it brings, without empty ones; a role is no text.
    public var content: ContentKinds
    public var hasRole: Bool
    public var usage: TokenUsage
    /// The answer is complete.
    public var finishReason: String?
    /// The server says that nothing follows.
    public var isEnd: Bool
    public var error: InferenceError?
    /// What the server says it took until the first token, and from there to the last.
    public var prefill: Nanoseconds?
    public var decode: Nanoseconds?

    public init(
        content: ContentKinds = [], hasRole: Bool = false, usage: TokenUsage = TokenUsage(), finishReason: String? = nil,
        isEnd: Bool = false, error: InferenceError? = nil
    ) {
        self.content = content
        self.hasRole = hasRole
        self.usage = usage
        self.finishReason = finishReason
        self.isEnd = isEnd
        self.error = error
    }
}

/// What a piece of an answer is for.
public struct ContentKinds: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let answer = ContentKinds(rawValue: 1 << 0)
    public static let reasoning = ContentKinds(rawValue: 1 << 1)
    public static let toolCall = ContentKinds(rawValue: 1 << 2)
}

/// Tokens as the server counts them; what it does not tell is `nil`.
public struct TokenUsage: Sendable, Hashable {
    /// Cached ones included.
    public var inputTokens: Int?
    /// Reasoning included. In the middle of a stream: up to here.
    public var outputTokens: Int?
    /// Of the output.
    public var reasoningTokens: Int?
    /// Of the input.
    public var cachedInputTokens: Int?

    public init(inputTokens: Int? = nil, outputTokens: Int? = nil, reasoningTokens: Int? = nil, cachedInputTokens: Int? = nil) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.reasoningTokens = reasoningTokens
        self.cachedInputTokens = cachedInputTokens
    }

    /// Takes over what a later event tells.
    mutating func update(with later: TokenUsage) {
        if let tokens = later.inputTokens { inputTokens = tokens }
        if let tokens = later.outputTokens { outputTokens = tokens }
        if let tokens = later.reasoningTokens { reasoningTokens = tokens }
        if let tokens = later.cachedInputTokens { cachedInputTokens = tokens }
    }
}
