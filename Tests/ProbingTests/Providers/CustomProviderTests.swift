import Documents
import Foundation
import Measurements
import TestSupport
import Testing
import Transport

@testable import Probing

@Suite("An interface that a file describes") struct CustomProviderTests {
    /// Ollama's own interface, which nothing else here speaks.
    static let description = """
        path: /api/chat/{model}
        headers: {X-Token: "key={key}", X-Client: lens}
        body:
          model: "{model}"
          messages: "{messages}"
          prompt: "<s>{system}|{prompt}"
          stream: "{stream}"
          keep: "{unknown}"
          options: {num_predict: "{maximumOutputTokens}", temperature: "{temperature}", seed: "{seed}"}
        answer:
          framing: lines
          text: [message.content, response]
          reasoning: message.thinking
          inputTokens: prompt_eval_count
          outputTokens: eval_count
          finishReason: done_reason
          end: done
          error: error
        """

    @Test("asks as described: placeholders become values, absent ones leave nothing behind")
    func asks() throws {
        var prompt = Prompt(system: "Be {model}.", turns: [.init(role: .user, text: "Hi {key}")], maximumOutputTokens: 8)
        prompt.sampling.temperature = 0
        let provider = try CustomProvider(model: "a b", yaml: Self.description)
        let request = provider.request(prompt, key: "geheim")
        #expect(request.path == "/api/chat/a%20b" && request.headers == [.init("X-Token", "key=geheim"), .init("X-Client", "lens")])
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"model":"a b","messages":[{"role":"system","content":"Be {model}."},{"role":"user","content":"Hi {key}"}],"prompt":"<s>Be {model}.|Be {model}.\n\nHi {key}","stream":true,"keep":"{unknown}","options":{"num_predict":8,"temperature":0.0}}"#
        )
        #expect(provider.request(prompt, key: nil).headers == [.init("X-Client", "lens")])
    }

    @Test("a stream of lines is read over a socket, wherever it is cut")
    func lines() async throws {
        let lines = [
            #"{"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#, #"{"message":{"content":"Hi"},"done":false}"#,
            #"{"message":{"content":" you"},"done":false}"#, "",
            #"{"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":4}"#,
        ]
        let stream = Array(lines.joined(separator: "\r\n").utf8)
        let server = try LoopbackServer { _, writer in
            try writer.begin(headers: [("Content-Type", "application/x-ndjson")])
            for start in stride(from: 0, to: stream.count, by: 5) { try writer.chunk(Array(stream[start..<min(start + 5, stream.count)])) }
            try writer.end()
        }
        defer { server.stop() }
        let exchange = StreamExchange(
            client: try HTTPClient(), provider: try CustomProvider(model: "m", yaml: Self.description), endpoint: server.url + "?tenant=a",
            model: "m", timeout: .seconds(10))
        var prompt = Prompt(text: "Hi", maximumOutputTokens: 8)
        prompt.keepsAnswer = true
        let answer = await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0))
        #expect(answer.measurement.error == nil && answer.text == "Hi you" && answer.tokens == .reported(4))
        #expect(answer.measurement.chunkGaps?.count == 2 && answer.finishReason == "stop" && answer.measurement.inputTokens == 11)
        #expect(server.record.requests.first?.path == "/api/chat/m" && server.record.requests.first?.query == "tenant=a")
    }

    @Test("the example in the repository is one that can be used")
    func example() throws {
        let file = Python.checkout.appending(path: "Examples/providers/ollama.yaml")
        let provider = try CustomProvider(model: "m", yaml: String(contentsOf: file, encoding: .utf8))
        let body = String(decoding: provider.request(Prompt(text: "Hi", maximumOutputTokens: 8), key: nil).body, as: UTF8.self)
        #expect(body == #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true,"options":{"num_predict":8}}"#)
        let end = provider.read(ServerSentEvent(data: #"{"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":5}"#))
        #expect(end == StreamEvent(usage: TokenUsage(inputTokens: 3, outputTokens: 5), finishReason: "stop", isEnd: true))
    }

    @Test("the name of an event, or a text of its own, can be the end")
    func ends() throws {
        let provider = try CustomProvider(
            model: "m", yaml: "{body: {}, answer: {text: 'c[*].t', endEvent: fin, endMarker: '<end>', outputTokens: n}}")
        #expect(provider.read(ServerSentEvent(type: "fin", data: "")).isEnd && provider.read(ServerSentEvent(data: "<end>")).isEnd)
        #expect(!provider.read(ServerSentEvent(data: "[1]")).isEnd)
        #expect(
            provider.read(ServerSentEvent(data: #"{"c":[{"t":""},{"t":"x"}],"n":3}"#))
                == StreamEvent(content: .answer, usage: .init(outputTokens: 3)))
        #expect(provider.read(ServerSentEvent(type: "error", data: #"{"message":"no"}"#)).error?.message == "no")
    }

    @Test("where nothing is told of the end, it is the end of the connection", arguments: [nil, InferenceError(type: "disconnected")])
    func endsWithConnection(failure: InferenceError?) throws {
        let provider = try CustomProvider(model: "m", yaml: "{body: {}, answer: {text: t}}")
        let start = MonotonicTime(nanoseconds: 0)
        var reader = AnswerReader(provider.format, shape: .events, sentAt: start, headAt: start)
        let isOpen = reader.append(Array("data: {\"t\":\"a\"}\n\n".utf8), receivedAt: start)
        #expect(isOpen)
        if let failure { reader.fail(failure) }
        var answer = TimedAnswer(measurement: InferenceMeasurement(id: UUID()), moments: ReceivedMoments(began: start))
        reader.finish(into: &answer)
        #expect(answer.measurement.error == failure && answer.moments.firstContent == start)
    }

    @Test("everything that is wrong is said at once, with its place")
    func mistakes() throws {
        let yaml = """
            path: chat
            header: {}
            headers: [a]
            answer:
              framing: xml
              text: choices[0].text
              txt: a
            whole: 1
            """
        let error = try #require(throws: MalformedDescription.self) { try CustomProvider(model: "m", yaml: yaml) }
        #expect(
            error.description == """
                1:1: error: 'body' is needed, and a mapping: what is sent, with placeholders such as "{messages}"
                1:7: error: a path begins with '/', found 'chat'
                2:1: error: the description has no field 'header'; known are path, headers, body, answer, whole
                3:10: error: headers are a mapping of names to texts, found a list
                5:12: error: 'framing' is serverSentEvents or lines, found 'xml'
                6:9: error: the path 'choices[0].text' cannot be followed: of a list only all elements, [*], can be asked for; write it as in choices[*].delta.content
                7:3: error: 'answer' has no field 'txt'; known are framing, endMarker, endEvent, text, reasoning, toolCall, role, inputTokens, outputTokens, reasoningTokens, cachedInputTokens, finishReason, end, error, errorMessage, errorType, errorCode
                8:8: error: 'whole' is a mapping, found '1'
                """)
        #expect(throws: MalformedDescription.self) { try CustomProvider(model: "m", yaml: "a: [") }
        #expect(throws: MalformedDescription.self) { try CustomProvider(model: "m", yaml: "") }
    }
}
