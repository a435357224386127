import EngineModels
import Foundation
import Measurements
import Simulation

/// How many requests a second a core simulates, arrivals made beforehand: conversations on eight replicas of a large model with every routing,
/// and an hour of Azure's conversations where its table is given.
func measureSimulating(_ arguments: [String]) throws {
    var arrivals = Arrivals(
        shape: .constant(rate: 44), inputs: .lognormal(median: 900, deviation: 0.7, min: 8, max: 4_096),
        outputs: .lognormal(median: 180, deviation: 0.6, min: 2, max: 800), seed: 1)
    let trace = RequestTrace((0..<200_000).compactMap { _ in arrivals.next() })
    let noisy = PoolNoise(betweenReplicas: 0.03, withinReplica: 0.03)
    for (name, noise, routing) in [
        ("without noise", PoolNoise(), Routing.leastRequests), ("with noise", noisy, .leastRequests),
        ("routed by tokens", noisy, .leastTokens),
    ] {
        let setup = PoolSetup(profile: .llama70BOnFourH100, replicas: 8, noise: noise, routing: routing)
        let rate = Double(trace.requests.count) / seconds(for: trace, setup) / 1e6
        row("simulate 8 replicas, \(name)", "\((rate * 100).rounded() / 100) M requests/s", target: "≥ 1 M requests/s")
    }
    guard arguments.count > 1 else { return }
    let hour = try RequestTrace(csv: Array(Data(contentsOf: URL(filePath: arguments[1]))))
    let milliseconds = seconds(for: hour, PoolSetup(profile: .llama70BOnFourH100, replicas: 2)) * 1_000
    row("simulate an hour of \(hour.requests.count) requests", "\((milliseconds * 10).rounded() / 10) ms", target: "≤ 20 ms")
}

/// The best of several runs; every request must have ended.
private func seconds(for trace: RequestTrace, _ setup: PoolSetup) -> Double {
    var ended = 0
    let seconds = bestOf(5) {
        var pool = EnginePool(setup)
        for request in trace.requests { pool.submit(request) }
        pool.advance(to: EnginePool.longestTime)
        ended = pool.takeOutcomes().count
    }
    precondition(ended == trace.requests.count, "\(trace.requests.count) requests came and \(ended) ended")
    return seconds
}
