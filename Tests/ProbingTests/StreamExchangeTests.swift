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
        #expect(answer.timePerOutputToken == Nanoseconds(milliseconds: decode.milliseconds / 2) && first + decode <= end)
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
            (400, #"[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]"#, "API key not valid"),
            (401, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, "invalid x-api-key"),
            (401, #"{"id":"x","message":"invalid api token"}"#, "invalid api token"), (400, #"{"error":"no such model"}"#, "no such model"),
            (401, #"{"error":{"message":"bad key sk-abcdefghijklmnop"}}"#, "bad key sk-•••"), (503, "", ""),
        ])
    func refused(status: Int, body: String, message: String) async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(status, body) }
        defer { server.stop() }
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time).measurement
        #expect(answer.error == InferenceError(type: "http_\(status)", message: message, code: status))
        #expect(answer.timeToFirstToken == nil && answer.endToEnd == nil)
    }

    @Test(
        "a server that wants to be left alone says for how long",
        arguments: [
            ([("Retry-After", "3")], Duration.seconds(3)), ([("retry-after", "0.5")], .milliseconds(500)),
            ([("Retry-After", "60"), ("retry-after-ms", "1500")], .milliseconds(1_500)), ([("Retry-After", "-1")], nil),
            ([("Date", "Wed, 21 Oct 2026 07:27:20 GMT"), ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT")], .seconds(40)),
            ([("Date", "Sun Nov  6 08:49:37 1994"), ("Retry-After", "Sun Nov  6 08:49:40 1994")], .seconds(3)),
            ([("Date", "Wed, 21 Oct 2026 07:28:00 GMT"), ("Retry-After", "Wed, 21 Oct 2026 07:27:20 GMT")], .zero),
            ([("Date", "nonsense"), ("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], .zero),
            ([("Retry-After", "Wed, 21 Oct 9999 07:28:00 GMT")], nil), ([("Retry-After", "Wed, 41 Oct 2026 07:28:00 GMT")], nil),
            ([("Retry-After", "1e300")], nil), ([], nil),
        ])
    func retryAfter(headers: [(String, String)], expected: Duration?) async throws {
        let server = try LoopbackServer { _, writer in
            try writer.begin(429, headers: headers)
            try writer.end()
        }
        defer { server.stop() }
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time)
        #expect(answer.retryAfter == expected && answer.measurement.error?.code == 429)
        #expect(answer.moments.sent != nil && answer.moments.head != nil && answer.moments.firstContent == nil)
    }

    @Test("a whole answer over a socket has no first token; its text is kept where it is wanted")
    func whole() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.answer(
                200, #"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#
            )
        }
        defer { server.stop() }
        var prompt = prompt
        prompt.isStreamed = false
        prompt.keepsAnswer = true
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time)
        #expect(answer.measurement.error == nil && answer.text == "Hi" && answer.tokens == .reported(2))
        #expect(answer.measurement.timeToFirstToken == nil && answer.measurement.endToEnd != nil && answer.connection.connect != nil)
        let asked = try #require(server.record.requests.first)
        #expect(asked.header("accept") == "application/json" && !asked.text.contains("stream"))
    }

    @Test("an answer becomes a record of a load test, its moments on the clock of the run")
    func record() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.answer(
                200,
                Self.event(#"{"choices":[{"delta":{"reasoning":"hm"}}],"usage":{"completion_tokens":3}}"#)
                    + Self.event(
                        #"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"completion_tokens":5,"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":3}}}"#
                    ))
        }
        defer { server.stop() }
        let origin = MonotonicTime.now
        let intended = MonotonicTime(nanoseconds: origin.nanoseconds + 1_000)
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time)
        let record = answer.record(scenario: "chat", intended: intended, origin: origin)
        #expect(record.moments.intended == Nanoseconds(1_000) && record.scenario == "chat" && record.measurement == answer.measurement)
        #expect(
            record.tokensPerEvent == [3, 2] && !record.tokensAreEstimated && record.reasoningTokens == 3 && record.cachedInputTokens == 8)
        #expect(record.finishReason == "stop" && record.connection == answer.connection && record.earlierAttempts.isEmpty)
        let sent = try #require(record.moments.sent)
        let first = try #require(record.moments.firstContent)
        #expect(record.measurement.timeToFirstToken == first - sent && record.scheduleLag == sent - Nanoseconds(1_000))
        #expect(
            try first <= #require(record.moments.firstVisible) && #require(record.moments.lastContent) <= #require(record.moments.lastByte))
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

    @Test("a refusal whose body breaks off is the refusal")
    func brokenRefusal() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.begin(503)
            try writer.chunk("{\"error\"")
            writer.cut(.close)
        }
        defer { server.stop() }
        let answer = try await exchange(server.url).measure(prompt, key: nil, time: time).measurement
        #expect(answer.error == InferenceError(type: "http_503", code: 503))
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
