/// What a place in an event tells.
enum EventField: UInt8, Sendable, Hashable, CaseIterable {
    /// Text a reader sees; a string that is not empty brings content.
    case answer
    /// Text of the model's thinking.
    case reasoning
    /// A part of a tool call: a string, a list or an object that is not empty.
    case toolCall
    /// A boolean: what the object around it brings is reasoning.
    case isReasoning
    /// Who speaks.
    case role
    case inputTokens
    case outputTokens
    case reasoningTokens
    case cachedInputTokens
    /// Input tokens that were written into a cache.
    case cacheWriteTokens
    case prefillMilliseconds
    case decodeMilliseconds
    case finishReason
    /// A reason that counts before one in another place of the event.
    case preciseFinishReason
    /// True, or a text: nothing follows.
    case end
    /// Anything but null: the request failed. A text is the message.
    case error
    case errorMessage
    /// A short class; a number is a code.
    case errorType
    case errorCode
}
