/// The Chat API of Cohere, version 2: `POST {endpoint}/chat`.
///
/// Tested against streams in the documented format; it could not be tried against the real service.
public struct CohereChat: StreamingProvider {
    public let model: String

    public init(model: String) { self.model = model }

    public var name: String { "cohere" }
    public var format: AnswerFormat { .cohereChat }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        var body = RequestBody()
        body.set("model", model)
        body.set("messages", prompt.messages())
        body.set("max_tokens", prompt.maximumOutputTokens)
        body.set("stream", prompt.isStreamed)
        body.set("temperature", prompt.sampling.temperature)
        body.set("p", prompt.sampling.topP)
        body.set("k", prompt.sampling.topK)
        body.set("seed", prompt.sampling.seed)
        body.set("stop_sequences", prompt.sampling.stop)
        return ProviderRequest(path: "/chat", headers: ProviderRequest.bearer(key), body: body.bytes)
    }
}

extension AnswerFormat {
    static let cohereChat = AnswerFormat(
        event: .nothing,
        typed: [
            .init("message-start", EventTable(["delta.message.role": .role])),
            .init(
                "content-start",
                EventTable(["delta.message.content.text": .answer, "delta.message.content.thinking": .reasoning])),
            .init(
                "content-delta",
                EventTable(["delta.message.content.text": .answer, "delta.message.content.thinking": .reasoning])),
            .init("tool-plan-delta", EventTable(["delta.message.tool_plan": .reasoning])),
            .init("tool-call-start", EventTable(["delta.message.tool_calls": .toolCall])),
            .init("tool-call-delta", EventTable(["delta.message.tool_calls": .toolCall])),
            .init(
                "message-end",
                EventTable(
                    [
                        "delta.finish_reason": .finishReason, "delta.usage.tokens.input_tokens": .inputTokens,
                        "delta.usage.tokens.output_tokens": .outputTokens, "delta.usage.cached_tokens": .cachedInputTokens,
                        "delta.error": .errorMessage,
                    ], isEnd: true)),
        ],
        whole: EventTable([
            "message.content[*].text": .answer, "message.content[*].thinking": .reasoning, "message.tool_calls": .toolCall,
            "finish_reason": .finishReason, "usage.tokens.input_tokens": .inputTokens, "usage.tokens.output_tokens": .outputTokens,
            "usage.cached_tokens": .cachedInputTokens, "error": .error,
        ]))
}
