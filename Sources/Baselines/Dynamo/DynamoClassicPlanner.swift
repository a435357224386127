import EngineModels
public import Measurements
public import Scaling

/// NVIDIA Dynamo's first planner for objectives, for engines that only read prompts and engines that only decode; every 180 s.
///
/// Here all engines do both, and as many are asked for as it wants of both kinds together. Source: ai-dynamo/dynamo planner_core.py at 07619258;
/// the profile of the engine is its model instead of a sweep.
public struct DynamoClassicPlanner: ReplicaScaler {
    public let context: BaselineContext
    private var requests: LoadPredictor
    private var inputs: LoadPredictor
    private var outputs: LoadPredictor
    private var decoding = 1

    public init(_ context: BaselineContext, predictor: LoadPredictor.Kind = .constant) {
        self.context = context
        (requests, inputs, outputs) = (LoadPredictor(predictor), LoadPredictor(predictor), LoadPredictor(predictor))
    }

    public var name: String { "Dynamo classic" }
    public var period: Nanoseconds { Nanoseconds(seconds: DynamoPlanner.adjustmentInterval) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        let finished = observation.finished
        guard observation.arrivals > 0, let lengths = finished.meanLengths, let first = finished.meanTimeToFirstToken,
            let gap = finished.meanTimePerOutputToken
        else { return observation.wanted }
        requests.add(Double(observation.arrivals))
        inputs.add(Double(observation.arrivedInputTokens) / Double(observation.arrivals))
        outputs.add(lengths.output)
        let seconds = observation.length.seconds
        let spent = (first + gap * max(0, lengths.output - 1)) / 1_000
        let concurrency = Double(observation.arrivals) / Double(decoding) * spent / seconds
        let readCorrection = first / unloadedPrefill(lengths.input)
        let decodeCorrection = gap / iteration(batch: concurrency, context: lengths.input + lengths.output / 2)
        let (count, input, output) = (requests.next, inputs.next, outputs.next)
        let reading = Self.replicas(
            tokensPerSecond: count * input / seconds, correction: min(1, readCorrection), perReplica: input / unloadedPrefill(input) * 1_000
        )
        decoding = Self.replicas(
            tokensPerSecond: count * output / seconds, correction: 1,
            perReplica: decodeThroughput(
                timePerOutputToken: context.timePerOutputToken.milliseconds / decodeCorrection, context: input + output / 2))
        return reading + decoding
    }

    /// Engines of one kind, at least 1.
    /// - Parameters:
    ///   - correction: Multiplies the demand.
    ///   - perReplica: Tokens per second, above 0.
    public static func replicas(tokensPerSecond: Double, correction: Double, perReplica: Double) -> Int {
        max(1, Int(min(tokensPerSecond * correction / perReplica, 1e6).rounded(.up)))
    }

    /// Tokens per second of the largest batch that is fast enough; of a single request where none is.
    func decodeThroughput(timePerOutputToken: Double, context: Double) -> Double {
        let room = Double(self.context.profile.cacheTokens(under: self.context.settings)) / max(1, context)
        let most = max(1, min(self.context.settings.maxNumSeqs, Int(room)))
        let batch = Double((1...most).last { iteration(batch: Double($0), context: context) <= timePerOutputToken } ?? 1)
        return batch / iteration(batch: batch, context: context) * 1_000
    }

    /// Milliseconds.
    private func unloadedPrefill(_ inputTokens: Double) -> Double {
        context.profile.latency(under: context.settings).unloadedPrefill(
            inputTokens: max(1, Int(inputTokens.rounded())), batchedTokens: context.settings.maxNumBatchedTokens)
    }

    /// Milliseconds.
    private func iteration(batch: Double, context: Double) -> Double {
        let count = min(max(1, batch), Double(self.context.settings.maxNumSeqs))
        return self.context.profile.latency(under: self.context.settings).iteration(
            tokens: Int(count.rounded()), cached: Int(count * context))
    }
}
