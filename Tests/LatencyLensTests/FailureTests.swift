import LatencyLens
import LoadGeneration
import Measurements
import Probing
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("What goes wrong in a run", .serialized, .timeLimit(.minutes(1)))
struct FailureTests {
    private static let answer = """
        data: {"choices":[{"delta":{"content":"x"}}]}\n
        data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":1}}\n
        data: [DONE]\n\n
        """

    @Test("an attempt that failed is tried again after the wait the server asked for, and told apart")
    func retries() async throws {
        let asked = Mutex(0)
        let server = try LoopbackServer { request, writer in
            guard request.method == "POST" else { return try writer.answer(404) }
            let number = asked.withLock { count in
                count += 1
                return count
            }
            if number % 2 == 1 { return try writer.answer(429, headers: [("Retry-After", "0.05")], "{\"error\":{\"message\":\"slow\"}}") }
            try writer.answer(headers: [("Content-Type", "text/event-stream")], Self.answer)
        }
        defer { server.stop() }
        var settings = RunSettings(seed: 1)
        settings.retry = RetryPolicy(maximumAttempts: 3, base: Nanoseconds(1))
        let result = try await run(server, settings, LoadStage("r", load: .closed(concurrency: 1), stop: StopRules(requests: 4)))
        #expect(result.tally.succeeded == 4 && result.tally.repeatedAttempts == 4 && result.tally.failed == 0)
        for record in result.stage.records {
            #expect(record.earlierAttempts.map(\.error.code) == [429])
            #expect(try #require(record.scheduleLag) >= Nanoseconds(milliseconds: 50), "the wait is the user's")
            #expect(try #require(record.measurement.timeToFirstToken) < Nanoseconds(milliseconds: 50), "and not the server's")
        }
    }

    @Test("an open breaker leaves a failing server alone, and says of each request that it was not sent")
    func breaker() async throws {
        let server = try LoopbackServer { request, writer in try writer.answer(request.method == "POST" ? 503 : 404) }
        defer { server.stop() }
        var settings = RunSettings(seed: 1)
        settings.breaker = .init(failures: 3, rest: Nanoseconds(seconds: 60))
        let load = Load.open(.constant(requestsPerSecond: 50), maximumInFlight: 1)
        let result = try await run(server, settings, LoadStage("b", load: load, stop: StopRules(requests: 20)))
        #expect(result.tally.errors == ["http_503": 3, "circuit_open": 17])
        #expect(server.record.requests.count { $0.method == "POST" } == 3)
        #expect(result.stage.records.count { $0.moments.sent == nil } == 17)
    }

    @Test("a budget ends the run with its reason, and is not exceeded by what is under way")
    func budget() async throws {
        let rig = try Rig(firstToken: 5)
        var settings = RunSettings(seed: 1)
        settings.budget = Budget(requests: 10)
        let stage = LoadStage("b", load: .closed(concurrency: 8), stop: StopRules(requests: 1_000))
        let results = try await rig.runner(settings: settings).run([stage, stage])
        #expect(results.count == 1, "the next stage is not begun")
        #expect(results[0].tally.succeeded == 10 && rig.server.log.answered == 10)
        #expect(results[0].stoppedEarly?.contains("10 requests") == true)
        await rig.end()
    }

    @Test("cancelling keeps what was measured, and counts what was given up apart")
    func cancelling() async throws {
        let rig = try Rig(firstToken: 20)
        let runner = try rig.runner()
        let stage = LoadStage("c", load: .closed(concurrency: 4), stop: StopRules(requests: 1_000_000))
        let run = Task { try await runner.run([stage, stage]) }
        for await look in runner.progress where look.tally.succeeded >= 8 { break }
        run.cancel()
        let results = try await run.value
        #expect(results.count == 1)
        let result = try #require(results.first)
        #expect(result.tally.succeeded >= 8 && result.tally.failed == 0 && result.stoppedEarly == "cancelled")
        #expect(result.stage.records.count == result.tally.succeeded && result.interrupted <= 4)
        await rig.end()
    }

    @Test("stopping waits for what is under way")
    func stopping() async throws {
        let rig = try Rig(firstToken: 20)
        let runner = try rig.runner()
        let load = Load.open(.constant(requestsPerSecond: 200))
        async let results = runner.run([LoadStage("s", load: load, stop: StopRules(requests: 1_000_000))])
        for await look in runner.progress where look.tally.succeeded >= 8 { break }
        runner.stop()
        let result = try #require(try await results.first)
        #expect(result.interrupted == 0 && result.tally.failed == 0 && result.stoppedEarly == "stopped")
        #expect(rig.server.log.answered == result.tally.succeeded)
        await rig.end()
    }

    @Test("what a cap held up until the time was over is counted as never sent")
    func unsent() async throws {
        let rig = try Rig(firstToken: 40)
        let load = Load.open(.constant(requestsPerSecond: 200), maximumInFlight: 1)
        let stage = LoadStage("u", load: load, stop: StopRules(time: Nanoseconds(milliseconds: 500)))
        let result = try #require(try await rig.runner().run([stage]).first)
        #expect(result.tally.requests + result.stage.unsent == 100)
        #expect(result.stage.unsent > 70 && result.tally.failed == 0 && result.stoppedEarly == nil)
        await rig.end()
    }

    @Test("a server that is not there is a failure of each request, not of the run")
    func nobody() async throws {
        let rig = try Rig()
        await rig.end()
        let client = try HTTPClient(settings: ClientSettings(proxy: .none))
        let exchange = StreamExchange(client: client, provider: OpenAIChat(model: "m"), endpoint: rig.server.endpoint, model: "m")
        let runner = try LoadRunner(exchange: exchange, scenarios: [Scenario(prompts: .filler(.fixed(1)), outputTokens: .fixed(1))])
        let result = try #require(
            try await runner.run([LoadStage("n", load: .closed(concurrency: 2), stop: StopRules(requests: 6))]).first)
        #expect(
            result.tally.failed == 6 && result.connectionsOpened == 0
                && result.tally.errors.keys.allSatisfy { $0 == "unreachable" || $0 == "disconnected" })
        await client.shutdown()
    }

    @Test("a sink that fails ends the run with its reason")
    func sink() async throws {
        struct Full: RecordSink {
            func write(_ records: [RequestRecord]) async throws { throw InvalidLoad("the disk is full") }
        }
        let rig = try Rig(firstToken: 5)
        let runner = try rig.runner(sink: Full())
        let stage = LoadStage("s", load: .closed(concurrency: 1), stop: StopRules(requests: 100_000))
        let result = try #require(try await runner.run([stage]).first)
        #expect(result.stoppedEarly?.contains("the disk is full") == true)
        await rig.end()
    }

    private func run(_ server: LoopbackServer, _ settings: RunSettings, _ stage: LoadStage) async throws -> StageResult {
        let client = try HTTPClient(settings: ClientSettings(proxy: .none))
        let exchange = StreamExchange(client: client, provider: OpenAIChat(model: "m"), endpoint: server.url, model: "m")
        let scenario = Scenario(prompts: .filler(.fixed(8)), outputTokens: .fixed(4))
        let runner = try LoadRunner(exchange: exchange, scenarios: [scenario], settings: settings)
        let results = try await runner.run([stage])
        await client.shutdown()
        return try #require(results.first)
    }
}
