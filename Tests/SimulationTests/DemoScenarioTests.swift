import Measurements
import Policies
import Simulation
import Testing

@Suite struct DemoScenarioTests {
    /// The 95th percentile of the time to first token of requests that came in a span, in seconds.
    private func firstToken(sequences: Int, replicas: Int = 1, from: Double, to: Double, seed: UInt64) -> Double {
        let scenario = DemoScenario(seed: seed)
        var setup = scenario.setup
        setup.settings.maximumSequences = sequences
        setup.replicas = replicas
        var pool = EnginePool(setup)
        for request in scenario.requests { pool.submit(request) }
        pool.advance(to: Nanoseconds(seconds: 3_600))
        let seen = pool.takeRecords().filter { ($0.arrival.seconds >= from) && ($0.arrival.seconds < to) }
            .map(\.timeToFirstToken.seconds).sorted()
        return seen[seen.count * 95 / 100]
    }

    @Test("the beginning is unmistakably too slow, the better setting fast, the harmful one worse", arguments: UInt64(1)...5)
    func margins(seed: UInt64) {
        let limit = 0.3
        #expect(firstToken(sequences: 4, from: 3, to: 8, seed: seed) > 2 * limit)
        #expect(firstToken(sequences: 4, from: 8, to: 13, seed: seed) > 5 * limit)
        #expect(firstToken(sequences: 16, from: 0, to: 85, seed: seed) < limit / 3)
        #expect(firstToken(sequences: 1, from: 3, to: 8, seed: seed) > 10 * limit)
    }

    @Test("the backlog of the beginning is gone when the change has settled")
    func settles() {
        let scenario = DemoScenario()
        var pool = EnginePool(scenario.setup)
        let change = Nanoseconds(seconds: 14)
        var isChanged = false
        for request in scenario.requests {
            if request.arrival >= change, !isChanged {
                isChanged = true
                pool.advance(to: change)
                #expect(pool.status.waiting > 40)
                pool.apply(EngineSettings(maximumSequences: 16), rollout: scenario.rollout)
            }
            pool.submit(request)
        }
        pool.advance(to: Nanoseconds(seconds: 3_600))
        let settled = pool.takeRecords().filter { $0.arrival.seconds >= 14 + scenario.policy.verify.settle.inSeconds }
        #expect(settled.allSatisfy { $0.timeToFirstToken.seconds < 0.2 })
        #expect(scenario.plan.end < .seconds(90))
    }

    @Test("the schedule is fixed by the seed")
    func schedule() {
        #expect(DemoScenario(seed: 3).requests == DemoScenario(seed: 3).requests)
        #expect(DemoScenario(seed: 3).requests != DemoScenario(seed: 4).requests)
    }
}
