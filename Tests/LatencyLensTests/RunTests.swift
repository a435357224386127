import Foundation
import LatencyLens
import LoadGeneration
import Measurements
import Probing
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("Runs", .serialized, .timeLimit(.minutes(1)))
struct RunTests {
    @Test("every record reaches the sink once, and nothing else keeps it")
    func sink() async throws {
        final class Collected: RecordSink {
            let numbers = Mutex<[Int64]>([])
            func write(_ records: [RequestRecord]) async throws {
                numbers.withLock { $0 += records.map { $0.moments.intended.count } }
            }
        }
        let rig = try Rig()
        let sink = Collected()
        var settings = RunSettings(seed: 1)
        settings.keepsRecords = false
        let stage = LoadStage("s", load: .closed(concurrency: 8), warmUp: .requests(10), stop: StopRules(requests: 500))
        let result = try #require(try await rig.runner(tokens: 1, settings: settings, sink: sink).run([stage]).first)
        #expect(sink.numbers.withLock(\.count) == 510 && result.stage.records.isEmpty)
        #expect(result.tally.succeeded == 500 && result.tally.warmUp == 10)
        await rig.end()
    }

    @Test("a stage ends once its latency is known well enough")
    func precision() async throws {
        let rig = try Rig(firstToken: 3)
        let target = PrecisionTarget(.endToEnd, relativeHalfWidth: 0.5, minimumRequests: 50)
        let stage = LoadStage("p", load: .closed(concurrency: 4), stop: StopRules(requests: 100_000, precision: target))
        let result = try #require(try await rig.runner(tokens: 2).run([stage]).first)
        #expect((50...5_000).contains(result.tally.succeeded) && result.stoppedEarly == nil)
        await rig.end()
    }

    @Test("a session's next turn follows the answer to the one before, with all that was said")
    func sessions() async throws {
        let server = try LoopbackServer { request, writer in
            guard request.method == "POST" else { return try writer.answer(404) }
            try writer.answer(
                headers: [("Content-Type", "text/event-stream")],
                "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n")
        }
        defer { server.stop() }
        let client = try HTTPClient(settings: ClientSettings(proxy: .none))
        let exchange = StreamExchange(client: client, provider: OpenAIChat(model: "m"), endpoint: server.url, model: "m")
        let scenario = Scenario(prompts: .filler(.fixed(3)), outputTokens: .fixed(2), session: SessionShape(turns: .fixed(3)))
        let runner = try LoadRunner(exchange: exchange, scenarios: [scenario])
        _ = try await runner.run([LoadStage("s", load: .closed(concurrency: 1), stop: StopRules(requests: 6))])
        let bodies = server.record.requests.filter { $0.method == "POST" }.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.map { $0.components(separatedBy: "\"role\"").count - 1 } == [1, 3, 5, 1, 3, 5])
        await client.shutdown()
    }

    @Test("limits hold back what a closed loop would send")
    func limits() async throws {
        let rig = try Rig()
        var settings = RunSettings(seed: 1)
        settings.limits = RateLimits(requestsPerMinute: 6_000, burstSeconds: 0.01)
        let stage = LoadStage("l", load: .closed(concurrency: 8), stop: StopRules(requests: 40))
        let result = try #require(try await rig.runner(settings: settings).run([stage]).first)
        #expect(result.tally.succeeded == 40)
        let first = try #require(rig.server.log.arrivals.first)
        let last = try #require(rig.server.log.arrivals.last)
        #expect(last - first > .milliseconds(380), "40 requests at 100 a second take 0.39 s")
        await rig.end()
    }

    @Test("the same seed gives the same requests their numbers")
    func identities() async throws {
        let rig = try Rig()
        let stage = LoadStage("i", load: .closed(concurrency: 1), stop: StopRules(requests: 5))
        let first = try await rig.runner().run([stage]).flatMap(\.stage.records).map(\.measurement.id)
        let second = try await rig.runner().run([stage]).flatMap(\.stage.records).map(\.measurement.id)
        #expect(first == second && Set(first).count == 5)
        await rig.end()
    }

    @Test("the knee of a server that serves one at a time lies at the rate it can serve")
    func knee() async throws {
        let rig = try Rig(firstToken: 10)
        let runner = try rig.runner(tokens: 1) { ($0.scheduledEndToEnd ?? Nanoseconds(seconds: 9)) < Nanoseconds(milliseconds: 60) }
        let search = KneeSearch.Settings(start: 20, bounds: 10...400, attainment: 0.9, precision: 0.5, repetitions: 1)
        let (knee, probes) = try await runner.findKnee(search) { rate in
            // The cap makes it serve one after the other: at most 100 a second, less what the machine takes.
            let load = Load.open(.constant(requestsPerSecond: rate), maximumInFlight: 1)
            return LoadStage("\(rate)", load: load, stop: StopRules(requests: 40))
        }
        let good = try #require(knee?.highestGood)
        #expect((20...100).contains(good), "\(good)")
        #expect(probes.count == knee?.probes)
        await rig.end()
    }

    @Test("a calibration knows how late the client is, and what it costs")
    func calibration() async throws {
        let timing = ReferenceServer.Timing(firstToken: Nanoseconds(milliseconds: 10), perToken: Nanoseconds(milliseconds: 2))
        let calibration = try await Calibration.measure(streams: 16, settings: .init(timing: timing, tokens: 8, requestsPerStream: 4))
        #expect(calibration.streams == 16 && calibration.requests == 64)
        #expect(calibration.firstTokenErrorMedian > Nanoseconds(0) && calibration.firstTokenErrorMedian < Nanoseconds(milliseconds: 20))
        #expect(calibration.firstTokenErrorP99 >= calibration.firstTokenErrorMedian)
        #expect((0.2...1).contains(calibration.achievedShare) && calibration.cpuSecondsPer1000Requests > 0)
    }

    @Test("a curve names the concurrency above which the client is the limit")
    func curve() {
        func point(_ streams: Int, _ milliseconds: Double, _ share: Double = 1) -> ClientCalibration {
            ClientCalibration(
                streams: streams, requests: 100, firstTokenErrorMedian: Nanoseconds(0),
                firstTokenErrorP99: Nanoseconds(milliseconds: milliseconds), achievedShare: share, cpuSecondsPer1000Requests: 0.1)
        }
        #expect(CalibrationCurve([point(256, 3), point(1, 1), point(1_000, 40)]).clientLimitedAbove == 256)
        #expect(CalibrationCurve([point(1, 1), point(32, 1, 0.9), point(64, 1)]).clientLimitedAbove == 1)
        #expect(CalibrationCurve([point(1, 9)]).clientLimitedAbove == nil)
        #expect(!CalibrationCurve([point(1, 1), point(8, 1)]).foundLimit)
    }

    @Test("what cannot be run is refused before anything is sent")
    func refused() async throws {
        let rig = try Rig()
        let endless = LoadStage("e", load: .closed(concurrency: 1), stop: StopRules())
        await #expect(throws: InvalidLoad.self) { try await rig.runner().run([endless]) }
        #expect(rig.server.log.connections == 0)
        await rig.end()
    }
}
