import EngineModels
public import Measurements
public import Scaling

/// NVIDIA Dynamo's planner for engines that read and decode alike ("agg"): by predicted throughput every 180 s, by load every 5 s, or both, when
/// throughput gives the floor.
///
/// Source: ai-dynamo/dynamo planner/core/throughput_scaling.py at 0c9050c9 and load_scaling.py at 0c6da1ec. The budget of GPUs is that of the
/// Deployment.
public struct DynamoPlanner: ReplicaScaler {
    public enum Mode: String, Sendable, Codable, Hashable, CaseIterable {
        case throughput, load, both
    }

    public let context: BaselineContext
    public let mode: Mode
    /// What is trusted to an engine is multiplied by it; 1 by default.
    public var capacityFactor: Double
    public var loadRule: DynamoLoadRule
    private var requests: LoadPredictor
    private var inputs: LoadPredictor
    private var outputs: LoadPredictor
    private var hitRates: LoadPredictor
    private var interval = ObservationWindow(seconds: Self.adjustmentInterval)
    private var lastMinute = ObservationWindow(seconds: 60)
    private var nextAdjustment = Nanoseconds(seconds: Self.adjustmentInterval)
    /// From the throughput, where the load decides as well.
    private var floor = 1

    static let adjustmentInterval = 180.0

    public init(_ context: BaselineContext, mode: Mode, predictor: LoadPredictor.Kind = .constant, capacityFactor: Double = 1) {
        self.context = context
        self.mode = mode
        self.capacityFactor = capacityFactor
        loadRule = DynamoLoadRule(
            timeToFirstToken: context.timeToFirstToken.seconds, timePerOutputToken: context.timePerOutputToken.seconds)
        (requests, inputs) = (LoadPredictor(predictor), LoadPredictor(predictor))
        (outputs, hitRates) = (LoadPredictor(predictor), LoadPredictor(predictor))
    }

    public var name: String { "Dynamo \(mode.rawValue)" + (capacityFactor == 1 ? "" : " ×\(capacityFactor)") }
    public var period: Nanoseconds { Nanoseconds(seconds: mode == .throughput ? Self.adjustmentInterval : 5) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        interval.add(observation)
        lastMinute.add(observation)
        var wanted = observation.wanted
        if mode != .load, observation.time >= nextAdjustment {
            nextAdjustment = observation.time + Nanoseconds(seconds: Self.adjustmentInterval)
            if let byThroughput = byThroughput() {
                floor = byThroughput
                if mode == .throughput { wanted = byThroughput }
            }
        }
        if mode != .throughput, let byLoad = byLoad(observation) { wanted = max(byLoad, mode == .both ? floor : 1) }
        return wanted
    }

    private mutating func byThroughput() -> Int? {
        let finished = interval.finished
        let arrivals = interval.observations.reduce(0) { $0 + $1.arrivals }
        let arrivedTokens = interval.observations.reduce(0) { $0 + $1.arrivedInputTokens }
        requests.add(Double(arrivals))
        inputs.add(arrivals > 0 ? Double(arrivedTokens) / Double(arrivals) : 0)
        outputs.add(finished.meanLengths?.output ?? 0)
        hitRates.add(finished.inputTokens > 0 ? Double(finished.cachedTokens) / Double(finished.inputTokens) : 0)
        let (input, output) = (inputs.next, outputs.next)
        guard input > 0, output > 0,
            let regression = IterationRegression(context.profile, context.settings, meanContext: input + output / 2)
        else { return nil }
        let throughput = EngineThroughput(
            inputTokens: input, outputTokens: output, cacheHitRate: hitRates.next,
            timeToFirstToken: context.timeToFirstToken.seconds, timePerOutputToken: context.timePerOutputToken.seconds)
        let rate = throughput.requestsPerSecond(
            regression, batchedTokens: context.settings.maxNumBatchedTokens, sequences: context.settings.maxNumSeqs,
            cacheTokens: context.profile.cacheTokens(under: context.settings), meanInput: input)
        guard let rate, rate > 0 else { return nil }
        let demand = requests.next / interval.seconds
        return max(1, Int((demand / (rate * capacityFactor)).rounded(.up)))
    }

    private func byLoad(_ observation: ScalingObservation) -> Int? {
        guard observation.ready > 0, observation.starting == 0, observation.ready == observation.wanted else { return nil }
        let finished = lastMinute.finished
        guard let lengths = finished.meanLengths, let gap = finished.meanTimePerOutputToken else { return nil }
        let context = lengths.input + lengths.output / 2
        guard let regression = IterationRegression(self.context.profile, self.context.settings, meanContext: context) else { return nil }
        let arrivedTokens = Double(lastMinute.observations.reduce(0) { $0 + $1.arrivedInputTokens })
        let load = DynamoLoadRule.Load(
            meanInput: lengths.input, meanContext: context,
            promptTokensPerIteration: arrivedTokens / lastMinute.seconds * gap / 1_000 / Double(observation.ready),
            cacheHitRate: finished.inputTokens > 0 ? Double(finished.cachedTokens) / Double(finished.inputTokens) : 0)
        return loadRule.desired(observation.replicas, load, regression, batchedTokens: self.context.settings.maxNumBatchedTokens)
    }
}
