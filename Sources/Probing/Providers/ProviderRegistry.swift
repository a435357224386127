/// The interfaces that are spoken, by the names policies and configuration files call them.
public enum ProviderRegistry {
    /// What is known of an interface.
    public struct Entry: Sendable {
        public let name: String
        /// For people.
        public let title: String
        /// Where the service is; `nil` where everybody has one of their own.
        public let endpoint: String?
        /// The environment variable in which its users have the key by custom; `nil` where none is needed.
        public let keyVariable: String?
        private let make: @Sendable (String, ProviderOptions) -> any StreamingProvider

        init(
            _ name: String, _ title: String, endpoint: String? = nil, keyVariable: String? = nil,
            make: @escaping @Sendable (String, ProviderOptions) -> any StreamingProvider
        ) {
            self.name = name
            self.title = title
            self.endpoint = endpoint
            self.keyVariable = keyVariable
            self.make = make
        }

        public func provider(model: String, options: ProviderOptions = ProviderOptions()) -> any StreamingProvider {
            make(model, options)
        }
    }

    /// All but ``custom``, which needs a description.
    public static let entries: [Entry] = [
        Entry("openai", "OpenAI chat completions, and what is compatible", endpoint: openAI, keyVariable: "OPENAI_API_KEY") {
            model, options in
            // Its reasoning models refuse the older name; many a compatible server knows no other.
            let isOriginal = options.endpoint?.contains("api.openai.com") ?? true
            return OpenAIChat(
                model: model,
                dialect: .init(
                    name: "openai", tokenLimit: isOriginal ? "max_completion_tokens" : "max_tokens", hasSamplingExtensions: !isOriginal))
        },
        Entry("openai-completions", "OpenAI completions, and what is compatible", endpoint: openAI, keyVariable: "OPENAI_API_KEY") {
            model, _ in OpenAIChat(model: model, interface: .completions)
        },
        Entry("openai-responses", "OpenAI responses", endpoint: openAI, keyVariable: "OPENAI_API_KEY") { model, _ in
            OpenAIResponses(model: model)
        },
        Entry("azure-openai", "Azure OpenAI; the model is the deployment", keyVariable: "AZURE_OPENAI_API_KEY") { model, options in
            AzureOpenAI(deployment: model, apiVersion: options.apiVersion ?? AzureOpenAI.defaultVersion)
        },
        Entry("anthropic", "Anthropic messages", endpoint: "https://api.anthropic.com/v1", keyVariable: "ANTHROPIC_API_KEY") {
            model, options in AnthropicMessages(model: model, thinkingTokens: options.thinkingTokens)
        },
        Entry(
            "gemini", "Google Gemini", endpoint: "https://generativelanguage.googleapis.com/v1beta", keyVariable: "GEMINI_API_KEY"
        ) { model, options in GoogleGemini(model: model, includesThoughts: options.thinkingTokens != nil) },
        Entry("cohere", "Cohere chat, version 2", endpoint: "https://api.cohere.com/v2", keyVariable: "COHERE_API_KEY") { model, _ in
            CohereChat(model: model)
        },
        hosted("together", "Together", endpoint: "https://api.together.xyz/v1", keyVariable: "TOGETHER_API_KEY"),
        hosted("openrouter", "OpenRouter", endpoint: "https://openrouter.ai/api/v1", keyVariable: "OPENROUTER_API_KEY"),
        engine("vllm", "vLLM chat completions, tokens counted for every event", .continuousUsage),
        engine("sglang", "SGLang chat completions, tokens counted for every event", .continuousUsage),
        engine("tgi", "Text Generation Inference chat completions", .atEnd),
        engine("llama.cpp", "llama.cpp chat completions, tokens counted for every event", .timings),
    ]

    /// The name of interfaces that a file describes; see ``CustomProvider``.
    public static let custom = "custom"

    public static let names: [String] = entries.map(\.name) + [custom]

    /// - Throws: ``UnknownProvider``, also for ``custom``, of which the name says nothing.
    public static func entry(_ name: String) throws(UnknownProvider) -> Entry {
        guard let entry = entries.first(where: { $0.name == name }) else { throw UnknownProvider(name: name) }
        return entry
    }

    private static let openAI = "https://api.openai.com/v1"

    private static func hosted(_ name: String, _ title: String, endpoint: String, keyVariable: String) -> Entry {
        Entry(name, title + " chat completions", endpoint: endpoint, keyVariable: keyVariable) { model, _ in
            OpenAIChat(model: model, dialect: .init(name: name, hasSamplingExtensions: false))
        }
    }

    private static func engine(_ name: String, _ title: String, _ tokenCount: OpenAIChat.Dialect.TokenCount) -> Entry {
        Entry(name, title) { model, _ in OpenAIChat(model: model, dialect: .init(name: name, tokenCount: tokenCount)) }
    }
}

/// What some interfaces want to know beside the model.
public struct ProviderOptions: Sendable, Hashable {
    /// Where the requests go.
    public var endpoint: String?
    /// Azure's.
    public var apiVersion: String?
    /// Anthropic: how long the model may think. Gemini: that its thoughts are wanted.
    public var thinkingTokens: Int?

    public init(endpoint: String? = nil, apiVersion: String? = nil, thinkingTokens: Int? = nil) {
        self.endpoint = endpoint
        self.apiVersion = apiVersion
        self.thinkingTokens = thinkingTokens
    }
}

/// An interface is named that is not spoken.
public struct UnknownProvider: Error, Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(name: String) { self.name = name }

    public var description: String {
        if name == ProviderRegistry.custom { return "the provider 'custom' needs a file that describes it" }
        return "no provider is named '\(name)'; known are \(ProviderRegistry.names.joined(separator: ", "))"
    }
}
