import Foundation
import Measurements
import TestSupport
import Testing
import Transport

@testable import Probing

/// Streams as the services document them, one millisecond between two events.
@Suite("What the interfaces answer") struct ProviderFormatTests {
    @Test("OpenAI: reasoning, text, tool calls, usage with details")
    func openAI() {
        let answer = stream(
            OpenAIChat(model: "m"),
            [
                #"{"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#,
                #"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#, #"{"choices":[{"delta":{"content":"Hi"}}]}"#,
                #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
                "[DONE]",
            ])
        #expect(answer.measurement.error == nil && answer.text == "Hi" && answer.finishReason == "tool_calls")
        #expect(answer.moments.role == at(1) && answer.moments.firstContent == at(2) && answer.moments.firstVisible == at(3))
        #expect(answer.moments.lastContent == at(4) && answer.tokens == .reported(5) && answer.tokensPerEvent == nil)
        #expect(answer.measurement.inputTokens == 9 && answer.cachedInputTokens == 8 && answer.reasoningTokens == 2)
        // 2 ms for the tokens after the first of three events, which is taken to have a third of five.
        #expect(answer.measurement.timePerOutputToken == Nanoseconds(milliseconds: 2 / (5 - 5 / 3.0)))
    }

    @Test("reasoning that is counted and not shown came before the first token, and costs no time after it")
    func hiddenReasoning() {
        let answer = stream(
            OpenAIChat(model: "m"),
            [
                #"{"choices":[{"delta":{"content":"a"}}]}"#, #"{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":102,"completion_tokens_details":{"reasoning_tokens":100}}}"#,
            ])
        #expect(answer.measurement.timePerOutputToken == Nanoseconds(milliseconds: 1) && answer.tokens == .reported(102))
    }

    @Test("OpenRouter: comments while it waits, an error in the stream beside a finish reason")
    func openRouter() throws {
        let provider = try ProviderRegistry.entry("openrouter").provider(model: "m")
        let answer = body(
            provider,
            ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: {\"choices\":[{\"delta\":{\"reasoning\":\"a\"}}]}\n\n"
                + "data: {\"error\":{\"code\":502,\"message\":\"upstream went away\"},\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n"
        )
        #expect(answer.measurement.error == InferenceError(type: "stream_error", message: "upstream went away", code: 502))
        #expect(answer.moments.firstContent != nil && answer.moments.firstVisible == nil && answer.finishReason == "error")
    }

    @Test("Azure: the results of filters are no content")
    func azure() {
        let answer = stream(
            AzureOpenAI(deployment: "d"),
            [
                #"{"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]}"#,
                #"{"choices":[{"delta":{"content":"","role":"assistant"},"content_filter_results":{}}]}"#,
                #"{"choices":[{"delta":{"content":"a"},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":"stop","content_filter_results":{}}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":1}}"#, "[DONE]",
            ])
        #expect(answer.measurement.error == nil && answer.moments.role == at(2) && answer.moments.firstContent == at(3))
        #expect(answer.finishReason == "stop" && answer.tokens == .reported(1))
    }

    @Test("Anthropic: thinking, its signature, text, a ping, cached tokens counted apart")
    func anthropic() {
        let events = [
            (
                "message_start",
                #"{"type":"message_start","message":{"role":"assistant","content":[],"usage":{"input_tokens":25,"cache_creation_input_tokens":10,"cache_read_input_tokens":100,"output_tokens":1}}}"#
            ),
            (
                "content_block_start",
                #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#
            ),
            ("ping", #"{"type":"ping"}"#),
            ("content_block_delta", #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me see"}}"#),
            (
                "content_block_delta",
                #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM"}}"#
            ),
            ("content_block_stop", #"{"type":"content_block_stop","index":0}"#),
            ("content_block_delta", #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}"#),
            (
                "content_block_delta",
                #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}"#
            ),
            (
                "message_delta",
                #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":89}}"#
            ),
            ("message_stop", #"{"type":"message_stop"}"#),
        ]
        for isNamed in [true, false] {  // Intermediaries are seen that drop the names.
            let answer = stream(AnthropicMessages(model: "m"), events.map { isNamed ? $0 : ("message", $0.1) })
            #expect(answer.measurement.error == nil && answer.text == "Hi" && answer.finishReason == "end_turn")
            #expect(answer.moments.role == at(1) && answer.moments.firstContent == at(4) && answer.moments.firstVisible == at(7))
            #expect(answer.moments.lastContent == at(8) && answer.measurement.chunkGaps?.count == 2)
            #expect(answer.measurement.inputTokens == 135 && answer.cachedInputTokens == 100 && answer.tokens == .reported(89))
        }
    }

    @Test("Anthropic: overload in the middle of a stream")
    func anthropicOverload() {
        let answer = stream(
            AnthropicMessages(model: "m"),
            [
                ("content_block_delta", #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#),
                ("error", #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            ])
        #expect(answer.measurement.error == InferenceError(type: "overloaded_error", message: "Overloaded"))
        #expect(answer.measurement.timeToFirstToken != nil && answer.measurement.endToEnd == nil)
    }

    @Test("Responses: summaries of reasoning, text, and a limit that was reached")
    func responses() {
        let answer = stream(
            OpenAIResponses(model: "m"),
            [
                ("response.created", #"{"type":"response.created","response":{"status":"in_progress","error":null,"usage":null}}"#),
                (
                    "response.output_item.added",
                    #"{"type":"response.output_item.added","item":{"type":"message","role":"assistant","content":[]}}"#
                ),
                ("response.reasoning_summary_text.delta", #"{"type":"response.reasoning_summary_text.delta","delta":"**Thinking**"}"#),
                ("response.output_text.delta", #"{"type":"response.output_text.delta","delta":"Hi","logprobs":[]}"#),
                ("response.output_text.done", #"{"type":"response.output_text.done","text":"Hi"}"#),
                (
                    "response.incomplete",
                    #"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"},"status":"incomplete","error":null,"usage":{"input_tokens":8,"input_tokens_details":{"cached_tokens":4},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":3}}}}"#
                ),
            ])
        #expect(answer.measurement.error == nil && answer.finishReason == "max_output_tokens" && answer.text == "Hi")
        #expect(answer.moments.role == at(2) && answer.moments.firstContent == at(3) && answer.moments.firstVisible == at(4))
        #expect(answer.tokens == .reported(6) && answer.reasoningTokens == 3 && answer.cachedInputTokens == 4)
        let failed = stream(
            OpenAIResponses(model: "m"),
            [
                (
                    "response.failed",
                    #"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"no"}}}"#
                )
            ])
        #expect(failed.measurement.error == InferenceError(type: "server_error", message: "no"))
        let refused = stream(OpenAIResponses(model: "m"), [("error", #"{"type":"error","code":"ERR","message":"bad","param":null}"#)])
        #expect(refused.measurement.error?.message == "bad")
    }

    @Test("Gemini: thoughts are reasoning, and are counted to the output; the usage counts up to each event")
    func gemini() {
        let answer = stream(
            GoogleGemini(model: "m"),
            [
                #"{"candidates":[{"content":{"parts":[{"text":"**Plan**","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"totalTokenCount":74,"thoughtsTokenCount":64}}"#,
                #"{"candidates":[{"content":{"parts":[{"text":"The"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":77,"thoughtsTokenCount":64}}"#,
                #"{"candidates":[{"content":{"parts":[{"text":" sky","thoughtSignature":"Eq"}],"role":"model"},"finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":8,"totalTokenCount":82,"thoughtsTokenCount":64,"cachedContentTokenCount":2}}"#,
            ])
        #expect(answer.measurement.error == nil && answer.text == "The sky" && answer.finishReason == "MAX_TOKENS")
        #expect(answer.moments.firstContent == at(1) && answer.moments.firstVisible == at(2) && answer.moments.role == nil)
        #expect(answer.tokens == .reported(72) && answer.tokensPerEvent == [64, 3, 5] && answer.reasoningTokens == 64)
        #expect(answer.measurement.timePerOutputToken == Nanoseconds(milliseconds: 2.0 / 8) && answer.cachedInputTokens == 2)
        let refused = stream(
            GoogleGemini(model: "m"), [#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#])
        #expect(refused.measurement.error == InferenceError(type: "UNAVAILABLE", message: "The model is overloaded.", code: 503))
    }

    @Test("Cohere: events by their kinds, tokens at the end")
    func cohere() {
        let answer = stream(
            CohereChat(model: "m"),
            [
                (
                    "message-start",
                    #"{"id":"x","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[]}}}"#
                ),
                ("content-start", #"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#),
                ("content-delta", #"{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"hm"}}}}"#),
                ("content-delta", #"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"A LLM"}}}}"#),
                ("content-end", #"{"type":"content-end","index":0}"#),
                (
                    "message-end",
                    #"{"type":"message-end","delta":{"finish_reason":"MAX_TOKENS","usage":{"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":71,"output_tokens":7}}}}"#
                ),
            ])
        #expect(answer.measurement.error == nil && answer.text == "A LLM" && answer.finishReason == "MAX_TOKENS")
        #expect(answer.moments.role == at(1) && answer.moments.firstContent == at(3) && answer.moments.firstVisible == at(4))
        #expect(answer.measurement.inputTokens == 71 && answer.tokens == .reported(7))
    }

    @Test(
        "an answer that came as a whole has its tokens and its end, and no first token",
        arguments: [
            (
                "openai",
                #"{"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#
            ),
            (
                "openai-completions",
                #"{"choices":[{"text":"Hi","finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#
            ),
            (
                "openai-responses",
                #"{"status":"completed","error":null,"incomplete_details":{"reason":"stop"},"output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":9,"output_tokens":2}}"#
            ),
            ("anthropic", #"{"content":[{"type":"text","text":"Hi"}],"stop_reason":"stop","usage":{"input_tokens":9,"output_tokens":2}}"#),
            (
                "gemini",
                #"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"stop"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2}}"#
            ),
            (
                "cohere",
                #"{"message":{"content":[{"type":"text","text":"Hi"}]},"finish_reason":"stop","usage":{"tokens":{"input_tokens":9,"output_tokens":2}}}"#
            ),
        ])
    func whole(name: String, body: String) throws {
        let provider = try ProviderRegistry.entry(name).provider(model: "m")
        var reader = AnswerReader(provider.format, shape: .whole, keepsText: true, sentAt: at(0), headAt: at(1))
        #expect(
            reader.append(Array(body.utf8.prefix(20)), receivedAt: at(5))
                && reader.append(Array(body.utf8.dropFirst(20)), receivedAt: at(9)))
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: at(0)))
        reader.finish(into: &answer)
        #expect(answer.measurement.error == nil && answer.text == "Hi" && answer.finishReason == "stop")
        #expect(answer.measurement.inputTokens == 9 && answer.tokens == .reported(2))
        #expect(answer.measurement.endToEnd == Nanoseconds(milliseconds: 9) && answer.moments.lastByte == at(9))
        #expect(answer.measurement.timeToFirstToken == nil && answer.moments.firstContent == nil && answer.measurement.chunkGaps == nil)
    }

    @Test(
        "streams recorded from engines are read whole", .enabled(if: SharedData.isPresent),
        arguments: [
            ("vllm_anthropic_messages.txt", "anthropic", 6, 8, "max_tokens"),
            ("xllamacpp_anthropic_messages.txt", "anthropic", 6, 9, "max_tokens"),
            ("vllm_responses.txt", "openai-responses", 4, 8, "max_output_tokens"),
            ("vllm_chat_continuous_usage.txt", "vllm", 6, 8, "length"),
            ("xllamacpp_chat.txt", "llama.cpp", 6, 9, "length"),
        ])
    func recorded(file: String, provider: String, pieces: Int, inputTokens: Int, reason: String) throws {
        let bytes = try Data(contentsOf: URL(filePath: SharedData.path("samples/sse_streams/\(file)")))
        let answer = body(try ProviderRegistry.entry(provider).provider(model: "m"), String(decoding: bytes, as: UTF8.self))
        #expect(answer.measurement.error == nil && answer.tokens == .reported(6) && answer.measurement.inputTokens == inputTokens)
        #expect(answer.measurement.chunkGaps?.count == pieces - 1 && answer.finishReason == reason && answer.moments.role != nil)
        if provider == "vllm" { #expect(answer.tokensPerEvent == [1, 1, 1, 1, 1, 1]) }
        if provider == "llama.cpp" {
            #expect(
                answer.measurement.prefill == Nanoseconds(milliseconds: 2.108) && answer.serverDecode == Nanoseconds(milliseconds: 3.196))
        }
    }

    @Test("where a stream was asked for, a whole answer is a failure, and an error in it says why")
    func notAStream() {
        let format = OpenAIChat(model: "m").format
        let shape = format.shape(isStreamed: true, contentType: "application/json; charset=utf-8")
        func error(_ text: String) -> InferenceError? {
            var reader = AnswerReader(format, shape: shape, sentAt: at(0), headAt: at(1))
            _ = reader.append(Array(text.utf8), receivedAt: at(2))
            var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: at(0)))
            reader.finish(into: &answer)
            return answer.measurement.error
        }
        #expect(error(#"{"choices":[{"message":{"content":"Hi"}}]}"#)?.type == "not_a_stream")
        #expect(error(#"{"error":{"message":"no such model","type":"not_found"}}"#)?.type == "not_found")
        #expect(format.shape(isStreamed: true, contentType: nil) == .events && format.shape(isStreamed: false, contentType: nil) == .whole)
    }

    // MARK: Streams

    private func stream(_ provider: some StreamingProvider, _ events: [String]) -> TimedAnswer {
        stream(provider, events.map { ("message", $0) })
    }

    /// Each event comes a millisecond after the one before, the first after one; nothing after the last.
    private func stream(_ provider: any StreamingProvider, _ events: [(String, String)]) -> TimedAnswer {
        var reader = AnswerReader(provider.format, shape: .events, keepsText: true, sentAt: at(0), headAt: at(0))
        for (index, event) in events.enumerated() {
            let name = event.0 == "message" ? "" : "event: \(event.0)\n"
            _ = reader.append(Array("\(name)data: \(event.1)\n\n".utf8), receivedAt: at(index + 1))
        }
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: at(0)))
        reader.finish(into: &answer)
        return answer
    }

    private func body(_ provider: any StreamingProvider, _ text: String) -> TimedAnswer {
        var reader = AnswerReader(provider.format, shape: .events, sentAt: at(0), headAt: at(0))
        _ = reader.append(Array(text.utf8), receivedAt: at(1))
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: at(0)))
        reader.finish(into: &answer)
        return answer
    }

    private func at(_ milliseconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: 5_000_000_000 + Int64(milliseconds) * 1_000_000) }
}
