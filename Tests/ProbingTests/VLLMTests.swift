import Measurements
import Probing
import Testing

/// A real vLLM on a processor with random weights, whose own counts and histograms judge ours.
@Suite(
    "A real vLLM", .serialized, .timeLimit(.minutes(8)),
    .enabled(if: EngineServer.hasVLLM, "AUTO_OPTIMIZER_VLLM names no environment"))
struct VLLMTests {
    /// And how each says that the length was reached.
    static let providers = [
        "vllm": "length", "openai": "length", "openai-completions": "length", "openai-responses": "max_output_tokens",
        "anthropic": "max_tokens",
    ]

    @Test("its interfaces are read as it means them, and its own histogram has our time to first token")
    func judged() async throws {
        let server = try await EngineServer.vllm()
        defer { server.stop() }
        try await interfaces(of: server)
        try await times(of: server)
    }

    private func interfaces(of server: EngineServer) async throws {
        for (name, reason) in Self.providers.sorted(by: { $0.key < $1.key }) {
            for isStreamed in [true, false] {
                let before = try await counts(of: server)
                var prompt = Prompt(
                    system: name == "openai-completions" ? nil : "Be brief.",
                    turns: [.init(role: .user, text: "hello \(name) \(isStreamed)")], maximumOutputTokens: 24)
                prompt.ignoresEndOfSequence = true
                prompt.isStreamed = isStreamed
                prompt.keepsAnswer = true
                let answer = try await server.exchange(name).measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0))
                let what = "\(name), \(isStreamed ? "streamed" : "whole"): \(answer)"
                #expect(answer.measurement.error == nil && answer.text?.isEmpty == false, "\(what)")
                // Random weights may end an answer where an interface cannot say that they must not.
                if answer.tokens?.count == 24 { #expect(answer.finishReason == reason, "\(what)") }
                guard case .reported = try #require(answer.tokens, "\(what)") else {
                    Issue.record("the tokens are an estimate: \(what)")
                    continue
                }
                let after = try await counts(of: server)
                #expect(Double(answer.measurement.outputTokens ?? 0) == after.output - before.output, "\(what)")
                #expect(Double(answer.measurement.inputTokens ?? 0) == after.input - before.input, "\(what)")
            }
        }
    }

    private func times(of server: EngineServer) async throws {
        let exchange = try server.exchange("vllm")
        func ask(_ number: Int) async -> TimedAnswer {
            var prompt = Prompt(text: "\(number) " + String(repeating: "tell me more ", count: 40), maximumOutputTokens: 32)
            prompt.ignoresEndOfSequence = true
            return await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0))
        }
        for number in 0..<4 { _ = await ask(number) }  // The first ones make kernels and connections.
        let before = try await histogram(of: server)
        var answers: [TimedAnswer] = []
        for number in 10..<50 { answers.append(await ask(number)) }
        let after = try await histogram(of: server)
        #expect(answers.allSatisfy { $0.measurement.error == nil && $0.tokens == .reported(32) && $0.finishReason == "length" })
        #expect(answers.allSatisfy { $0.tokensPerEvent?.reduce(0, +) == 32 })
        #expect(after.count - before.count == Double(answers.count))
        let own = (after.sum - before.sum) / (after.count - before.count) * 1_000
        let ours = try answers.map { try #require($0.measurement.timeToFirstToken).milliseconds }.reduce(0, +) / Double(answers.count)
        // It counts from the arrival in its front end to the token's arrival there: ours adds the network and the two ways through HTTP.
        #expect(ours > own - 0.5 && ours < own + max(10, own * 0.5), "our mean is \(ours) ms, its own \(own) ms")
    }

    private func counts(of server: EngineServer) async throws -> (input: Double, output: Double) {
        (try await server.metric("vllm:prompt_tokens_total"), try await server.metric("vllm:generation_tokens_total"))
    }

    private func histogram(of server: EngineServer) async throws -> (sum: Double, count: Double) {
        let name = "vllm:time_to_first_token_seconds"
        return (try await server.metric(name + "_sum"), try await server.metric(name + "_count"))
    }
}
