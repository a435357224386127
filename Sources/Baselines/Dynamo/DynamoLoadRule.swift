public import Scaling

/// One engine more where all are estimated too slow, one fewer where those left would be well within the objectives.
///
/// Source: ai-dynamo/dynamo planner/core/load_scaling.py, `_agg_prefill_scaling` and `_agg_decode_scaling`, at 0c6da1ec.
public struct DynamoLoadRule: Sendable, Hashable {
    /// Objectives, seconds.
    public var timeToFirstToken: Double
    public var timePerOutputToken: Double
    /// Share of the objectives that engines are left with after one is removed.
    public var sensitivity = 0.8

    public init(timeToFirstToken: Double, timePerOutputToken: Double) {
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
    }

    /// What requests and iterations are like in the mean.
    public struct Load: Sendable, Hashable {
        public var meanInput: Double
        public var meanContext: Double
        public var promptTokensPerIteration: Double
        /// `0...1`.
        public var cacheHitRate: Double

        public init(meanInput: Double, meanContext: Double, promptTokensPerIteration: Double, cacheHitRate: Double = 0) {
            self.meanInput = meanInput
            self.meanContext = meanContext
            self.promptTokensPerIteration = promptTokensPerIteration
            self.cacheHitRate = cacheHitRate
        }
    }

    /// - Parameter replicas: All there are, at least one.
    public func desired(
        _ replicas: [ScalingObservation.ReplicaLoad], _ load: Load, _ regression: IterationRegression, batchedTokens: Int
    ) -> Int {
        let count = replicas.count
        let growth = count > 1 ? Double(count) / Double(count - 1) : 1
        func first(queued: Double, cached: Double) -> Double {
            regression.timeToFirstToken(
                ahead: (queued + load.meanInput) * (1 - load.cacheHitRate), batchedTokens: Double(batchedTokens), cachedTokens: cached)
        }
        func gap(cached: Double) -> Double {
            regression.seconds(promptTokens: load.promptTokensPerIteration, cachedTokens: cached + load.meanContext)
        }
        let isSlowToBegin = replicas.allSatisfy {
            first(queued: Double($0.waitingTokens), cached: Double($0.cachedTokens)) > timeToFirstToken
        }
        let isSlowToGoOn = replicas.allSatisfy { gap(cached: Double($0.cachedTokens)) > timePerOutputToken }
        if isSlowToBegin || isSlowToGoOn { return count + 1 }
        let canLoseOne =
            count > 1
            && replicas.allSatisfy { replica in
                let cached = (Double(replica.cachedTokens) * growth).rounded(.down)
                let own = first(queued: 0, cached: cached)
                let queueing = first(queued: (Double(replica.waitingTokens) * growth).rounded(.down), cached: cached) - own
                let budget = (timeToFirstToken - own) * sensitivity
                let all = (Double(replica.cachedTokens + replica.waitingTokens) * growth).rounded(.down)
                return budget > 0 && queueing < budget && all < Double(replica.cacheCapacity)
                    && gap(cached: all) < timePerOutputToken * sensitivity
            }
        return canLoseOne ? count - 1 : count
    }
}
