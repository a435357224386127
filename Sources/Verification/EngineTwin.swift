/// What requests bring to an engine, whatever its settings: the only things a load model may look at.
///
/// Batch size, queue length and cache use are left out on purpose. The change moves them, and a model that was told them would explain the
/// change's effect away.
public struct OfferedLoad: Sendable, Codable, Hashable {
    /// Of the whole pool, at least 0.
    public var requestsPerSecond: Double
    /// Mean tokens of a prompt, at least 0.
    public var inputTokens: Double
    /// Mean tokens of an answer, at least 0.
    public var outputTokens: Double

    public init(requestsPerSecond: Double, inputTokens: Double, outputTokens: Double) {
        self.requestsPerSecond = requestsPerSecond
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}

/// Predicts latency from load. It may be wrong in scale and shape: only how its prediction moves with the load is used.
public protocol LoadModel: Sendable {
    /// Seconds, finite and greater than 0 for every load that is finite and not negative.
    func latency(_ metric: ComparedMetric, under load: OfferedLoad) -> Double
}

/// The time of one iteration of a batching engine, solved for the batch that a load keeps busy.
///
/// `t = overhead + max(weightRead + readPerToken·n, computeFloor + computePerToken·n) + cachePerToken·K` milliseconds for n tokens in the
/// iteration and K tokens in the cache. Under λ requests per millisecond and replica, with I tokens in and O out, `n = λ t (I + O)` and
/// `K = λ t O (I + O/2)` (Little's law), so either branch is `t = constant / (1 − ρ)` with ρ linear in λ. Beyond ρ = 0.9 the tangent is
/// followed, so that the prediction stays finite and rises with the load. The first token takes the prefill's computation and one
/// iteration more.
public struct EngineTwin: LoadModel, Codable, Hashable {
    /// Scheduling, launch and sampling, milliseconds.
    public var overhead: Double
    /// Reading the weights, milliseconds.
    public var weightRead: Double
    /// Milliseconds per token while reading weights is the limit.
    public var readPerToken: Double
    /// Milliseconds.
    public var computeFloor: Double
    /// Milliseconds per token while computing is the limit.
    public var computePerToken: Double
    /// Milliseconds per token in the cache.
    public var cachePerToken: Double
    /// Replicas that share the load, at least 1.
    public var replicas: Double

    /// Llama-2-70B on four H100, a dense model of the common size; the scale of another engine is learned from the blocks before.
    public init(
        overhead: Double = 2.25, weightRead: Double = 14.6, readPerToken: Double = 0.018, computeFloor: Double = 3.1,
        computePerToken: Double = 0.0537, cachePerToken: Double = 4.2e-5, replicas: Double = 1
    ) {
        self.overhead = overhead
        self.weightRead = weightRead
        self.readPerToken = readPerToken
        self.computeFloor = computeFloor
        self.computePerToken = computePerToken
        self.cachePerToken = cachePerToken
        self.replicas = replicas
    }

    public func latency(_ metric: ComparedMetric, under load: OfferedLoad) -> Double {
        let rate = load.requestsPerSecond / 1_000 / max(1, replicas)
        let tokens = load.inputTokens + load.outputTokens
        let cached = cachePerToken * load.outputTokens * (load.inputTokens + load.outputTokens / 2)
        let reading = (overhead + weightRead) * Self.amplification(rate * (readPerToken * tokens + cached))
        let computing = (overhead + computeFloor) * Self.amplification(rate * (computePerToken * tokens + cached))
        let iteration = max(reading, computing)
        switch metric {
        case .timePerOutputToken: return iteration / 1_000
        case .timeToFirstToken: return (2 * iteration + computePerToken * load.inputTokens) / 1_000
        }
    }

    /// 1 / (1 − ρ), and its tangent beyond 0.9.
    private static func amplification(_ utilization: Double) -> Double {
        utilization < 0.9 ? 1 / (1 - utilization) : 10 + 100 * (utilization - 0.9)
    }
}
