import Documents
import Policies
import Probing
import Testing

@Suite("What the interfaces are asked") struct ProviderRequestTests {
    static let prompt: Prompt = {
        var prompt = Prompt(
            system: "Be brief.",
            turns: [.init(role: .user, text: "Hi \"you\""), .init(role: .assistant, text: "Yes?"), .init(role: .user, text: "Why?")],
            maximumOutputTokens: 32, sampling: Sampling(temperature: 0.5, topP: 0.9, topK: 40, seed: 7, stop: ["END"]))
        prompt.ignoresEndOfSequence = true
        return prompt
    }()

    static let requests: [(name: String, path: String, header: String, body: String)] = [
        (
            "openai", "/chat/completions", "Authorization: Bearer geheim",
            #"{"model":"m/1","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"max_completion_tokens":32,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"top_p":0.9,"seed":7,"stop":["END"]}"#
        ),
        (
            "openai-completions", "/completions", "Authorization: Bearer geheim",
            #"{"model":"m/1","prompt":"Be brief.\n\nHi \"you\"\n\nYes?\n\nWhy?","max_tokens":32,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"top_p":0.9,"seed":7,"stop":["END"],"top_k":40,"ignore_eos":true}"#
        ),
        (
            "openai-responses", "/responses", "Authorization: Bearer geheim",
            #"{"model":"m/1","instructions":"Be brief.","input":[{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"max_output_tokens":32,"temperature":0.5,"top_p":0.9,"store":false,"stream":true}"#
        ),
        (
            "azure-openai", "/openai/deployments/m%2F1/chat/completions?api-version=2024-10-21", "api-key: geheim",
            #"{"model":"m/1","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"max_completion_tokens":32,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"top_p":0.9,"seed":7,"stop":["END"]}"#
        ),
        (
            "anthropic", "/messages", "x-api-key: geheim, anthropic-version: 2023-06-01",
            #"{"model":"m/1","system":"Be brief.","messages":[{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"max_tokens":32,"temperature":0.5,"top_k":40,"top_p":0.9,"stop_sequences":["END"],"stream":true}"#
        ),
        (
            "gemini", "/models/m%2F1:streamGenerateContent?alt=sse", "x-goog-api-key: geheim",
            #"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Hi \"you\""}]},{"role":"model","parts":[{"text":"Yes?"}]},{"role":"user","parts":[{"text":"Why?"}]}],"generationConfig":{"maxOutputTokens":32,"temperature":0.5,"topP":0.9,"topK":40,"seed":7,"stopSequences":["END"]}}"#
        ),
        (
            "cohere", "/chat", "Authorization: Bearer geheim",
            #"{"model":"m/1","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"max_tokens":32,"stream":true,"temperature":0.5,"p":0.9,"k":40,"seed":7,"stop_sequences":["END"]}"#
        ),
        (
            "vllm", "/chat/completions", "Authorization: Bearer geheim",
            #"{"model":"m/1","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Why?"}],"max_tokens":32,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true},"temperature":0.5,"top_p":0.9,"seed":7,"stop":["END"],"top_k":40,"ignore_eos":true}"#
        ),
    ]

    @Test("path, key and body are the interface's", arguments: requests)
    func asked(name: String, path: String, header: String, body: String) throws {
        let request = try ProviderRegistry.entry(name).provider(model: "m/1").request(Self.prompt, key: "geheim")
        #expect(request.path == path && String(decoding: request.body, as: UTF8.self) == body)
        #expect(request.headers.map { "\($0.name): \($0.value)" }.joined(separator: ", ") == header)
    }

    @Test("every interface can be asked without a stream and without a key", arguments: ProviderRegistry.entries.map(\.name))
    func whole(name: String) throws {
        var prompt = Prompt(text: "Hi", maximumOutputTokens: 4)
        prompt.isStreamed = false
        let provider = try ProviderRegistry.entry(name).provider(model: "m")
        let request = provider.request(prompt, key: nil)
        let body = try JSONDocument.parse(String(decoding: request.body, as: UTF8.self))
        #expect(body["stream"]?.boolean != true && body["stream_options"] == nil && !request.path.contains("stream"))
        #expect(!request.headers.contains { $0.name.lowercased().contains("key") || $0.name == "Authorization" })
        #expect(provider.name == name && request.path.hasPrefix("/"))
    }

    @Test("any text of a prompt arrives as it is")
    func anyText() throws {
        let text = (0..<0x180).compactMap(Unicode.Scalar.init).map(String.init).joined() + "\u{2028}\u{1F600}\u{202E}\r\n\"\\"
        let body = try JSONDocument.parse(
            String(decoding: OpenAIChat(model: "m").request(Prompt(text: text, maximumOutputTokens: 1), key: nil).body, as: UTF8.self))
        #expect(body["messages"]?.elements.first?.text("content") == text)
    }

    @Test("thinking is asked for where it can be")
    func thinking() throws {
        let options = ProviderOptions(thinkingTokens: 2_048)
        let anthropic = try ProviderRegistry.entry("anthropic").provider(model: "m", options: options).request(Self.prompt, key: nil)
        let body = try JSONDocument.parse(String(decoding: anthropic.body, as: UTF8.self))
        #expect(body.integer("thinking", "budget_tokens") == 2_048 && body.integer("max_tokens") == 2_080 && body["temperature"] == nil)
        let gemini = try ProviderRegistry.entry("gemini").provider(model: "m", options: options).request(Self.prompt, key: nil)
        #expect(String(decoding: gemini.body, as: UTF8.self).contains(#""thinkingConfig":{"includeThoughts":true}"#))
    }

    @Test("an unknown name is refused with the known ones, and 'custom' with what it needs")
    func unknown() {
        #expect(throws: UnknownProvider(name: "opnai")) { try ProviderRegistry.entry("opnai") }
        #expect("\(UnknownProvider(name: "opnai"))".contains("openai, openai-completions"))
        #expect("\(UnknownProvider(name: "custom"))" == "the provider 'custom' needs a file that describes it")
        #expect(Policy.Source.Probe.providers == ProviderRegistry.entries.map(\.name), "what a policy may name is what is spoken")
        #expect(ProviderRegistry.names.count == 14 && Set(ProviderRegistry.names).count == 14)
    }
}
