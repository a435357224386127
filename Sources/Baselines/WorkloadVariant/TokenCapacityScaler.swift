public import EngineModels
public import Measurements
public import Scaling

/// llm-d's Workload Variant Autoscaler with its second saturation analyzer, on tokens, and the cost-aware optimizer for one variant; every 60 s.
///
/// Source: llm-d workload-variant-autoscaler internal/engines/analyzers/saturation_v2/analyzer.go at b28a4f66 and
/// internal/engines/pipeline/cost_aware_optimizer.go at 74afe4ce. Token counts of requests are means of the pool over five minutes.
public struct TokenCapacityScaler: ReplicaScaler {
    public var rule: TokenCapacityRule
    private var maxima = PodMaxima()
    private var lately = ObservationWindow(seconds: 300)
    private var scrapes = 0

    public init(rule: TokenCapacityRule) { self.rule = rule }

    public var name: String { "WVA saturation v2" }
    /// Of a scrape; every fourth one is followed by a decision.
    public var period: Nanoseconds { Nanoseconds(seconds: 15) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        maxima.add(observation)
        lately.add(observation)
        scrapes += 1
        guard scrapes.isMultiple(of: 4) else { return observation.wanted }
        let finished = lately.finished
        let lengths = finished.meanLengths ?? (0, 0)
        let hitRate = finished.inputTokens > 0 ? Double(finished.cachedTokens) / Double(finished.inputTokens) : 0
        return rule.desired(
            maxima.replicas, starting: observation.starting, queuedUpstream: observation.waitingAtGateway,
            lengths: TokenCapacityRule.Lengths(input: lengths.input, output: lengths.output, cacheHitRate: hitRate))
    }
}

/// Compares the tokens that are in use and queued with those that replicas can hold or compute.
public struct TokenCapacityRule: Sendable, Hashable {
    public var cacheThreshold = 0.80
    public var queueThreshold = 5
    /// Demand over capacity above which replicas are added, and below which they are removed.
    public var scaleUpThreshold = 0.85
    public var scaleDownBoundary = 0.70
    /// Of the engine.
    public var maxNumBatchedTokens: Int
    public var maxNumSeqs: Int
    /// Capacities seen while a queue was long, by class of output length; the latest ten of each.
    private var seen: [OutputClass: [Double]] = [:]

    private enum OutputClass: Sendable, Hashable { case short, medium, long }

    /// Mean tokens of requests.
    public struct Lengths: Sendable, Hashable {
        public var input: Double
        public var output: Double
        /// `0...1`.
        public var cacheHitRate: Double

        public init(input: Double, output: Double, cacheHitRate: Double = 0) {
            self.input = input
            self.output = output
            self.cacheHitRate = cacheHitRate
        }
    }

    public init(settings: EngineSettings) {
        maxNumBatchedTokens = settings.maxNumBatchedTokens
        maxNumSeqs = settings.maxNumSeqs
    }

    /// - Parameter starting: Replicas asked for that do not report yet.
    public mutating func desired(
        _ replicas: [ScalingObservation.ReplicaLoad], starting: Int, queuedUpstream: Int, lengths: Lengths
    ) -> Int {
        let wanted = replicas.count + starting
        let reporting = replicas.filter { $0.cacheCapacity > 0 }
        let perReplica = Double(median(reporting.map { capacity(of: $0, lengths) }))
        guard perReplica > 0 else { return wanted }
        let queued = Double(queuedUpstream)
        let upstream = queued * lengths.input * (1 - lengths.cacheHitRate) + queued * lengths.output
        let demand = reporting.reduce(upstream) { $0 + Double($1.cachedTokens + $1.waiting * Int(lengths.input)) }
        let required = demand / scaleUpThreshold - Double(wanted) * perReplica
        if required > 0 { return wanted + Int((required / perReplica).rounded(.up)) }
        let spare = Double(replicas.count) * perReplica - demand / scaleDownBoundary
        guard spare > 0 else { return wanted }
        return max(1, wanted - Int((spare / perReplica).rounded(.down)))
    }

    /// Tokens: the smaller of what its cache holds and what it can compute.
    mutating func capacity(of replica: ScalingObservation.ReplicaLoad, _ lengths: Lengths) -> Int {
        let byMemory = Int(Double(replica.cacheCapacity) * cacheThreshold)
        let outputClass: OutputClass = lengths.output < 100 ? .short : lengths.output < 500 ? .medium : .long
        if replica.waiting >= queueThreshold, replica.cachedTokens > 0 {
            seen[outputClass] = ((seen[outputClass] ?? []) + [Double(replica.cachedTokens)]).suffix(10)
            return min(byMemory, replica.cachedTokens)
        }
        if let history = seen[outputClass], !history.isEmpty {
            return min(byMemory, Int(history.reduce(0, +) / Double(history.count)))
        }
        let derived = derivedCapacity(lengths)
        return derived > 0 ? min(byMemory, derived) : byMemory
    }

    /// What so many tokens in an iteration keep in steady state.
    func derivedCapacity(_ lengths: Lengths) -> Int {
        guard lengths.output > 0 else { return 0 }
        let steady = Double(maxNumBatchedTokens) * lengths.output / (lengths.input + lengths.output)
        return Int(min(steady, Double(maxNumSeqs)) * (lengths.input + lengths.output / 2))
    }

    /// The mean of the two in the middle where there are two, rounded down; 0 of nothing.
    private func median(_ values: [Int]) -> Int {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
