/// The knobs of a simulated engine, named as in vLLM.
public struct EngineSettings: Sendable, Hashable, Codable {
    /// Requests in one batch at most.
    public var maxNumSeqs: Int
    /// Tokens in one iteration at most, so that long prompts are computed in chunks.
    public var maxNumBatchedTokens: Int
    public var replicas: Int

    /// What the knobs may be set to.
    public static let sequenceRange = 1...4_096
    public static let batchedTokenRange = 1...1_048_576
    public static let replicaRange = 1...256

    public init(maxNumSeqs: Int = 128, maxNumBatchedTokens: Int = 2_048, replicas: Int = 1) {
        self.maxNumSeqs = maxNumSeqs
        self.maxNumBatchedTokens = maxNumBatchedTokens
        self.replicas = replicas
    }

    /// Whether every knob is in its range.
    public var isValid: Bool {
        Self.sequenceRange.contains(maxNumSeqs) && Self.batchedTokenRange.contains(maxNumBatchedTokens)
            && Self.replicaRange.contains(replicas)
    }
}
