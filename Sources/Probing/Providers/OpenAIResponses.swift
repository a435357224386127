/// The Responses API of OpenAI, as vLLM and llama.cpp serve it too: `POST {endpoint}/responses`.
///
/// Tried against a real llama.cpp and a real vLLM; of the hosted service only the format is known.
public struct OpenAIResponses: StreamingProvider {
    public let model: String

    public init(model: String) { self.model = model }

    public var name: String { "openai-responses" }
    public var format: AnswerFormat { .openAIResponses }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        var body = RequestBody()
        body.set("model", model)
        body.set("instructions", prompt.system)
        body.set("input", prompt.messages(withSystem: false))
        body.set("max_output_tokens", prompt.maximumOutputTokens)
        body.set("temperature", prompt.sampling.temperature)
        body.set("top_p", prompt.sampling.topP)
        body.set("store", false)
        if prompt.isStreamed { body.set("stream", true) }
        return ProviderRequest(path: "/responses", headers: ProviderRequest.bearer(key), body: body.bytes)
    }
}

extension AnswerFormat {
    static let openAIResponses: AnswerFormat = {
        func delta(_ field: EventField) -> EventTable { EventTable(["delta": field]) }
        let usage: KeyValuePairs<StaticString, EventField> = [
            "response.usage.input_tokens": .inputTokens, "response.usage.output_tokens": .outputTokens,
            "response.usage.output_tokens_details.reasoning_tokens": .reasoningTokens,
            "response.usage.input_tokens_details.cached_tokens": .cachedInputTokens, "response.status": .finishReason,
            // Told after the status by some, before it by others: the reason counts.
            "response.incomplete_details.reason": .preciseFinishReason, "response.error.message": .errorMessage,
            "response.error.code": .errorCode,
            // llama.cpp's.
            "timings.prompt_ms": .prefillMilliseconds, "timings.predicted_ms": .decodeMilliseconds,
        ]
        return AnswerFormat(
            event: .nothing,
            typed: [
                .init("response.output_item.added", EventTable(["item.role": .role])),
                .init("response.output_text.delta", delta(.answer)), .init("response.refusal.delta", delta(.answer)),
                .init("response.reasoning_text.delta", delta(.reasoning)), .init("response.reasoning.delta", delta(.reasoning)),
                .init("response.reasoning_summary_text.delta", delta(.reasoning)),
                .init("response.function_call_arguments.delta", delta(.toolCall)),
                .init("response.custom_tool_call_input.delta", delta(.toolCall)),
                .init("response.mcp_call_arguments.delta", delta(.toolCall)),
                .init("response.completed", EventTable(usage, isEnd: true)),
                .init("response.incomplete", EventTable(usage, isEnd: true)),
                .init("response.failed", EventTable(usage, isEnd: true, isError: true)),
            ],
            whole: EventTable([
                "output[*].content[*].text": .answer, "output[*].content[*].refusal": .answer, "output[*].summary[*].text": .reasoning,
                "output[*].arguments": .toolCall, "usage.input_tokens": .inputTokens, "usage.output_tokens": .outputTokens,
                "usage.output_tokens_details.reasoning_tokens": .reasoningTokens,
                "usage.input_tokens_details.cached_tokens": .cachedInputTokens, "status": .finishReason,
                "incomplete_details.reason": .preciseFinishReason, "error": .error, "error.message": .errorMessage,
                "error.type": .errorType, "error.code": .errorCode,
            ]))
    }()
}
