import Measurements
import Scaling

/// The latest observations that began within a length of time.
struct ObservationWindow: Sendable {
    let length: Nanoseconds
    private(set) var observations: [ScalingObservation] = []

    init(seconds: Double) { length = Nanoseconds(seconds: seconds) }

    mutating func add(_ observation: ScalingObservation) {
        observations.append(observation)
        observations.removeAll { $0.time <= observation.time - length }
    }

    /// Time that is covered.
    var seconds: Double { observations.reduce(0) { $0 + $1.length.seconds } }
    /// Mean number of requests in the pool; `nil` while nothing was observed.
    var requestsInFlight: Double? {
        observations.isEmpty ? nil : observations.reduce(0) { $0 + $1.requestSeconds } / seconds
    }
    /// Requests per second; 0 while nothing was observed.
    var arrivalRate: Double { observations.isEmpty ? 0 : Double(observations.reduce(0) { $0 + $1.arrivals }) / seconds }
    /// All that ended.
    var finished: ScalingObservation.Finished {
        observations.reduce(into: ScalingObservation.Finished()) { $0.add($1.finished) }
    }
}

extension ScalingObservation.Finished {
    /// Mean tokens of the prompts and answers that were finished; `nil` where there were none.
    var meanLengths: (input: Double, output: Double)? {
        let answered = firstTokens.counts.reduce(0, +)
        return answered > 0 ? (Double(inputTokens) / Double(answered), Double(outputTokens) / Double(answered)) : nil
    }

    /// Mean times in milliseconds; `nil` where none was measured.
    var meanTimeToFirstToken: Double? {
        let answered = firstTokens.counts.reduce(0, +)
        return answered > 0 ? timeToFirstToken * 1_000 / Double(answered) : nil
    }
    var meanTimePerOutputToken: Double? { withSeveralTokens > 0 ? timePerOutputToken * 1_000 / Double(withSeveralTokens) : nil }
}
