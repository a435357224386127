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
/// An iteration with n tokens, and K in the cache, takes
/// `t(n, K) = overhead + max(weightRead + readPerToken·n, computeFloor + computePerToken·n) + cachePerToken·K` milliseconds. Under λ requests
/// per millisecond and replica, with I tokens in and O out, `B = λ t O` sequences decode (Little's law) and the share `λ t I / chunk` of the
/// iterations carries a chunk of a prompt besides; t is their mean, found by iteration from the empty engine upwards. Where no batch keeps
/// up, the prediction goes on rising with the load.
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
    /// Most prompt tokens in one iteration.
    public var tokensPerIteration: Double
    /// Replicas that share the load, at least 1.
    public var replicas: Double

    /// Llama-2-70B on four H100, a dense model of the common size; the scale of another engine is learned from the blocks before.
    public init(
        overhead: Double = 2.25, weightRead: Double = 14.6, readPerToken: Double = 0.018, computeFloor: Double = 3.1,
        computePerToken: Double = 0.0537, cachePerToken: Double = 4.2e-5, tokensPerIteration: Double = 2_048,
        replicas: Double = 1
    ) {
        self.overhead = overhead
        self.weightRead = weightRead
        self.readPerToken = readPerToken
        self.computeFloor = computeFloor
        self.computePerToken = computePerToken
        self.cachePerToken = cachePerToken
        self.tokensPerIteration = tokensPerIteration
        self.replicas = replicas
    }

    public func latency(_ metric: ComparedMetric, under load: OfferedLoad) -> Double {
        let rate = load.requestsPerSecond / 1_000 / max(1, replicas)
        let chunk = max(1, min(load.inputTokens, tokensPerIteration))
        let chunksPerMillisecond = rate * load.inputTokens / chunk
        var batch = 0.0
        var wanted = 0.0
        var mean = iteration(batch: 0, chunk: 0, load)
        for _ in 0..<Self.iterations {
            wanted = rate * load.outputTokens * mean
            batch = min(wanted, Self.maximumBatch)
            let decode = iteration(batch: batch, chunk: 0, load)
            let added = iteration(batch: batch, chunk: chunk, load) - decode
            mean = decode / (1 - min(0.9, chunksPerMillisecond * added))
        }
        let overload = max(1, wanted / Self.maximumBatch) * max(1, chunksPerMillisecond * iteration(batch: batch, chunk: chunk, load))
        switch metric {
        case .timePerOutputToken: return mean * overload / 1_000
        case .timeToFirstToken:
            return (load.inputTokens / chunk * iteration(batch: batch, chunk: chunk, load) + mean) * overload / 1_000
        }
    }

    private func iteration(batch: Double, chunk: Double, _ load: OfferedLoad) -> Double {
        let tokens = batch + chunk
        return overhead + max(weightRead + readPerToken * tokens, computeFloor + computePerToken * tokens)
            + cachePerToken * batch * (load.inputTokens + load.outputTokens / 2)
    }

    /// Enough for four digits below a load of nine tenths.
    private static let iterations = 24
    private static let maximumBatch = 256.0
}
