import Control
import Documents
import Foundation
import Measurements
import Policies
import Statistics
import TestSupport
import Testing
import Transport

@testable import Probing

@Suite("The streaming probe", .timeLimit(.minutes(1)))
struct StreamingProbeTests {
    @Test("sends what comes due, each prompt its own, and delivers each measurement once")
    func runs() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200, Self.answer) }
        defer { server.stop() }
        let probe = try probe(server.url, rate: 200)
        await probe.run(limit: 20)
        let sent = server.record.requests
        let delivered = await probe.deliver(request)
        #expect(delivered.measurements.count == 20 && sent.count == 20)
        #expect(delivered.measurements.allSatisfy { $0.error == nil && $0.outputTokens == 2 && $0.time == Fixed.time })
        #expect(Set(delivered.measurements.map(\.id)).count == 20)
        #expect(Set(sent.map(\.text)).count == 20, "a prompt came twice")
        #expect(delivered.faults == [])
        #expect(await probe.deliver(request) == Delivery())
    }

    @Test("no more are under way than allowed, and the ones left out are said")
    func bounded() async throws {
        let server = try LoopbackServer { _, writer in try Self.neverEnd(writer) }
        defer { server.stop() }
        let probe = try probe(server.url, rate: 1_000, inFlight: 3, timeout: .milliseconds(700))
        await probe.run(limit: 10)
        let delivered = await probe.deliver(request)
        #expect(delivered.measurements.map(\.error?.type) == ["timeout", "timeout", "timeout"])
        #expect(delivered.faults == ["7 probes of \(server.url) were left out: 3 were under way, as many as are allowed."])
    }

    @Test("what is spent stays within the tokens allowed in an hour; probes are marked, and their prompts are nowhere in what is delivered")
    func budget() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200, Self.answer) }
        defer { server.stop() }
        // A probe costs 64 and a prompt of about 60 bytes at most, and 5 as the server counts.
        let probe = try probe(server.url, rate: 100, tokensPerHour: 120)
        await probe.run(limit: 40)
        let delivered = await probe.deliver(request)
        let sent = server.record.requests
        #expect((1...12).contains(sent.count) && delivered.measurements.count == sent.count, "\(sent.count) were sent")
        #expect(
            delivered.faults == ["\(40 - sent.count) probes of \(server.url) were left out: the 120 tokens allowed in an hour are spent."])
        #expect(delivered.measurements.allSatisfy { $0.isProbe })
        #expect(sent.allSatisfy { $0.header("x-llm-auto-optimizer") == "probe" })
        let kept = delivered.measurements.map { String(reflecting: $0) }.joined()
        #expect(!["rain", "bread", "lighthouse", "planets", "bicycle", "trees"].contains { kept.contains($0) })
    }

    @Test("a budget fills with time, never beyond an hour's worth, and takes what was spent beyond it")
    func bucket() {
        func at(_ minutes: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: minutes * 60_000_000_000) }
        var budget = TokenBudget(tokensPerHour: 600, now: at(0))
        let taken = [(600, 0), (1, 0), (101, 10), (100, 10)].map { budget.reserve($0.0, now: at($0.1)) }
        #expect(taken == [true, false, false, true])
        budget.settle(reserved: 100, used: 300)
        // The last comes from a clock that went backwards.
        let later = [(1, 29), (10, 31), (601, 100_000), (600, 100_000), (1, 0)].map { budget.reserve($0.0, now: at($0.1)) }
        #expect(later == [false, true, false, true, false])
    }

    @Test("a policy may name every interface, sends to it as the interface wants, and is told of names nobody knows")
    func policies() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(503, "") }
        defer { server.stop() }
        let client = try HTTPClient()
        for entry in ProviderRegistry.entries {
            let described = Policy.Source.Probe(endpoint: server.url, provider: entry.name, model: "m", rate: 100)
            let probe = try StreamingProbe(name: "p", described, client: client, clock: Fixed(), seed: 1)
            await probe.run(limit: 1)
            #expect(await probe.deliver(request).measurements.map(\.provider) == [entry.name])
        }
        #expect(server.record.requests.count == ProviderRegistry.entries.count)
        #expect(
            Set(server.record.requests.map(\.path)).count == 7, "chat, completions, responses, Azure's, messages, Gemini's and Cohere's")
        for name in ["opnai", "custom"] {
            let described = Policy.Source.Probe(endpoint: server.url, provider: name, model: "m", rate: 1)
            #expect(throws: UnknownProvider(name: name)) {
                try StreamingProbe(name: "p", described, client: client, clock: Fixed(), seed: 1)
            }
        }
    }

    @Test("being stopped is no failure of the server")
    func stopped() async throws {
        let server = try LoopbackServer { _, writer in try Self.neverEnd(writer) }
        defer { server.stop() }
        let probe = try probe(server.url, rate: 1_000, inFlight: 2)
        let running = Task { await probe.run() }
        #expect(await server.wait { $0.requests.count == 2 })
        running.cancel()
        await running.value
        #expect(await probe.deliver(request).measurements == [])
        #expect(await server.wait { $0.openConnections == 0 })
    }

    @Test("an endpoint that is not there gives failures, and a fault that says so")
    func unreachable() async throws {
        let server = try LoopbackServer { _, _ in }
        server.stop()
        let delivered = try await firstDelivery(of: probe(server.url, rate: 100))
        #expect(delivered.measurements.map(\.error?.type) == ["unreachable", "unreachable", "unreachable"])
        #expect(delivered.faults.count == 1)
        #expect(delivered.faults.first?.hasPrefix("\(server.url) could not be reached by 3 of 3 probes: ") == true, "\(delivered.faults)")
    }

    @Test("a server that counts no tokens is said to give estimates")
    func estimates() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.answer(200, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n")
        }
        defer { server.stop() }
        let delivered = try await firstDelivery(of: probe(server.url, rate: 100))
        #expect(delivered.faults.count == 1 && delivered.faults[0].contains("estimates from pieces"), "\(delivered.faults)")
    }

    @Test("without its key nothing is sent, and the fault names where the key should be")
    func missingKey() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(200, Self.answer) }
        defer { server.stop() }
        let probe = try probe(server.url, rate: 100, key: .environment("NO_SUCH_VARIABLE_HERE"))
        let delivered = await firstDelivery(of: probe)
        #expect(delivered.measurements == [] && server.record.requests.isEmpty)
        #expect(
            delivered.faults == [
                "\(server.url) was not asked: the environment variable NO_SUCH_VARIABLE_HERE holds no key: set it to one line."
            ])
    }

    @Test("waits have the mean the rate says and the spread the jitter says; the same seed gives the same waits")
    func schedule() {
        for jitter in [ProbeSchedule.Jitter.exponential, .uniform(0.5), .uniform(0)] {
            var schedule = ProbeSchedule(rate: 4, jitter: jitter, generator: SplitMix64(seed: 7))
            var again = ProbeSchedule(rate: 4, jitter: jitter, generator: SplitMix64(seed: 7))
            let waits = (0..<20_000).map { _ in schedule.nextGap().inSeconds }
            #expect(waits.prefix(100).allSatisfy { $0 == again.nextGap().inSeconds })
            let mean = waits.reduce(0, +) / 20_000
            let deviation = (waits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
            let expected = jitter == .exponential ? 0.25 : jitter == .uniform(0.5) ? 0.125 / 3.0.squareRoot() : 0
            #expect(abs(mean - 0.25) < 0.006 && abs(deviation - expected) < 0.008, "\(jitter): \(mean) ± \(deviation)")
            #expect(waits.allSatisfy { $0 >= 0 && $0 <= 5 })
        }
    }

    private static let answer =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"
        + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n"

    private let request = DeliveryRequest(now: Fixed.time, questions: [], deadline: .seconds(1))

    private func probe(
        _ url: String, rate: Double, inFlight: Int = 64, timeout: Duration = .seconds(10), key: SecretPlace? = nil,
        tokensPerHour: Int? = nil
    ) throws -> StreamingProbe {
        var settings = ProbeSettings(rate: rate, key: key, seed: 11)
        settings.maximumInFlight = inFlight
        settings.tokensPerHour = tokensPerHour
        let exchange = StreamExchange(
            client: try HTTPClient(), provider: OpenAIChat(model: "m"), endpoint: url, model: "m", timeout: timeout)
        return StreamingProbe(name: "black-box", exchange: exchange, settings: settings, clock: Fixed())
    }

    /// What a probe delivers after three requests.
    private func firstDelivery(of probe: StreamingProbe) async -> Delivery {
        await probe.run(limit: 3)
        return await probe.deliver(request)
    }

    /// Pieces without meaning until the client is gone.
    private static func neverEnd(_ writer: LoopbackWriter) throws {
        try writer.begin()
        while true {
            try writer.chunk(": still there\n")
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    private struct Fixed: ControlClock {
        static let time = Timestamp(secondsSinceEpoch: 1_700_000_000)
        var steady: Timestamp { Self.time }
        var wall: Timestamp { Self.time }
    }
}
