import Documents
public import Measurements

/// The API of OpenAI as vLLM, SGLang, llama.cpp, TGI and Dynamo serve it: chat completions, or completions.
public struct OpenAIChat: StreamingProvider {
    public enum Interface: String, Sendable, Hashable, CaseIterable {
        /// `POST {endpoint}/chat/completions`.
        case chat = "openai"
        /// `POST {endpoint}/completions`.
        case completions = "openai-completions"
    }

    public let model: String
    public let interface: Interface

    public init(model: String, interface: Interface = .chat) {
        self.model = model
        self.interface = interface
    }

    public var name: String { interface.rawValue }

    public func request(_ prompt: Prompt) -> ProviderRequest {
        var members: [DocumentValue.Member] = [.init(key: "model", value: .string(model))]
        switch interface {
        case .chat: members.append(.init(key: "messages", value: .array(messages(of: prompt))))
        case .completions: members.append(.init(key: "prompt", value: .string(prompt.text)))
        }
        members.append(.init(key: "max_tokens", value: .integer(Int64(prompt.maximumOutputTokens))))
        if prompt.isStreamed {
            members += [
                .init(key: "stream", value: .boolean(true)),
                .init(key: "stream_options", value: .object([.init(key: "include_usage", value: .boolean(true))])),
            ]
        }
        let sampling = prompt.sampling
        if let temperature = sampling.temperature { members.append(.init(key: "temperature", value: .double(temperature))) }
        if let topP = sampling.topP { members.append(.init(key: "top_p", value: .double(topP))) }
        if let topK = sampling.topK { members.append(.init(key: "top_k", value: .integer(Int64(topK)))) }
        if let seed = sampling.seed { members.append(.init(key: "seed", value: .integer(Int64(seed)))) }
        if !sampling.stop.isEmpty { members.append(.init(key: "stop", value: .array(sampling.stop.map(DocumentValue.string)))) }
        if prompt.ignoresEndOfSequence { members.append(.init(key: "ignore_eos", value: .boolean(true))) }
        let path = interface == .chat ? "/chat/completions" : "/completions"
        return ProviderRequest(path: path, body: Array(DocumentValue.object(members).json.utf8))
    }

    public func read(_ event: ServerSentEvent) -> StreamEvent {
        let data = event.data
        if data.utf8.first == UInt8(ascii: "["), data.contains("[DONE]") { return StreamEvent(isEnd: true) }
        guard let document = try? JSONDocument.parse(data, limits: .streamEvent) else {  // The reason could quote the answer.
            return StreamEvent(error: InferenceError(type: "malformed_event", message: "an event of \(data.utf8.count) bytes is not JSON"))
        }
        if let error = document["error"], !error.isNull { return StreamEvent(error: streamError(error)) }
        if event.type == "error" { return StreamEvent(error: streamError(document)) }
        return StreamEvent(
            content: content(of: document),
            hasRole: document["choices"]?.elements.contains { $0.text("delta", "role") != nil } ?? false, usage: usage(of: document),
            finishReason: document["choices"]?.elements.lazy.compactMap { $0.text("finish_reason") }.first)
    }

    public func refusal(status: Int, body: [UInt8]) -> InferenceError {
        // A body that is no JSON says nothing more than its status; what it says could be anything.
        let document = try? body.withUnsafeBytes { try JSONDocument.parse($0, limits: .streamEvent) }
        let error = document.map { $0["error"] ?? $0 }
        let message = error.flatMap { $0.text("message") ?? $0.text ?? $0.text("detail") } ?? ""
        return InferenceError(type: "http_\(status)", message: message, code: status)
    }

    private func messages(of prompt: Prompt) -> [DocumentValue] {
        let system = prompt.system.map { [(role: "system", text: $0)] } ?? []
        return (system + prompt.turns.map { (role: $0.role.rawValue, text: $0.text) }).map {
            .object([.init(key: "role", value: .string($0.role)), .init(key: "content", value: .string($0.text))])
        }
    }

    // MARK: Events

    private func content(of document: DocumentValue) -> ContentKinds {
        var kinds: ContentKinds = []
        for choice in document["choices"]?.elements ?? [] {
            if !(choice.text("text") ?? "").isEmpty { kinds.insert(.answer) }
            guard let delta = choice["delta"] else { continue }
            if !(delta.text("content") ?? "").isEmpty || !(delta.text("refusal") ?? "").isEmpty { kinds.insert(.answer) }
            // vLLM and SGLang named it `reasoning_content`; vLLM renamed it to `reasoning`.
            if !(delta.text("reasoning_content") ?? delta.text("reasoning") ?? "").isEmpty { kinds.insert(.reasoning) }
            if !(delta["tool_calls"]?.elements ?? []).isEmpty || delta["function_call"]?.isNull == false { kinds.insert(.toolCall) }
        }
        return kinds
    }

    private func usage(of document: DocumentValue) -> TokenUsage {
        guard let usage = document["usage"], !usage.isNull else { return TokenUsage() }
        return TokenUsage(
            inputTokens: count(usage.integer("prompt_tokens")), outputTokens: count(usage.integer("completion_tokens")),
            reasoningTokens: count(usage.integer("completion_tokens_details", "reasoning_tokens")),
            cachedInputTokens: count(usage.integer("prompt_tokens_details", "cached_tokens")))
    }

    /// A number of tokens that can be one.
    private func count(_ tokens: Int64?) -> Int? { tokens.flatMap { (0...100_000_000).contains($0) ? Int($0) : nil } }

    private func streamError(_ error: DocumentValue) -> InferenceError {
        let code = error.integer("code").flatMap { Int(exactly: $0) }
        let type = error.text("type") ?? error.text("code") ?? "stream_error"
        return InferenceError(type: String(type.prefix(60)), message: error.text("message") ?? error.text ?? "", code: code)
    }
}

extension DocumentLimits {
    /// One event of a stream, or an error in the place of one.
    static let streamEvent = DocumentLimits(bytes: 1 << 20, depth: 32)
}
