public import Measurements

/// An API that answers a prompt with a stream of tokens: how it is asked, and what its events mean.
public protocol StreamingProvider: Sendable {
    /// As policies name it.
    var name: String { get }
    /// The request that asks for an answer to a prompt, streamed.
    func request(_ prompt: ProbePrompt) -> ProviderRequest
    /// What an event says.
    func read(_ event: ServerSentEvent) -> StreamEvent
    /// Why a request was refused, from the beginning of the answer's body.
    func refusal(status: Int, body: [UInt8]) -> InferenceError
}

/// What is asked of a model.
public struct ProbePrompt: Sendable, Hashable {
    public var text: String
    public var maximumOutputTokens: Int

    public init(text: String, maximumOutputTokens: Int) {
        self.text = text
        self.maximumOutputTokens = maximumOutputTokens
    }
}

/// A request to a provider, without address and key.
public struct ProviderRequest: Sendable, Hashable {
    /// To be appended to the endpoint, with its leading slash.
    public var path: String
    /// JSON.
    public var body: [UInt8]

    public init(path: String, body: [UInt8]) {
        self.path = path
        self.body = body
    }
}

/// What one event of a stream says about the answer. Of an event that says nothing all is absent.
public struct StreamEvent: Sendable, Hashable {
    /// The kinds of text it brings, without empty ones; a role is no text.
    public var content: Set<ContentKind>
    public var usage: TokenUsage?
    /// The answer is complete.
    public var finishReason: String?
    /// The server says that nothing follows.
    public var isEnd: Bool
    public var error: InferenceError?

    public init(
        content: Set<ContentKind> = [], usage: TokenUsage? = nil, finishReason: String? = nil, isEnd: Bool = false,
        error: InferenceError? = nil
    ) {
        self.content = content
        self.usage = usage
        self.finishReason = finishReason
        self.isEnd = isEnd
        self.error = error
    }
}

/// What a piece of an answer is for.
public enum ContentKind: String, Sendable, Codable, Hashable, CaseIterable {
    case answer, reasoning, toolCall
}

/// Tokens as the server counts them.
public struct TokenUsage: Sendable, Hashable {
    public var inputTokens: Int?
    public var outputTokens: Int?

    public init(inputTokens: Int?, outputTokens: Int?) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}
