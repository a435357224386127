import Documents

/// The API of Google's Gemini: `POST {endpoint}/models/{model}:streamGenerateContent?alt=sse`, the key in `x-goog-api-key`.
///
/// Tested against streams in the documented format; it could not be tried against the real service.
public struct GoogleGemini: StreamingProvider {
    public let model: String
    /// Whether thoughts are to be shown, as summaries; they are counted in any case.
    public let includesThoughts: Bool

    public init(model: String, includesThoughts: Bool = false) {
        self.model = model
        self.includesThoughts = includesThoughts
    }

    public var name: String { "gemini" }
    public var format: AnswerFormat { .googleGemini }

    public func request(_ prompt: Prompt, key: String?) -> ProviderRequest {
        var body = RequestBody()
        if let system = prompt.system { body.set("systemInstruction", .object([Self.parts(system)])) }
        body.set(
            "contents",
            .array(
                prompt.turns.map { turn in
                    .object([.init(key: "role", value: .string(turn.role == .user ? "user" : "model")), Self.parts(turn.text)])
                }))
        body.set("generationConfig", generation(prompt))
        let method = prompt.isStreamed ? "streamGenerateContent?alt=sse" : "generateContent"
        return ProviderRequest(
            path: "/models/\(percentEncoded(model)):\(method)", headers: key.map { [.init("x-goog-api-key", $0)] } ?? [],
            body: body.bytes)
    }

    private func generation(_ prompt: Prompt) -> RequestBody {
        var generation = RequestBody()
        generation.set("maxOutputTokens", prompt.maximumOutputTokens)
        generation.set("temperature", prompt.sampling.temperature)
        generation.set("topP", prompt.sampling.topP)
        generation.set("topK", prompt.sampling.topK)
        generation.set("seed", prompt.sampling.seed)
        generation.set("stopSequences", prompt.sampling.stop)
        if includesThoughts {
            var thinking = RequestBody()
            thinking.set("includeThoughts", true)
            generation.set("thinkingConfig", thinking)
        }
        return generation
    }

    private static func parts(_ text: String) -> DocumentValue.Member {
        .init(key: "parts", value: .array([.object([.init(key: "text", value: .string(text))])]))
    }
}

extension AnswerFormat {
    static let googleGemini: AnswerFormat = {
        // An event of a stream is a whole answer with a part of the text; its usage counts up to there.
        let table = EventTable([
            "candidates[*].content.parts[*].text": .answer, "candidates[*].content.parts[*].thought": .isReasoning,
            "candidates[*].content.parts[*].functionCall": .toolCall, "candidates[*].content.role": .role,
            "candidates[*].finishReason": .finishReason, "promptFeedback.blockReason": .finishReason,
            "usageMetadata.promptTokenCount": .inputTokens, "usageMetadata.candidatesTokenCount": .outputTokens,
            "usageMetadata.thoughtsTokenCount": .reasoningTokens, "usageMetadata.cachedContentTokenCount": .cachedInputTokens,
            "error": .error, "error.message": .errorMessage, "error.status": .errorType, "error.code": .errorCode,
        ])
        var format = AnswerFormat(event: table, whole: table)
        format.reasoningTokensAreApart = true
        return format
    }()
}
