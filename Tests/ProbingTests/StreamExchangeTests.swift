import Foundation
import Measurements
import Probing
import TestSupport
import Testing
import Transport

@Suite("One probe over a socket")
struct StreamExchangeTests {
    @Test("asks for a stream with usage and times the answer, cut anywhere")
    func answer() async throws {
        let stream = Data(
            (Self.event(#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#)
                + Self.event(#"{"choices":[{"delta":{"content":"héllo"}}]}"#)
                + Self.event(#"{"choices":[{"delta":{"content":" there"},"finish_reason":"stop"}]}"#)
                + Self.event(#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#) + "data: [DONE]").utf8)
        let server = try LoopbackServer { _, writer in
            try writer.begin(headers: [("Content-Type", "text/event-stream")])
            for start in stride(from: 0, to: stream.count, by: 7) { try writer.chunk(Array(stream[start..<min(start + 7, stream.count)])) }
            try writer.end()
        }
        defer { server.stop() }
        let timed = try await exchange(server.url + "/v1/").measure(prompt, key: "geheim", time: time)
        let answer = timed.measurement
        #expect(answer.error == nil && timed.tokens == .reported(4))
        #expect(answer.inputTokens == 9 && answer.outputTokens == 4 && answer.chunkGaps?.count == 1)
        let first = try #require(answer.timeToFirstToken)
        let end = try #require(answer.endToEnd)
        #expect(first.count > 0 && first <= end && end.seconds < 5)
        let decode = try #require(answer.decode)
        #expect(answer.timePerOutputToken == Nanoseconds(decode.count / 2) && first + decode <= end)
        let moments = timed.moments
        #expect(try #require(moments.sent) <= #require(moments.head) && #require(moments.head) <= #require(moments.role))
        #expect(try #require(moments.role) <= #require(moments.firstContent) && moments.firstVisible == moments.firstContent)
        #expect(try #require(moments.lastContent) <= #require(moments.lastByte) && moments.began <= #require(moments.sent))
        #expect(timed.finishReason == "stop" && !timed.connection.wasReused && timed.connection.connect != nil)
        #expect(answer.time == time && answer.provider == "openai" && answer.endpoint == server.url + "/v1/")
        let request = try #require(server.record.requests.first)
        #expect(request.method == "POST" && request.path == "/v1/chat/completions" && request.header("authorization") == "Bearer geheim")
        #expect(
            request.text
                == #"{"model":"m","messages":[{"role":"user","content":"say \"hi\""}],"max_tokens":8,"stream":true,"stream_options":{"include_usage":true}}"#
        )
    }

    @Test("connections stay warm: the second probe has no set-up")
    func warm() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.answer(200, Self.event(#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#) + Self.event("[DONE]"))
        }
        defer { server.stop() }
        let exchange = try exchange(server.url)
        let first = await exchange.measure(prompt, key: nil, time: time).measurement
        let second = await exchange.measure(prompt, key: nil, time: time).measurement
        #expect(first.error == nil && second.error == nil)
        #expect((first.network?.count ?? 0) > 0 && second.network == Nanoseconds(0))
        #expect(server.record.connectionsOpened == 1)
        #expect(server.record.requests.allSatisfy { $0.header("authorization") == nil })
    }

    @Test(
        "a refusal is a measurement with its status and the server's words",
        arguments: [
            (429, #"{"error":{"message":"slow down","type":"rate_limit"}}"#, "slow down"), (500, "<html>", ""),
            (404, #"{"detail":"no model"}"#, "no model"),
            (401, #"{"error":{"message":"bad key sk-abcdefghijklmnop"}}"#, "bad key sk-•••"), (503, "", ""),
        ])
    func refused(status: Int, body: String, message: String) async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(status, body) }
        defer { server.stop() }
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time).measurement
        #expect(answer.error == InferenceError(type: "http_\(status)", message: message, code: status))
        #expect(answer.timeToFirstToken == nil && answer.endToEnd == nil)
    }

    @Test("a connection that breaks in the middle is told from one that ends early and from one that never came", arguments: [true, false])
    func broken(isReset: Bool) async throws {
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            try writer.chunk(Self.event(#"{"choices":[{"delta":{"content":"a"}}]}"#))
            if isReset { writer.cut(.close) } else { try writer.end() }
        }
        defer { server.stop() }
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time).measurement
        #expect(answer.error?.type == (isReset ? "disconnected" : "ended_early") && answer.timeToFirstToken != nil)
    }

    @Test("nobody there is unreachable")
    func unreachable() async throws {
        let server = try LoopbackServer { _, _ in }
        server.stop()
        let answer = try await exchange(server.url).measure(prompt, key: "geheim", time: time).measurement
        #expect(answer.error?.type == "unreachable" && answer.error?.message.contains("geheim") == false)
    }

    @Test("an event that does not end, and a stream of nonsense, end in an error and in bounded memory")
    func hostile() async throws {
        let server = try LoopbackServer { request, writer in
            try writer.begin()
            if request.path.hasPrefix("/endless") {
                try writer.chunk("data: ")
                for _ in 0..<160 { try writer.chunk([UInt8](repeating: 0x61, count: 64 << 10)) }  // 10 MiB.
            } else {
                for _ in 0..<100 { try writer.chunk("data: {\"choices\": [nonsense\n\n") }
            }
            try writer.end()
        }
        defer { server.stop() }
        #expect(try await exchange(server.url + "/endless").measure(prompt, key: nil, time: time).measurement.error?.type == "too_large")
        #expect(
            try await exchange(server.url + "/nonsense").measure(prompt, key: nil, time: time).measurement.error?.type == "malformed_event")
    }

    private let prompt = Prompt(text: "say \"hi\"", maximumOutputTokens: 8)
    private let time = Timestamp(secondsSinceEpoch: 1_000)

    private func exchange(_ url: String) throws -> StreamExchange {
        StreamExchange(client: try HTTPClient(), provider: OpenAIChat(model: "m"), endpoint: url, model: "m", timeout: .seconds(10))
    }

    private static func event(_ data: String) -> String { "data: " + data + "\n\n" }
}
