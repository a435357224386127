import EngineModels
public import Measurements
import Simulation

extension ScalingTrial {
    /// Replica hours below which no scaler can keep the objective: replicas come in fractions, at once and for nothing, and all of them work
    /// at the largest batch that keeps the time per output token.
    ///
    /// Work is conserved: in a slot, N iterations have to generate and to read all tokens, and take as long as the engine's model says. N is
    /// the least that keeps each below the limit, and the number of sequences, tokens and cached tokens in each below the settings'.
    /// - Parameters:
    ///   - attaining: Share of requests that have to be served, `0...1`.
    ///   - slot: Loads are averaged over it; above 0.
    /// - Returns: Infinite where even an empty engine is too slow.
    public func fluidReplicaHours(attaining: Double = 0.99, slot: Nanoseconds = Nanoseconds(seconds: 60)) -> Double {
        let least = Double(replicaRange.lowerBound)
        let replicas = fluidReplicas(slot: slot)
        let last = replicas.count - 1
        let seconds = replicas.enumerated().reduce(0.0) { sum, load in
            let length = load.offset == last ? end.seconds - Double(last) * slot.seconds : slot.seconds
            return sum + max(least, attaining * load.element) * length
        }
        return seconds / 3_600
    }

    /// Replicas, in fractions, that the requests arriving in each slot keep busy at the limit of the time per output token.
    func fluidReplicas(slot: Nanoseconds) -> [Double] {
        let slots = Int((end.count + slot.count - 1) / slot.count)
        var works = Array(repeating: FluidWork(), count: slots)
        for request in requests where request.arrival < end { works[Int(request.arrival.count / slot.count)].add(request) }
        return works.map { $0.replicaSeconds(in: self) / slot.seconds }
    }
}

/// What requests ask of engines, in sums.
private struct FluidWork {
    var tokens = 0.0
    var generated = 0.0
    /// Sum over the generated tokens of the tokens in the cache before them.
    var cached = 0.0
    /// Sum over the prompts of half their square.
    var pairs = 0.0

    mutating func add(_ request: SimulatedRequest) {
        let read = Double(request.inputTokens - request.cachedTokens)
        // The first token comes with the prompt.
        let decoded = Double(request.outputTokens - 1)
        tokens += read + decoded
        generated += decoded
        cached += decoded * (Double(request.inputTokens) + decoded / 2)
        pairs += read * (Double(request.cachedTokens) + read / 2)
    }

    func replicaSeconds(in trial: ScalingTrial) -> Double {
        guard tokens > 0 else { return 0 }
        let settings = trial.setup.settings
        let latency = trial.setup.profile.latency(under: settings)
        let limit = trial.objective.timePerOutputToken.milliseconds
        let other = latency.cachePerToken * cached + latency.attention * pairs
        let reading = (base: latency.overhead + latency.weightRead, work: latency.readPerToken * tokens + other)
        let computing = (base: latency.overhead + latency.computeFloor, work: latency.computePerToken * tokens + other)
        guard limit > max(reading.base, computing.base) else { return .infinity }
        let iterations = max(
            reading.work / (limit - reading.base), computing.work / (limit - computing.base),
            generated / Double(settings.maxNumSeqs), tokens / Double(settings.maxNumBatchedTokens),
            cached / Double(max(1, trial.setup.profile.cacheTokens(under: settings))))
        return max(iterations * reading.base + reading.work, iterations * computing.base + computing.work) / 1_000
    }
}
