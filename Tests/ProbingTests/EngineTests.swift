import Foundation
import Measurements
import Probing
import Testing
import Transport

/// A real llama.cpp with random weights, whose own times and counts judge ours. `AUTO_OPTIMIZER_ENGINES` names a Python environment with
/// `xllamacpp` and a model `tiny.gguf` in it; `make test-engines` makes both.
@Suite(
    "A real engine", .serialized, .timeLimit(.minutes(1)),
    .enabled(if: EngineServer.hasLlama, "AUTO_OPTIMIZER_ENGINES names no environment"))
struct EngineTests {
    static let providers = ["llama.cpp", "openai", "openai-completions", "openai-responses", "anthropic"]

    @Test("all its interfaces are read as it means them, as streams and as wholes")
    func interfaces() async throws {
        let server = try await EngineServer.llama()
        defer { server.stop() }
        for name in Self.providers {
            for isStreamed in [true, false] {
                var prompt = Prompt(
                    system: "Be brief.", turns: [.init(role: .user, text: "hello \(name) \(isStreamed)")], maximumOutputTokens: 24)
                prompt.ignoresEndOfSequence = true
                prompt.isStreamed = isStreamed
                prompt.keepsAnswer = true
                let answer = try await server.exchange(name).measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0))
                let what = "\(name), \(isStreamed ? "streamed" : "whole"): \(answer)"
                #expect(answer.measurement.error == nil && answer.text?.isEmpty == false, "\(what)")
                #expect(
                    ["length", "max_tokens", "completed", "max_output_tokens", "end_turn", "stop"].contains(answer.finishReason), "\(what)")
                guard case .reported(let tokens) = try #require(answer.tokens, "\(what)") else { throw Uncounted(what: what) }
                #expect((1...24).contains(tokens) && (answer.measurement.inputTokens ?? 0) > 4, "\(what)")
                if answer.finishReason == "length" || answer.finishReason == "max_tokens" { #expect(tokens == 24, "\(what)") }
                if isStreamed {
                    // Some tokens end within a character, and their text comes with the next.
                    let events = try #require(answer.measurement.chunkGaps).count + 1
                    #expect((tokens / 2...tokens).contains(events), "\(what)")
                }
            }
        }
    }

    @Test("its own times are ours, and it counts the tokens of every event")
    func times() async throws {
        let server = try await EngineServer.llama()
        defer { server.stop() }
        var answers: [TimedAnswer] = []
        for number in 0..<12 {
            var prompt = Prompt(text: "\(number) " + String(repeating: "tell me more ", count: 60), maximumOutputTokens: 96)
            prompt.ignoresEndOfSequence = true
            answers.append(try await server.exchange("llama.cpp").measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0)))
        }
        #expect(answers.allSatisfy { $0.measurement.error == nil && $0.tokens == .reported(96) && $0.finishReason == "length" })
        #expect(answers.allSatisfy { ($0.tokensPerEvent?.reduce(0, +) ?? 0) <= 96 && ($0.tokensPerEvent?.reduce(0, +) ?? 0) >= 90 })
        // Beyond the work on the prompt, the time to the first token holds the queue, the template and the network: all of them short.
        let beyondPrefill = try answers.map { answer in
            try #require(answer.measurement.timeToFirstToken).milliseconds - #require(answer.measurement.prefill).milliseconds
        }
        #expect(beyondPrefill.allSatisfy { $0 > 0 } && median(beyondPrefill) < 20, "\(beyondPrefill) ms")
        let decode = try answers.map { try #require($0.measurement.decode).milliseconds / #require($0.serverDecode).milliseconds }
        #expect(abs(median(decode) - 1) < 0.1, "our time from first to last token as a share of its own: \(decode)")
    }

    @Test("a refusal is told in its words")
    func refusal() async throws {
        let server = try await EngineServer.llama()
        defer { server.stop() }
        var prompt = Prompt(text: "hello", maximumOutputTokens: 4)
        prompt.sampling.stop = ["x"]
        let exchange = try server.exchange("openai", path: "/v1/nowhere")
        let answer = await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0))
        #expect(answer.measurement.error?.type == "http_404" && answer.measurement.error?.message.isEmpty == false)
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private struct Uncounted: Error {
        let what: String
    }
}
