public import EngineModels
public import Measurements
public import Scaling

/// llm-d's Workload Variant Autoscaler with its queueing model, every 60 s: as many replicas as keep the mean times within the objectives.
///
/// Source: llm-d workload-variant-autoscaler internal/engines/analyzers/queueingmodel at b08b1c77. There the supply that is compared with the
/// demand is that of the replicas the model wants, so that nothing would ever change; here what it wants is set.
public struct QueueingModelScaler: ReplicaScaler {
    /// What the model is held to.
    public enum Objectives: Sendable, Hashable {
        /// Mean times in milliseconds.
        case explicit(timeToFirstToken: Double, timePerOutputToken: Double)
        /// From the learned parameters: an iteration may take so many times as long as an empty one; above 1.
        case inferred(multiplier: Double)
    }

    public let objectives: Objectives
    public let maximumBatch: Int
    public private(set) var filter: LatencyFilter
    private var lastMinute = ObservationWindow(seconds: 60)

    /// - Parameter recovers: See ``LatencyFilter/recovers``.
    public init(objectives: Objectives, settings: EngineSettings, recovers: Bool = false) {
        self.objectives = objectives
        filter = LatencyFilter(recovers: recovers)
        maximumBatch = settings.maxNumSeqs
    }

    public var name: String {
        switch objectives {
        case .explicit(let first, let gap): "WVA queueing model \(first.rounded())/\(gap.rounded()) ms"
        case .inferred(let multiplier): "WVA queueing model ×\(multiplier)"
        }
    }
    public var period: Nanoseconds { Nanoseconds(seconds: 60) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        lastMinute.add(observation)
        let finished = lastMinute.finished
        guard observation.ready > 0, lastMinute.arrivalRate > 0, let lengths = finished.meanLengths,
            let first = finished.meanTimeToFirstToken, let gap = finished.meanTimePerOutputToken
        else { return observation.wanted }
        let measurement = LatencyFilter.Measurement(
            rate: lastMinute.arrivalRate / Double(observation.ready), inputTokens: lengths.input, outputTokens: lengths.output,
            timeToFirstToken: first, timePerOutputToken: gap, maximumBatch: maximumBatch)
        _ = filter.take(measurement)
        return Self.desired(
            rate: lastMinute.arrivalRate, inputTokens: lengths.input, outputTokens: lengths.output, filter.parameters, objectives,
            maximumBatch: maximumBatch) ?? observation.wanted
    }

    /// - Parameter rate: Of the whole pool, requests per second.
    /// - Returns: `nil` where no rate meets the objectives, or nothing is learned yet.
    public static func desired(
        rate: Double, inputTokens: Double, outputTokens: Double, _ parameters: QueueModel.Parameters?, _ objectives: Objectives,
        maximumBatch: Int
    ) -> Int? {
        guard let parameters, parameters.isPositive else { return nil }
        let model = QueueModel(
            parameters, inputTokens: inputTokens, outputTokens: outputTokens, maximumBatch: maximumBatch, maximumQueue: 100)
        let limits: (first: Double, gap: Double) =
            switch objectives {
            case .explicit(let first, let gap): (first, gap)
            case .inferred(let multiplier):
                (
                    multiplier * parameters.alpha + (parameters.beta + parameters.gamma) * inputTokens,
                    multiplier * parameters.alpha + parameters.beta + parameters.gamma * (inputTokens + (outputTokens + 1) / 2)
                )
            }
        guard let largest = model.largestRate(timeToFirstToken: limits.first, timePerOutputToken: limits.gap), largest > 0 else {
            return nil
        }
        return max(1, Int(min(rate / largest, 1e6).rounded(.up)))
    }
}
