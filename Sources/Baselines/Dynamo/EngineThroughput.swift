/// The most requests per second that Dynamo's planner trusts to one engine that reads and decodes.
///
/// Source: ai-dynamo/dynamo planner/core/perf_model/agg.py, `find_best_engine_agg_rps`, at 518a7027.
public struct EngineThroughput: Sendable, Hashable {
    public var inputTokens: Double
    public var outputTokens: Double
    /// `0...1`.
    public var cacheHitRate: Double
    /// Objectives, seconds.
    public var timeToFirstToken: Double
    public var timePerOutputToken: Double

    public init(
        inputTokens: Double, outputTokens: Double, cacheHitRate: Double = 0, timeToFirstToken: Double, timePerOutputToken: Double
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheHitRate = min(max(cacheHitRate, 0), 1)
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
    }

    /// - Parameter meanInput: Tokens of a prompt as the engine sees them, for the estimate of the time to the first token.
    /// - Returns: `nil` without tokens. Where even a batch of one is too slow, what that one does.
    public func requestsPerSecond(
        _ regression: IterationRegression, batchedTokens: Int, sequences: Int, cacheTokens: Int, meanInput: Double
    ) -> Double? {
        guard inputTokens > 0, outputTokens > 0, batchedTokens > 0 else { return nil }
        let context = inputTokens + outputTokens / 2
        var best: Double?
        for batch in 1...largestBatch(batchedTokens: batchedTokens, sequences: sequences, cacheTokens: cacheTokens) {
            let cached = Double(batch) * context
            let prompt = min(Double(batch) * inputTokens * (1 - cacheHitRate) / max(1, outputTokens), Double(batchedTokens))
            let seconds = regression.seconds(promptTokens: prompt, cachedTokens: cached)
            let first = regression.timeToFirstToken(
                ahead: prompt.rounded(.down) + meanInput, batchedTokens: Double(batchedTokens), cachedTokens: cached.rounded(.down))
            let rate = Double(batch) / (outputTokens * seconds)
            guard seconds <= timePerOutputToken, first <= timeToFirstToken else { return best ?? rate }
            best = rate
        }
        return best
    }

    /// Bounded by the cache, the sequences, and what keeps prompts from piling up.
    func largestBatch(batchedTokens: Int, sequences: Int, cacheTokens: Int) -> Int {
        let byCache = max(1, Int(Double(cacheTokens) / max(1, inputTokens + outputTokens / 2)))
        let hard = max(1, min(byCache, sequences, batchedTokens - 1))
        return (1...hard).last { inputTokens / Double(batchedTokens - $0) <= outputTokens } ?? 1
    }
}
