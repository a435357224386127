import EngineModels
import Measurements
import Simulation
import Testing

@Suite("Replicas that differ, crash and are replaced")
struct ReplicaTests {
    private func requests(
        _ count: Int, input: (Int) -> Int = { _ in 200 }, output: Int = 100, every seconds: Double = 0.05
    ) -> [SimulatedRequest] {
        (0..<count).map {
            SimulatedRequest(id: $0, arrival: Nanoseconds(seconds: Double($0) * seconds), inputTokens: input($0), outputTokens: output)
        }
    }

    private func outcomes(_ setup: PoolSetup, _ requests: [SimulatedRequest]) -> [RequestOutcome] {
        var pool = EnginePool(setup)
        for request in requests { pool.submit(request) }
        pool.advance(to: EnginePool.longestTime)
        return pool.takeOutcomes()
    }

    @Test("routing by tokens spreads long prompts where routing by turns piles them up")
    func routing() {
        // Every second request is long, so that turns send all of them to one replica.
        let load = requests(400, input: { $0 % 2 == 0 ? 6_000 : 50 }, output: 60, every: 0.08)
        func tail(_ routing: Routing) -> Double {
            let times = outcomes(PoolSetup(profile: .llama7BOnH100, replicas: 2, routing: routing), load).map(\.timeToFirstToken.seconds)
            return times.sorted()[times.count * 95 / 100]
        }
        #expect(tail(.leastTokens) < 0.7 * tail(.roundRobin))
        let least = outcomes(PoolSetup(profile: .llama7BOnH100, replicas: 2, routing: .leastTokens), load)
        #expect(least.count == 400 && Set(least.map(\.replica)) == [0, 1])
    }

    @Test("routing by turns is fair, and by requests prefers the idle")
    func fairness() {
        let turns = outcomes(PoolSetup(profile: .llama7BOnH100, replicas: 4, routing: .roundRobin), requests(400))
        let shares = Dictionary(grouping: turns, by: \.replica).mapValues(\.count)
        #expect(shares == [0: 100, 1: 100, 2: 100, 3: 100])
        let idle = outcomes(PoolSetup(profile: .llama7BOnH100, replicas: 4), requests(100, output: 2, every: 1))
        #expect(Set(idle.map(\.replica)) == [0])
    }

    @Test("a straggler is as much slower as told, and as many are as told")
    func stragglers() {
        func pace(_ noise: PoolNoise, seed: UInt64) -> [Int: Double] {
            let setup = PoolSetup(profile: .llama70BOnFourH100, replicas: 100, seed: seed, noise: noise, routing: .roundRobin)
            let paces = outcomes(setup, requests(100, every: 0)).map { ($0.replica, $0.timePerOutputToken?.milliseconds ?? .nan) }
            return Dictionary(uniqueKeysWithValues: paces)
        }
        let even = pace(PoolNoise(), seed: 1)
        #expect(Set(even.values).count == 1)
        let slow = pace(PoolNoise(stragglers: 0.1, stragglerSlowness: 1.3), seed: 1)
        let ratios = slow.map { $0.value / (even[$0.key] ?? .nan) }
        #expect(ratios.allSatisfy { abs($0 - 1) < 1e-6 || abs($0 - 1.3) < 1e-3 })
        #expect((3...20).contains(ratios.count { $0 > 1.2 }))
        let varied = pace(PoolNoise(betweenReplicas: 0.03), seed: 1).values.map { $0 / (even[0] ?? .nan) - 1 }
        let deviation = (varied.map { $0 * $0 }.reduce(0, +) / 100).squareRoot()
        #expect(abs(deviation - 0.03) < 0.01)
    }

    @Test("a crash fails what the replica had and nothing else, and another starts in its place")
    func crash() {
        var pool = EnginePool(
            PoolSetup(profile: .llama7BOnH100, replicas: 2, coldStart: ColdStart(median: Nanoseconds(seconds: 10), deviation: 0)))
        for request in requests(40, output: 400, every: 0) { pool.submit(request) }
        pool.advance(to: Nanoseconds(seconds: 1))
        pool.crash(1)
        pool.crash(77)
        #expect(pool.status.ready == 1 && pool.status.starting == 1 && pool.status.failed == 20)
        #expect(pool.replicaStatuses.map(\.number) == [0, 2])
        pool.advance(to: Nanoseconds(seconds: 60))
        let outcomes = pool.takeOutcomes()
        let failed = outcomes.filter { $0.ending == .failed }
        #expect(
            failed.count == 20 && failed.allSatisfy { $0.replica == 1 && $0.lastToken == Nanoseconds(seconds: 1) && $0.outputTokens < 400 })
        #expect(outcomes.count == 40 && pool.status.ready == 2 && pool.status.isSettled)
        // One replica all the time, the other for a second, its successor from then on.
        #expect(abs(pool.status.replicaSeconds - 120) < 1e-6)
    }

    @Test("an upgrade replaces all replicas, one after the other, and then the pace is the new engine's")
    func upgrade() {
        var pool = EnginePool(
            PoolSetup(profile: .llama70BOnFourH100, replicas: 2, coldStart: ColdStart(median: Nanoseconds(seconds: 5), deviation: 0)))
        var faster = EngineProfile.llama70BOnFourH100
        faster.latency.weightRead /= 2
        pool.upgrade(to: faster)
        #expect(pool.status.ready == 2 && pool.status.starting == 1 && pool.status.outdated == 2)
        pool.advance(to: Nanoseconds(seconds: 30))
        #expect(pool.status.isSettled && pool.profile == faster && pool.replicaStatuses.map(\.number) == [2, 3])
        pool.submit(SimulatedRequest(id: 0, arrival: pool.time, inputTokens: 100, outputTokens: 100))
        pool.advance(to: Nanoseconds(seconds: 60))
        #expect(abs((pool.takeOutcomes().first?.timePerOutputToken?.milliseconds ?? 0) - 9.57) < 0.1)
    }
}
