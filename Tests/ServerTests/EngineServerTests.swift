import EngineModels
import Foundation
import Measurements
import Probing
import Server
import Simulation
import Telemetry
import Testing
import Transport

@Suite("The engine's server")
struct EngineServerTests {
    private static let scale = 10.0

    private func engine(slots: Int = 8, profile: EngineProfile = .llama70BOnFourH100) -> EmbeddedEngine {
        let start = ContinuousClock.now
        return EmbeddedEngine(
            PoolSetup(profile: profile, settings: EngineSettings(maxNumSeqs: slots), noise: PoolNoise(withinReplica: 0.04)),
            clock: { Nanoseconds(seconds: start.duration(to: .now).inSeconds * Self.scale) })
    }

    /// A server and a client of it.
    private func serving(
        _ engine: EmbeddedEngine, _ work: @Sendable @escaping (String, HTTPClient) async throws -> Void
    ) async throws {
        let http = try HTTPClient()
        try await EngineServer(engine: engine, timeScale: Self.scale).serve { port in try await work("http://127.0.0.1:\(port)", http) }
        await http.shutdown()
    }

    private func post(_ url: String, _ body: String, _ http: HTTPClient) async throws -> (status: Int, text: String) {
        let answer = try await http.send(
            HTTPRequest(
                method: "POST", url: url + "/v1/chat/completions", headers: [(name: "Content-Type", value: "application/json")],
                body: Array(body.utf8)))
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    private func get(_ url: String, _ http: HTTPClient) async throws -> (status: Int, text: String) {
        let answer = try await http.send(HTTPRequest(url: url))
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    @Test("streams tokens at the simulated pace to a client that times them")
    func pace() async throws {
        let engine = engine()
        try await serving(engine) { url, http async throws in
            let exchange = StreamExchange(
                client: http, provider: OpenAIChat(model: "L70-H100x4"), endpoint: url + "/v1", model: "L70-H100x4")
            let prompt = Prompt(text: String(repeating: "abcd", count: 100), maximumOutputTokens: 120)
            let measured = await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0)).measurement
            #expect(measured.error == nil && measured.inputTokens == 100 && measured.outputTokens == 120)
            #expect(measured.chunkGaps?.count == 119)
            // 120 tokens at 16.9 ms and the prefill are 2.05 s: real time may be longer on a busy machine, never shorter.
            let simulated = try #require(measured.endToEnd).seconds * Self.scale
            #expect(simulated > 1.9 && simulated < 10)
            #expect(engine.status.completed == 1 && engine.status.promptTokens == 100 && engine.status.generatedTokens == 120)
        }
    }

    @Test("answers in one piece where no stream is asked for, and tells its models and its health")
    func whole() async throws {
        try await serving(engine()) { url, http async throws in
            let body = #"{"model":"L70-H100x4","messages":[{"role":"user","content":"12345678"}],"max_tokens":3}"#
            let answer = try await post(url, body, http)
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""content":" word word word"},"finish_reason":"length""#))
            #expect(answer.text.contains(#""usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}"#))
            #expect(try await get(url + "/health", http).status == 200)
            #expect(try await get(url + "/v1/models", http).text.contains(#""id":"L70-H100x4""#))
            let metrics = try await get(url + "/metrics", http).text
            #expect(metrics.contains(#"vllm:generation_tokens_total{model_name="L70-H100x4"} 3"#))
            #expect(metrics.contains(#"vllm:time_to_first_token_seconds_count{model_name="L70-H100x4"} 1"#))
            #expect(metrics.contains(#"vllm:inter_token_latency_seconds_bucket{model_name="L70-H100x4",le="+Inf"} 2"#))
            #expect(metrics.contains(#"vllm:num_requests_running{model_name="L70-H100x4"} 0"#))
        }
    }

    @Test(
        "refuses hostile bodies with 400 and quotes nothing of them",
        arguments: [
            "", "{", "[]", "null", #"{"model":"L70-H100x4"}"#, #"{"model":"L70-H100x4","messages":[]}"#,
            #"{"model":"L70-H100x4","messages":[{"role":"user","content":"secret"}],"max_tokens":0}"#,
            #"{"model":"L70-H100x4","messages":[{"role":"user","content":"secret"}],"max_tokens":-5}"#,
            #"{"model":"L70-H100x4","messages":[{"role":"user","content":"secret"}],"max_tokens":1e300}"#,
            #"{"model":"L70-H100x4","messages":[{"role":"user","content":"secret"}],"max_tokens":9000}"#,
            #"{"model":"L70-H100x4","messages":"secret"}"#, #"{"model":"L70-H100x4","messages":[{"content":{"secret":1}}]}"#,
            String(repeating: "[", count: 100_000), #"{"model":"secret\u0000","messages":5}"#,
        ])
    func hostileBodies(body: String) async throws {
        let engine = engine()
        try await serving(engine) { url, http async throws in
            let answer = try await post(url, body, http)
            #expect(answer.status == 400 && answer.text.hasPrefix(#"{"error":{"message":"#) && !answer.text.contains("secret"))
            #expect(engine.status.submitted == 0)
        }
    }

    @Test("refuses what is too large, unknown, or longer than the engine holds")
    func limits() async throws {
        try await serving(engine(profile: .llama7BOnH100)) { url, http async throws in
            let huge = #"{"model":"L7-H100","messages":[{"role":"user","content":""# + String(repeating: "a", count: 1 << 20) + #""}]}"#
            #expect(try await post(url, huge, http).status == 413)
            #expect(try await post(url, #"{"model":"other","messages":[{"role":"user","content":"a"}]}"#, http).status == 404)
            let long = #"{"model":"L7-H100","messages":[{"role":"user","content":""# + String(repeating: "a", count: 440_000) + #""}]}"#
            #expect(try await post(url, long, http).status == 400)
            #expect(try await get(url + "/nothing", http).status == 404)
        }
    }

    @Test("frees the place of a client that goes away, whether it waits or is served", arguments: [true, false])
    func disconnect(streams: Bool) async throws {
        let engine = engine(slots: 1)
        try await serving(engine) { url, http async throws in
            let body = #"{"model":"L70-H100x4","messages":[{"role":"user","content":"hello"}],"max_tokens":8000,"stream":\#(streams)}"#
            // The second one waits for the only slot, and hears nothing that could fail to reach it.
            let clients = (0..<2).map { _ in Task { try await post(url, body, http) } }
            try await until { engine.status.running == 1 && engine.status.waiting == 1 }
            for client in clients { client.cancel() }
            try await until { engine.status.running == 0 && engine.status.waiting == 0 }
            #expect(engine.status.cancelled == 2 && engine.status.completed == 0 && engine.status.cacheUsage == 0)
            #expect(try await post(url, body.replacing("8000", with: "2"), http).status == 200)
        }
    }

    @Test("stops at once with answers under way, gives its port back, and leaves nothing in the engine")
    func stopping() async throws {
        let engine = engine()
        let body = #"{"model":"L70-H100x4","messages":[{"role":"user","content":"hello"}],"max_tokens":8000,"stream":true}"#
        let http = try HTTPClient()
        let server = EngineServer(engine: engine, timeScale: Self.scale)
        let (port, client) = try await server.serve { port async throws in
            let client = Task { try? await post("http://127.0.0.1:\(port)", body, http) }
            try await until { engine.status.running == 1 }
            return (port, client)
        }
        _ = await client.value
        #expect(engine.status.running == 0)
        #expect(try await server.serve(port: port) { $0 } == port)
        await http.shutdown()
    }

    @Test("says so where its port is taken")
    func takenPort() async throws {
        let server = EngineServer(engine: engine(), timeScale: 1)
        _ = try await server.serve { port async throws in
            await #expect(throws: (any Error).self) { _ = try await server.serve(port: port) { $0 } }
        }
    }

    /// Looks again and again, as what is waited for happens in another task; the test's own limit ends it.
    private func until(_ isSo: @Sendable () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while !isSo() {
            try #require(ContinuousClock.now < end, "it did not happen in 20 s")
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

@Suite("The controller's health server")
struct HealthServerTests {
    @Test("answers probes with what the closures say, and metrics as text")
    func probes() async throws {
        let server = HealthServer(isHealthy: { true }, isReady: { false }, metrics: { "cycles_total 3\n" })
        let http = try HTTPClient()
        try await server.serve(host: "127.0.0.1", port: 0) { port async throws in
            let base = "http://127.0.0.1:\(port)"
            #expect(try await http.send(HTTPRequest(url: base + "/healthz")).status == 200)
            #expect(try await http.send(HTTPRequest(url: base + "/readyz")).status == 503)
            let metrics = try await http.send(HTTPRequest(url: base + "/metrics"))
            #expect(String(decoding: metrics.body, as: UTF8.self) == "cycles_total 3\n")
            #expect(try await http.send(HTTPRequest(url: base + "/v1/models")).status == 404)
        }
        await http.shutdown()
    }
}
