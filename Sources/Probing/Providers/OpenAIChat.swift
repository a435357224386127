/// The API of OpenAI as it serves it and as vLLM, SGLang, llama.cpp, TGI, Dynamo, Together and OpenRouter serve it: chat completions, or
/// completions.
///
/// Tried against a real llama.cpp and a real vLLM; of the hosted services only the format is known.
public struct OpenAIChat: StreamingProvider {
    public enum Interface: String, Sendable, Hashable, CaseIterable {
        /// `POST {endpoint}/chat/completions`.
        case chat = "openai"
        /// `POST {endpoint}/completions`.
        case completions = "openai-completions"
    }

    /// What servers do differently.
    public struct Dialect: Sendable, Hashable {
        /// How a server is asked to count the tokens of every event.
        public enum TokenCount: Sendable, Hashable {
            /// It cannot; the usage at the end counts them all.
            case atEnd
            /// `stream_options.continuous_usage_stats`.
            case continuousUsage
            /// `timings_per_token`.
            case timings
        }

        public var name: String
        public var tokenCount: TokenCount
        /// `max_tokens`, or `max_completion_tokens` where OpenAI's reasoning models know no other.
        public var tokenLimit: String
        /// Whether parameters beyond OpenAI's, `top_k` and `ignore_eos`, are known; a hosted service refuses what it does not know.
        public var hasSamplingExtensions: Bool

        public init(
            name: String, tokenCount: TokenCount = .atEnd, tokenLimit: String = "max_tokens", hasSamplingExtensions: Bool = true
        ) {
            self.name = name
            self.tokenCount = tokenCount
            self.tokenLimit = tokenLimit
            self.hasSamplingExtensions = hasSamplingExtensions
        }
    }

    public let model: String
    public let interface: Interface
    public let dialect: Dialect

    public init(model: String, interface: Interface = .chat) {
        self.init(model: model, interface: interface, dialect: Dialect(name: interface.rawValue))
    }

    public init(model: String, interface: Interface = .chat, dialect: Dialect) {
        self.model = model
        self.interface = interface
        self.dialect = dialect
    }

    public var name: String { dialect.name }
    public var format: AnswerFormat { interface == .chat ? .openAIChat : .openAICompletions }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        ProviderRequest(
            path: interface == .chat ? "/chat/completions" : "/completions", headers: ProviderRequest.bearer(key), body: body(prompt).bytes)
    }

    func body(_ prompt: Prompt) -> RequestBody {
        var body = RequestBody()
        body.set("model", model)
        switch interface {
        case .chat: body.set("messages", prompt.messages())
        case .completions: body.set("prompt", prompt.text)
        }
        body.set(dialect.tokenLimit, prompt.maximumOutputTokens)
        if prompt.isStreamed {
            body.set("stream", true)
            body.set("stream_options", streamOptions)
            if dialect.tokenCount == .timings { body.set("timings_per_token", true) }
        }
        body.set("temperature", prompt.sampling.temperature)
        body.set("top_p", prompt.sampling.topP)
        body.set("seed", prompt.sampling.seed)
        body.set("stop", prompt.sampling.stop)
        if dialect.hasSamplingExtensions {
            body.set("top_k", prompt.sampling.topK)
            if prompt.ignoresEndOfSequence { body.set("ignore_eos", true) }
        }
        return body
    }

    private var streamOptions: RequestBody {
        var options = RequestBody()
        options.set("include_usage", true)
        if dialect.tokenCount == .continuousUsage { options.set("continuous_usage_stats", true) }
        return options
    }
}

extension AnswerFormat {
    static let openAIChat = AnswerFormat(
        event: EventTable([
            "choices[*].delta.content": .answer, "choices[*].delta.refusal": .answer,
            // vLLM and SGLang named it `reasoning_content`; vLLM renamed it to `reasoning`, as OpenRouter has it.
            "choices[*].delta.reasoning_content": .reasoning, "choices[*].delta.reasoning": .reasoning,
            "choices[*].delta.tool_calls": .toolCall, "choices[*].delta.function_call": .toolCall, "choices[*].delta.role": .role,
            "choices[*].finish_reason": .finishReason,
            // llama.cpp's completions.
            "choices[*].text": .answer, "timings.predicted_n": .outputTokens, "timings.prompt_ms": .prefillMilliseconds,
            "timings.predicted_ms": .decodeMilliseconds,
            "usage.prompt_tokens": .inputTokens, "usage.completion_tokens": .outputTokens,
            "usage.completion_tokens_details.reasoning_tokens": .reasoningTokens,
            "usage.prompt_tokens_details.cached_tokens": .cachedInputTokens,
            "error": .error, "error.message": .errorMessage, "error.type": .errorType, "error.code": .errorCode,
        ]),
        whole: EventTable([
            "choices[*].message.content": .answer, "choices[*].message.refusal": .answer,
            "choices[*].message.reasoning_content": .reasoning, "choices[*].message.reasoning": .reasoning,
            "choices[*].message.tool_calls": .toolCall, "choices[*].message.function_call": .toolCall,
            "choices[*].text": .answer, "choices[*].finish_reason": .finishReason,
            "timings.prompt_ms": .prefillMilliseconds, "timings.predicted_ms": .decodeMilliseconds,
            "usage.prompt_tokens": .inputTokens, "usage.completion_tokens": .outputTokens,
            "usage.completion_tokens_details.reasoning_tokens": .reasoningTokens,
            "usage.prompt_tokens_details.cached_tokens": .cachedInputTokens,
            "error": .error, "error.message": .errorMessage, "error.type": .errorType, "error.code": .errorCode,
        ]))

    static let openAICompletions = openAIChat
}
