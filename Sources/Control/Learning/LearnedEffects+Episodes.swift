public import Learning
public import Measurements
import Statistics
import Verification

extension LearnedEffects {
    /// Learns from the closed episodes of a deployment, with the engine's load model as physics where replicas are known.
    /// - Parameter samples: In any order.
    /// - Returns: `nil` where no episode is of use.
    public init?(samples: [EpisodeSample], at now: Timestamp) {
        self.init(OutcomeRows(samples: samples, at: now))
    }
}

extension OutcomeRows {
    /// With the engine's load model as physics where replicas are known.
    public init(samples: [EpisodeSample], at now: Timestamp) {
        self.init(samples, at: now, physics: { $1.expectedLatency($0) })
    }
}

extension EpisodeConditions {
    /// Log latency that an engine of a common size would have under this load; `nil` where the load or who shares it is not known.
    ///
    /// Its level does not matter, only how it moves with the load.
    fileprivate func expectedLatency(_ outcome: Outcome) -> Double? {
        let metric: ComparedMetric
        switch outcome {
        case .timeToFirstToken: metric = .timeToFirstToken
        case .timePerOutputToken: metric = .timePerOutputToken
        default: return nil
        }
        guard let arrivalRate, let inputTokens, let outputTokens, let readyReplicas, readyReplicas >= 1,
            [arrivalRate, inputTokens, outputTokens].allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return nil }
        let load = OfferedLoad(requestsPerSecond: arrivalRate, inputTokens: inputTokens, outputTokens: outputTokens)
        let latency = EngineTwin(replicas: readyReplicas).latency(metric, under: load)
        return latency.isFinite && latency > 0 ? naturalLogarithm(latency) : nil
    }
}
