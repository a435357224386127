import EngineModels
import Measurements
import Simulation
import Testing

@Suite("A pool that is changed")
struct PoolRolloutTests {
    private func pool(replicas: Int) -> EnginePool {
        EnginePool(
            PoolSetup(
                profile: .llama7BOnH100, settings: EngineSettings(maxNumSeqs: 8), replicas: replicas,
                coldStart: ColdStart(median: Nanoseconds(seconds: 10), deviation: 0)))
    }

    @Test("new replicas serve after their cold start, and not before")
    func coldStart() {
        var pool = pool(replicas: 1)
        pool.scale(to: 3)
        pool.advance(to: Nanoseconds(seconds: 9.999))
        #expect(pool.status.ready == 1 && pool.status.starting == 2 && !pool.status.isSettled)
        pool.advance(to: Nanoseconds(seconds: 10))
        #expect(pool.status.ready == 3 && pool.status.isSettled)
        #expect(abs(pool.status.replicaSeconds - 30) < 1e-6)
    }

    @Test("requests that come while no replica is ready wait for one")
    func gateway() {
        var pool = pool(replicas: 0)
        pool.scale(to: 1)
        pool.submit(SimulatedRequest(id: 1, arrival: Nanoseconds(seconds: 2), inputTokens: 100, outputTokens: 3))
        #expect(pool.status.waiting == 1)
        pool.advance(to: Nanoseconds(seconds: 20))
        let records = pool.takeOutcomes()
        #expect(records.count == 1 && records[0].scheduled == Nanoseconds(seconds: 10))
    }

    @Test("a replica that is let go finishes what it has, and is paid for until then")
    func draining() {
        var pool = pool(replicas: 2)
        for id in 0..<2 { pool.submit(SimulatedRequest(id: id, arrival: Nanoseconds(0), inputTokens: 100, outputTokens: 300)) }
        pool.advance(to: Nanoseconds(seconds: 1))
        pool.scale(to: 1)
        #expect(pool.status.ready == 1 && pool.status.draining == 1)
        pool.submit(SimulatedRequest(id: 2, arrival: Nanoseconds(seconds: 1), inputTokens: 100, outputTokens: 300))
        pool.advance(to: Nanoseconds(seconds: 60))
        let records = pool.takeOutcomes()
        #expect(records.map(\.ending) == [.completed, .completed, .completed])
        #expect(records.first { $0.id == 2 }?.replica == 0)
        #expect(pool.status.draining == 0)
        let alive = pool.status.replicaSeconds - 60
        #expect(alive > 1.5 && alive < 3, "the second replica was there for \(alive) s")
    }

    @Test("a rolling restart never has fewer ready replicas, and at most a quarter more")
    func rollingRestart() {
        var pool = pool(replicas: 4)
        pool.apply(EngineSettings(maxNumSeqs: 32), rollout: .rollingRestart)
        var seen: [Int] = []
        for second in 1...60 {
            pool.advance(to: Nanoseconds(seconds: Double(second)))
            #expect(pool.status.ready >= 4 && pool.status.ready + pool.status.starting <= 5)
            seen.append(pool.status.outdated)
        }
        #expect(seen[8] == 4 && seen[9] == 3 && seen[59] == 0)
        #expect(pool.status.isSettled && pool.settings.maxNumSeqs == 32)
    }

    @Test("settings turned back in the middle of a restart end with all replicas on the old ones")
    func turnedBack() {
        var pool = pool(replicas: 3)
        let before = pool.settings
        pool.apply(EngineSettings(maxNumSeqs: 32), rollout: .rollingRestart)
        pool.advance(to: Nanoseconds(seconds: 12))
        pool.apply(before, rollout: .rollingRestart)
        pool.scale(to: 2)
        pool.advance(to: Nanoseconds(seconds: 120))
        #expect(pool.status.isSettled && pool.status.ready == 2 && pool.settings == before)
    }

    @Test("a live change is in force at once")
    func live() {
        var pool = pool(replicas: 1)
        for id in 0..<30 { pool.submit(SimulatedRequest(id: id, arrival: Nanoseconds(0), inputTokens: 10, outputTokens: 500)) }
        pool.advance(to: Nanoseconds(seconds: 0.1))
        #expect(pool.status.running == 8 && pool.status.waiting == 22)
        pool.apply(EngineSettings(maxNumSeqs: 30), rollout: .live)
        pool.advance(to: Nanoseconds(seconds: 0.2))
        #expect(pool.status.running == 30 && pool.status.isSettled)
    }
}
