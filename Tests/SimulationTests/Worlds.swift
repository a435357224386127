import EngineModels
import Measurements
import Simulation
import Statistics

/// Small worlds that reach the corners: tight caches, few places, long prompts, crowds that arrive at once.
struct RandomWorld {
    var setup: PoolSetup
    var requests: [SimulatedRequest]

    init(seed: UInt64, noise: Double = 0) {
        var draws = SplitMix64(seed: seed)
        func pick(_ values: Int...) -> Int { values[Int(draws.next() % UInt64(values.count))] }
        var profile = EngineProfile.known[pick(0, 1, 2, 3)]
        profile.cacheTokens = pick(150, 300, 500, 2_000, 20_000)
        let sequences = pick(1, 2, 4, 16, 64)
        setup = PoolSetup(
            profile: profile,
            settings: EngineSettings(maxNumSeqs: sequences, maxNumBatchedTokens: max(sequences, pick(16, 64, 256))),
            seed: seed, noise: PoolNoise(withinReplica: noise))
        var arrivals = Arrivals(
            shape: .constant(rate: Double(pick(1, 10, 100))), process: .gamma(variation: Double(pick(1, 3))),
            inputs: .uniform(min: 1, max: pick(8, 100, 200)), outputs: .uniform(min: 1, max: pick(1, 20, 90)), seed: seed)
        requests = (0..<60).compactMap { _ in arrivals.next() }
        for index in requests.indices where draws.next() % 4 == 0 { requests[index].cachedTokens = requests[index].inputTokens / 2 }
        for index in requests.indices.dropFirst() where draws.next() % 5 == 0 { requests[index].arrival = requests[index - 1].arrival }
        requests.sort { ($0.arrival, $0.id) < ($1.arrival, $1.id) }
    }

    func run(steps: Int = 0) -> [RequestOutcome] {
        var pool = EnginePool(setup)
        var records: [RequestOutcome] = []
        for request in requests {
            // Looking in between must not change anything.
            let gap = request.arrival - pool.time
            for step in 0..<steps { pool.advance(to: request.arrival - Nanoseconds(gap.count / Int64(steps + 1) * Int64(steps - step))) }
            pool.submit(request)
            if steps > 0 { records += pool.takeOutcomes() }
        }
        pool.advance(to: EnginePool.longestTime)
        return (records + pool.takeOutcomes()).sorted { $0.id < $1.id }
    }
}
