import EngineModels
import Measurements
import Scaling

/// What one tick of the replica planner takes once it has seen days, so that all experts are heard.
func measurePlanning() {
    var planner = ReplicaPlanner(PlannerSettings(profile: .llama70BOnFourH100))
    var time = 0.0
    var wanted = 8
    func tick() {
        time += 15
        let rate = 60 + 30 * Double(Int(time / 600) % 3) + Double(Int(time) % 7)
        let arrivals = Int(rate * 15)
        var finished = ScalingObservation.Finished()
        finished.count = arrivals
        finished.missed = arrivals / 200
        finished.inputTokens = arrivals * 1_155
        finished.outputTokens = arrivals * 211
        finished.timePerOutputToken = Double(arrivals) * 0.035
        finished.withSeveralTokens = arrivals
        let load = ScalingObservation.ReplicaLoad(running: 40, waiting: 0, waitingTokens: 0, cachedTokens: 0, cacheCapacity: 430_000)
        wanted = planner.replicas(
            after: ScalingObservation(
                time: Nanoseconds(seconds: time), length: Nanoseconds(seconds: 15), arrivals: arrivals,
                arrivedInputTokens: arrivals * 1_155,
                finished: finished, wanted: wanted, starting: 0, waitingAtGateway: 0, replicas: Array(repeating: load, count: wanted)))
    }
    for _ in 0..<(3 * 5_760) { tick() }
    let ticks = 1_000
    let seconds = bestOf(5) { for _ in 0..<ticks { tick() } }
    let microseconds = Int((seconds / Double(ticks) * 1e6).rounded())
    row("a tick of the replica planner, \(wanted) replicas", "\(microseconds) µs", target: "< 1 ms")
}
