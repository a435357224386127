import Measurements
import Simulation

/// How many requests a second a core simulates: conversations on eight replicas of a large model, arrivals made beforehand.
func measureSimulating() {
    var arrivals = Arrivals(
        shape: .constant(rate: 44), inputs: .lognormal(median: 900, deviation: 0.7, min: 8, max: 4_096),
        outputs: .lognormal(median: 180, deviation: 0.6, min: 2, max: 800), seed: 1)
    let requests = (0..<200_000).compactMap { _ in arrivals.next() }
    func simulate(_ setup: PoolSetup) -> Int {
        var pool = EnginePool(setup)
        for request in requests { pool.submit(request) }
        pool.advance(to: EnginePool.longestTime)
        return pool.takeOutcomes().count
    }
    for (name, noise) in [("without noise", 0.0), ("with noise", 0.03)] {
        let setup = PoolSetup(
            profile: .llama70BOnFourH100, replicas: 8, noise: PoolNoise(betweenReplicas: noise, withinReplica: noise))
        var ended = 0
        let seconds = bestOf(5) { ended = simulate(setup) }
        precondition(ended == requests.count, "\(requests.count) requests came and \(ended) ended")
        let rate = Double(requests.count) / seconds / 1e6
        row("simulate 8 replicas, \(name)", "\((rate * 100).rounded() / 100) M requests/s", target: "≥ 1 M requests/s")
    }
}
