import LatencyLens
import LoadGeneration
import Measurements
import Statistics
import Testing

@Suite("Load runner", .serialized, .timeLimit(.minutes(1)))
struct LoadRunnerTests {
    @Test("a closed loop sends exactly what was asked for, over connections that were there before")
    func closedLoop() async throws {
        let rig = try Rig(firstToken: 2, perToken: 1)
        let runner = try rig.runner()
        let stage = LoadStage("c", load: .closed(concurrency: 8), warmUp: .requests(8), stop: StopRules(requests: 40))
        let result = try #require(try await runner.run([stage]).first)
        #expect(result.tally.succeeded == 40 && result.tally.warmUp == 8 && result.tally.failed == 0)
        #expect(result.stage.records.count == 48 && result.stage.unsent == 0 && result.stoppedEarly == nil)
        #expect(result.connectionsOpened == 8 && rig.server.log.connections == 8 && rig.server.log.otherRequests == 8)
        #expect(result.stage.records.allSatisfy { $0.connection.wasReused && $0.measurement.outputTokens == 8 })
        #expect(result.stage.records.allSatisfy { ($0.measurement.timeToFirstToken?.milliseconds ?? 0) >= 2 })
        #expect(Set(result.stage.records.map(\.measurement.id)).count == 48)
        await rig.end()
    }

    @Test("a constant schedule is sent evenly and as long as asked")
    func constant() async throws {
        let rig = try Rig()
        let stage = LoadStage("c", load: .open(.constant(requestsPerSecond: 40)), stop: StopRules(requests: 60))
        let result = try #require(try await rig.runner().run([stage]).first)
        let sent = result.stage.records.compactMap(\.moments.sent).sorted()
        let gaps = zip(sent, sent.dropFirst()).map { ($1 - $0).seconds }
        #expect(sent.count == 60)
        #expect(abs(gaps.mean * 40 - 1) < 0.01)
        // A quiet machine reaches 0.02; a busy one must not fail this.
        #expect(gaps.variation < 0.2, "\(gaps.variation)")
        #expect(result.stage.records.allSatisfy { ($0.scheduleLag ?? Nanoseconds(-1)).count >= 0 }, "nothing is sent before its time")
        await rig.end()
    }

    @Test("a freeze of the server shows in latencies from the schedule, with a cap and without", arguments: [nil, 8])
    func freeze(cap: Int?) async throws {
        // The freeze test of coordinated omission, ten times as fast: 800 requests at 400/s, 200 ms without an answer.
        let freeze = ReferenceServer.Timing.Freeze(after: Nanoseconds(milliseconds: 500), length: Nanoseconds(milliseconds: 200))
        let rig = try Rig(firstToken: 5, perToken: 0.5, freeze: freeze)
        let load = Load.open(.constant(requestsPerSecond: 400), maximumInFlight: cap)
        let stage = LoadStage("f", load: load, stop: StopRules(requests: 800))
        let result = try #require(try await rig.runner(tokens: 16).run([stage]).first)
        #expect(result.tally.succeeded == 800)
        let scheduled = try #require(result.tally.scheduledEndToEnd.value(at: .p99))
        #expect(scheduled > 0.18, "p99 from the schedule is \(scheduled) s")
        if cap != nil {
            let asSent = try #require(result.tally.endToEnd.value(at: .p95))
            #expect(asSent < scheduled / 2, "as sent \(asSent) s hides the freeze")
        }
        await rig.end()
    }
}
