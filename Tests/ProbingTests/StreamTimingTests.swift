import Foundation
import Measurements
import Probing
import TestSupport
import Testing
import Transport

@Suite("Timing of a stream")
struct StreamTimingTests {
    @Test("a role and empty text are no first token; usage counts the tokens")
    func firstToken() {
        let answer = measure([
            (#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#, 10), (#"{"choices":[{"delta":{"content":"a"}}]}"#, 100),
            (#"{"choices":[{"delta":{"content":"b c"}}]}"#, 130), (#"{"choices":[{"delta":{"content":"d"},"finish_reason":"stop"}]}"#, 150),
            (#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":6}}"#, 160), ("[DONE]", 161),
        ])
        #expect(answer.error == nil)
        #expect(answer.timeToFirstToken == Nanoseconds(milliseconds: 100))
        #expect(answer.chunkGaps == [Nanoseconds(milliseconds: 30), Nanoseconds(milliseconds: 20)])
        #expect(answer.endToEnd == Nanoseconds(milliseconds: 170))
        #expect(answer.timePerOutputToken == Nanoseconds(milliseconds: 12.5))  // (150 − 100) / (6 − 2), two tokens an event
        #expect(answer.decode == Nanoseconds(milliseconds: 50))
        #expect(answer.inputTokens == 7 && answer.outputTokens == 6)
    }

    @Test("reasoning and tool calls are content of their own kinds")
    func kinds() {
        var timing = StreamTiming(sentAt: at(0))
        let provider = OpenAIChat(model: "m")
        let events: [(String, Int64)] = [
            (#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#, 5), (#"{"choices":[{"delta":{"content":"so"}}]}"#, 9),
            (#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, 12),
        ]
        for (data, time) in events { timing.record(provider.read(ServerSentEvent(data: data)), receivedAt: at(time)) }
        #expect(timing.content == [.reasoning, .answer, .toolCall])
        #expect(timing.firstContentAt == at(5) && timing.firstVisibleAt == at(9) && timing.lastContentAt == at(12))
    }

    @Test("without a usage block tokens are an estimate, and there is no time per token")
    func estimated() {
        let answer = measure([
            (#"{"choices":[{"text":"a"}]}"#, 10), (#"{"choices":[{"text":"b","finish_reason":"length"}],"usage":null}"#, 20),
            ("[DONE]", 20),
        ])
        #expect(answer.error == nil && answer.outputTokens == 2 && answer.timePerOutputToken == nil)
        var timing = StreamTiming(sentAt: at(0))
        timing.record(StreamEvent(content: [.answer]), receivedAt: at(1))
        #expect(timing.outputTokens == .estimated(1))
    }

    @Test("failures are told apart and keep what was seen before them")
    func failures() {
        let cut = measure([(#"{"choices":[{"delta":{"content":"a"}}]}"#, 10)])
        #expect(cut.error?.type == "ended_early" && cut.timeToFirstToken != nil && cut.endToEnd == nil)
        let inside = measure([
            (#"{"choices":[{"delta":{"content":"a"}}]}"#, 10),
            (#"{"error":{"message":"out of memory","type":"server_error","code":500}}"#, 11),
        ])
        #expect(inside.error == InferenceError(type: "server_error", message: "out of memory", code: 500))
        let garbage = measure([("{not json", 10)])
        #expect(garbage.error?.type == "malformed_event" && garbage.error?.message == "an event of 9 bytes is not JSON")
        #expect(measure([("[DONE]", 3)]).error?.type == "empty_answer")
        #expect(measure([]).error?.type == "ended_early")
    }

    @Test("numbers no server can mean are not believed")
    func absurdUsage() {
        let answer = measure([
            (#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#, 10),
            (#"{"choices":[],"usage":{"prompt_tokens":-3,"completion_tokens":9223372036854775807}}"#, 12), ("[DONE]", 12),
        ])
        #expect(answer.inputTokens == nil && answer.outputTokens == 1 && answer.timePerOutputToken == nil)
    }

    @Test("a clock that went backwards gives no negative time")
    func backwards() {
        var timing = StreamTiming(sentAt: at(1_000))
        timing.record(StreamEvent(content: [.answer], finishReason: "stop"), receivedAt: at(500))
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: at(1_000)))
        timing.complete(&answer, endedAt: at(400))
        #expect(answer.measurement.timeToFirstToken == Nanoseconds(0) && answer.measurement.endToEnd == Nanoseconds(0))
    }

    @Test(
        "streams recorded from engines are read whole", .enabled(if: SharedData.isPresent),
        arguments: [
            ("tmock_bundle4.txt", 2, OutputTokens.reported(6)), ("xllamacpp_chat.txt", 6, .reported(6)),
            ("vllm_chat_continuous_usage.txt", 6, .reported(6)), ("vllm_completions.txt", 5, .estimated(5)),
        ])
    func recorded(file: String, pieces: Int, tokens: OutputTokens) throws {
        var parser = ServerSentEvents()
        let bytes = try Data(contentsOf: URL(filePath: SharedData.path("samples/sse_streams/\(file)")))
        var timing = StreamTiming(sentAt: at(0))
        let provider = OpenAIChat(model: "m")
        for (index, event) in try parser.append(bytes).enumerated() {
            timing.record(provider.read(event), receivedAt: at(Int64(index + 1)))
        }
        #expect(timing.contentEvents == pieces && timing.outputTokens == tokens)
        #expect(timing.error == nil && timing.endMarkerSeen && timing.finishReason != nil)
    }

    /// A request that was sent at 1 s; times of events and the last byte, 170 ms unless told, in milliseconds after it.
    private func measure(_ events: [(data: String, milliseconds: Int64)], end: Int64 = 170) -> InferenceMeasurement {
        var timing = StreamTiming(sentAt: at(1_000_000_000))
        let provider = OpenAIChat(model: "m")
        for event in events {
            timing.record(provider.read(ServerSentEvent(data: event.data)), receivedAt: at(1_000_000_000 + event.milliseconds * 1_000_000))
        }
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: at(1_000_000_000)))
        timing.complete(&answer, endedAt: at(1_000_000_000 + end * 1_000_000))
        return answer.measurement
    }

    private func at(_ nanoseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }
}
