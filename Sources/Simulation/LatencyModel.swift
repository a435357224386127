public import Measurements

/// How long one iteration of a continuous-batching engine takes.
///
/// `t = a0 + max(w + s1·n, c2 + s2·n) + ck·K + e·Q` milliseconds for `n` tokens in the batch, `K` tokens of context that decoding requests
/// read, and `Q` token pairs that prefill attends to. Slopes fitted to the kernel times Vidur measured (Agrawal et al., MLSys 2024,
/// arXiv:2405.05465), overheads to vLLM 0.15 on H100.
public struct LatencyModel: Sendable, Hashable {
    /// As in the table, e.g. `L70-H100x4`.
    public var name: String
    /// What serves: model and accelerators.
    public var describedAs: String
    /// Scheduler, launch, sampling, all-reduce; ms.
    public var overhead: Double
    /// Reading the weights: the floor of small batches; ms.
    public var weightRead: Double
    /// Slope while the weights are the limit; ms per token.
    public var memorySlope: Double
    /// Intercept of the line of large batches; ms.
    public var computeIntercept: Double
    /// Slope while computing is the limit; ms per token.
    public var computeSlope: Double
    /// Reading the context; ms per token of context.
    public var contextRead: Double
    /// Attention of prefill; ms per pair of tokens.
    public var attention: Double
    /// Tokens of context that fit into the accelerators' memory.
    public var cacheTokens: Int

    /// Time from a client to the scheduler and back, beside what the engine computes.
    public static let transport = Nanoseconds(milliseconds: 6)

    /// - Parameters:
    ///   - tokens: In the batch: one for each decoding request and the chunks of prefill.
    ///   - context: Sum of the decoding requests' tokens so far.
    ///   - pairs: Sum over chunks of chunk · (done + chunk / 2).
    /// - Returns: Milliseconds.
    public func iteration(tokens: Int, context: Int, pairs: Double) -> Double {
        let count = Double(tokens)
        return overhead + max(weightRead + memorySlope * count, computeIntercept + computeSlope * count) + contextRead * Double(context)
            + attention * pairs
    }

    /// What a request waits for before it can be scheduled: transport and the one iteration by which output lags behind.
    public var entryDelay: Nanoseconds {
        Self.transport + Nanoseconds(milliseconds: iteration(tokens: 1, context: 0, pairs: 0))
    }
}

extension LatencyModel {
    public static let llama7B = LatencyModel(
        name: "L7-H100", describedAs: "Llama-2-7B on one H100", overhead: 0.75, weightRead: 5.6, memorySlope: 0.0150,
        computeIntercept: 1.42, computeSlope: 0.0192, contextRead: 1.57e-4, attention: 1.0e-6, cacheTokens: 107_000)
    public static let llama70B = LatencyModel(
        name: "L70-H100x4", describedAs: "Llama-2-70B on four H100", overhead: 2.25, weightRead: 14.6, memorySlope: 0.0180,
        computeIntercept: 3.1, computeSlope: 0.0537, contextRead: 4.2e-5, attention: 2.5e-7, cacheTokens: 430_000)
    public static let codeLlama34B = LatencyModel(
        name: "CL34-H100x2", describedAs: "CodeLlama-34B on two H100", overhead: 0.25, weightRead: 13.4, memorySlope: 0.0160,
        computeIntercept: 3.2, computeSlope: 0.0500, contextRead: 3.6e-5, attention: 4.0e-7, cacheTokens: 330_000)
    public static let llama8BOnA100 = LatencyModel(
        name: "L8-A100", describedAs: "Llama-3-8B on one A100", overhead: 1.5, weightRead: 10.3, memorySlope: 0.0320,
        computeIntercept: 8.1, computeSlope: 0.0668, contextRead: 8.2e-5, attention: 9.0e-7, cacheTokens: 430_000)

    public static let profiles = [llama7B, llama70B, codeLlama34B, llama8BOnA100]
}
