import Documents

/// The Messages API of Anthropic, as vLLM and llama.cpp serve it too: `POST {endpoint}/messages`, the key in `x-api-key`.
///
/// Tried against a real llama.cpp and a real vLLM; of the hosted service only the format is known.
public struct AnthropicMessages: StreamingProvider {
    public let model: String
    /// Tokens the model may think for, at least 1 024; `nil` leaves extended thinking off.
    public let thinkingTokens: Int?

    public init(model: String, thinkingTokens: Int? = nil) {
        self.model = model
        self.thinkingTokens = thinkingTokens
    }

    public var name: String { "anthropic" }
    public var format: AnswerFormat { .anthropicMessages }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        var body = RequestBody()
        body.set("model", model)
        body.set("system", prompt.system)
        body.set("messages", prompt.messages(withSystem: false))
        // What is thought counts against the limit, which must be above it.
        body.set("max_tokens", prompt.maximumOutputTokens + (thinkingTokens ?? 0))
        if let thinkingTokens {
            var thinking = RequestBody()
            thinking.set("type", "enabled")
            thinking.set("budget_tokens", thinkingTokens)
            body.set("thinking", thinking)
        } else {  // Refused together with thinking.
            body.set("temperature", prompt.sampling.temperature)
            body.set("top_k", prompt.sampling.topK)
        }
        body.set("top_p", prompt.sampling.topP)
        body.set("stop_sequences", prompt.sampling.stop)
        if prompt.isStreamed { body.set("stream", true) }
        let keyHeader = key.map { [ProviderRequest.Header("x-api-key", $0)] } ?? []
        return ProviderRequest(path: "/messages", headers: keyHeader + [.init("anthropic-version", "2023-06-01")], body: body.bytes)
    }
}

extension AnswerFormat {
    static let anthropicMessages: AnswerFormat = {
        let error: KeyValuePairs<StaticString, EventField> = [
            "error": .error, "error.message": .errorMessage, "error.type": .errorType,
        ]
        var format = AnswerFormat(
            event: .nothing,
            typed: [
                .init(
                    "message_start",
                    EventTable([
                        "message.role": .role, "message.usage.input_tokens": .inputTokens,
                        "message.usage.cache_read_input_tokens": .cachedInputTokens,
                        "message.usage.cache_creation_input_tokens": .cacheWriteTokens,
                    ])),
                // Most begin empty.
                .init(
                    "content_block_start",
                    EventTable(["content_block.text": .answer, "content_block.thinking": .reasoning, "content_block.data": .reasoning])),
                .init(
                    "content_block_delta",
                    EventTable(["delta.text": .answer, "delta.thinking": .reasoning, "delta.partial_json": .toolCall])),
                .init(
                    "message_delta",
                    EventTable([
                        "delta.stop_reason": .finishReason, "usage.output_tokens": .outputTokens, "usage.input_tokens": .inputTokens,
                        "usage.cache_read_input_tokens": .cachedInputTokens, "usage.cache_creation_input_tokens": .cacheWriteTokens,
                    ])),
                .init("message_stop", EventTable([:], isEnd: true)), .init("error", EventTable(error, isError: true)),
            ],
            whole: EventTable([
                "content[*].text": .answer, "content[*].thinking": .reasoning, "content[*].input": .toolCall,
                "stop_reason": .finishReason, "usage.input_tokens": .inputTokens, "usage.output_tokens": .outputTokens,
                "usage.cache_read_input_tokens": .cachedInputTokens, "usage.cache_creation_input_tokens": .cacheWriteTokens,
                "error": .error, "error.message": .errorMessage, "error.type": .errorType,
            ]))
        format.cachedTokensAreApart = true
        return format
    }()
}
