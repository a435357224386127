import Measurements
import Probing
import Server
import Simulation
import Testing
import Transport

@Suite struct EngineServerTests {
    @discardableResult private func serve<Answer: Sendable>(
        _ setup: PoolSetup = PoolSetup(profile: .llama7BOnH100), settings: ServerSettings = ServerSettings(timeScale: 4),
        _ body: @Sendable (EngineServer, HTTPClient) async throws -> Answer
    ) async throws -> Answer {
        try await EngineServer.serve(setup, settings: settings) { server in
            let client = try HTTPClient(settings: ClientSettings(proxy: .none))
            let answer = try await body(server, client)
            await client.shutdown()
            return answer
        }
    }

    private func chat(_ server: EngineServer, _ body: String) -> HTTPRequest {
        HTTPRequest(
            method: "POST", url: server.endpoint + "/chat/completions", headers: [("Content-Type", "application/json")],
            body: Array(body.utf8))
    }

    @Test("a probe sees every token, counted, at the promised pace")
    func pace() async throws {
        let answers = try await serve { server, client in
            let exchange = StreamExchange(
                client: client, provider: OpenAIChat(model: server.model), endpoint: server.endpoint, model: server.model)
            var answers: [InferenceMeasurement] = []
            for _ in 0..<3 {
                let prompt = ProbePrompt(text: "Describe how rain forms.", maximumOutputTokens: 100)
                answers.append(await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0)).measurement)
            }
            return answers
        }
        for answer in answers {
            #expect(answer.error == nil)
            #expect(answer.outputTokens == 100 && answer.chunkGaps?.count == 99)
        }
        // Alone, an iteration takes 6.37 ms and a little, at four times the speed. A busy machine only ever adds time.
        let fastest = answers.compactMap { $0.timePerOutputToken?.milliseconds }.min() ?? .nan
        #expect(fastest > 1.55 && fastest < 2.5, "\(fastest) ms a token")
        let firstToken = answers.compactMap { $0.timeToFirstToken?.milliseconds }.min() ?? .nan
        #expect(firstToken > 4.5, "\(firstToken) ms to the first token")
    }

    @Test("what is not streamed comes whole, with its tokens counted")
    func whole() async throws {
        let answer = try await serve { server, client in
            try await client.send(chat(server, #"{"messages": [{"role": "user", "content": "Hello, engine"}], "max_tokens": 5}"#))
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(answer.status == 200)
        #expect(text.contains(#""content":"time and tide wait for ""#))
        #expect(text.contains(#""usage":{"prompt_tokens":8,"completion_tokens":5,"total_tokens":13}"#))
    }

    @Test(
        "a body that is no request is refused with its reason",
        arguments: [
            ("", "the body of 0 bytes is not JSON"), ("{", "the body of 1 bytes is not JSON"), ("[]", "'body' is of the wrong type"),
            ("{}", "'messages' is missing"), (#"{"messages": []}"#, "'messages' is empty"),
            (#"{"messages": [{"role": "user", "content": 7}]}"#, "'messages.0.content' is of the wrong type"),
            (#"{"messages": [{"role": "user"}], "max_tokens": 0}"#, "'max_tokens' is 0 and must be in 1...8192"),
            (#"{"messages": [{"role": "user"}], "max_tokens": 1e99}"#, ""),
            (#"{"messages": [{"role": "user"}], "max_tokens": -9223372036854775808}"#, "must be in 1...8192"),
            (#"{"messages": [{"role": "user"}], "n": 2}"#, "'n' is 2, and only 1 is served"),
            (#"{"messages": [{"role": "user"}], "model": "\u0000\"other"}"#, "this server has no such model; it serves Llama-2-7B"),
            (String(repeating: "[", count: 200_000), ""), (String(repeating: " ", count: 2 << 20), "has more than 1048576 bytes"),
            (
                #"{"messages": [{"role": "user", "content": ""# + String(repeating: "word", count: 120_000) + #""}]}"#,
                "at most 100000 are taken"
            ),
        ])
    func hostile(body: String, reason: String) async throws {
        try await serve { server, client in
            let answer = try await client.send(chat(server, body))
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == 400, "\(text)")
            #expect(text.hasPrefix(#"{"error":{"message":""#) && text.contains(reason), "\(text)")
            // It goes on serving, and nothing is left at the engine.
            #expect(try await client.send(HTTPRequest(url: "http://127.0.0.1:\(server.port)/health")).status == 200)
            #expect(server.engine.withPool { $0.status.running + $0.status.waiting } == 0)
        }
    }

    @Test("a client that leaves frees its place, running or waiting")
    func disconnect() async throws {
        let setup = PoolSetup(profile: .llama7BOnH100, settings: EngineSettings(maximumSequences: 1))
        try await serve(setup, settings: ServerSettings(timeScale: 1)) { server, client in
            let body = #"{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 8000, "stream": true}"#
            var running: StreamingAnswer? = try await client.stream(chat(server, body))
            var waiting: StreamingAnswer? = try await client.stream(chat(server, body))
            while server.engine.withPool({ $0.status.running + $0.status.waiting }) < 2 { await Task.yield() }
            #expect(running?.status == 200 && waiting?.status == 200)
            waiting?.body.cancel()
            waiting = nil
            while server.engine.withPool({ $0.status.waiting }) > 0 { await Task.yield() }
            #expect(server.engine.withPool { $0.status.running } == 1)
            running?.body.cancel()
            running = nil
            while server.engine.withPool({ $0.status.running }) > 0 { await Task.yield() }
        }
    }

    @Test("more requests than allowed are refused, and the port is free when the server is gone")
    func bounds() async throws {
        let settings = ServerSettings(timeScale: 1, maximumRequests: 1)
        let port = try await serve(settings: settings) { server, client in
            let body = #"{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 8000, "stream": true}"#
            let first = try await client.stream(chat(server, body))
            let second = try await client.send(chat(server, body))
            #expect(first.status == 200 && second.status == 503)
            first.body.cancel()
            return server.port
        }
        let again = try await serve(settings: ServerSettings(port: port)) { server, _ in server.port }
        #expect(again == port)
    }

    @Test("a taken port is an error, not a hang")
    func takenPort() async throws {
        try await serve { server, _ in
            await #expect(throws: ServerStopped.self) {
                try await EngineServer.serve(PoolSetup(profile: .llama7BOnH100), settings: ServerSettings(port: server.port)) { _ in }
            }
        }
    }

    @Test("metrics count what was served, under vLLM's names")
    func metrics() async throws {
        let page = try await serve { server, client in
            let body = #"{"model": "Llama-2-7B", "messages": [{"role": "user", "content": "Hello, engine"}], "max_tokens": 5}"#
            for _ in 0..<2 { #expect(try await client.send(chat(server, body)).status == 200) }
            let models = try await client.send(HTTPRequest(url: server.endpoint + "/models"))
            #expect(String(decoding: models.body, as: UTF8.self).contains(#""id":"Llama-2-7B""#))
            return String(
                decoding: try await client.send(HTTPRequest(url: "http://127.0.0.1:\(server.port)/metrics")).body, as: UTF8.self)
        }
        let labels = #"engine="0",model_name="Llama-2-7B""#
        for line in [
            "vllm:num_requests_running{\(labels)} 0.0", "vllm:num_requests_waiting{\(labels)} 0.0",
            "vllm:kv_cache_usage_perc{\(labels)} 0.0",
            "vllm:prompt_tokens_total{\(labels)} 16", "vllm:generation_tokens_total{\(labels)} 10",
            "vllm:time_to_first_token_seconds_count{\(labels)} 2", "vllm:inter_token_latency_seconds_count{\(labels)} 8",
            #"vllm:e2e_request_latency_seconds_bucket{\#(labels),le="+Inf"} 2"#,
        ] { #expect(page.contains("\n" + line + "\n"), "\(line)") }
    }
}
