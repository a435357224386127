public import EngineModels

/// How long an iteration of an engine takes, as a plane over the prompt tokens in it and the cached tokens of those that decode.
///
/// Source: ai-dynamo/dynamo planner/core/perf_model/agg.py at 518a7027. There the samples come from forward passes; here from a sweep of
/// the engine's model, as the benchmark before deployment makes it.
public struct IterationRegression: Sendable, Hashable {
    /// Seconds.
    public let base: Double
    public let perPromptToken: Double
    public let perCachedToken: Double

    public struct Sample: Sendable, Hashable {
        public var promptTokens: Double
        public var cachedTokens: Double
        public var seconds: Double

        public init(promptTokens: Double, cachedTokens: Double, seconds: Double) {
            self.promptTokens = promptTokens
            self.cachedTokens = cachedTokens
            self.seconds = seconds
        }
    }

    /// Fits by least squares; `nil` with fewer than five samples, without spread, or where more load would take less time.
    public init?(_ samples: [Sample]) {
        guard samples.count >= 5 else { return nil }
        let count = Double(samples.count)
        let mean = samples.reduce(into: (prompt: 0.0, cached: 0.0, seconds: 0.0)) { mean, sample in
            mean.prompt += sample.promptTokens / count
            mean.cached += sample.cachedTokens / count
            mean.seconds += sample.seconds / count
        }
        var (pp, pc, cc, ps, cs) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for sample in samples {
            let (prompt, cached) = (sample.promptTokens - mean.prompt, sample.cachedTokens - mean.cached)
            let seconds = sample.seconds - mean.seconds
            pp += prompt * prompt
            pc += prompt * cached
            cc += cached * cached
            ps += prompt * seconds
            cs += cached * seconds
        }
        let determinant = pp * cc - pc * pc
        guard determinant > 1e-9 * pp * cc else { return nil }
        perPromptToken = (ps * cc - cs * pc) / determinant
        perCachedToken = (cs * pp - ps * pc) / determinant
        base = mean.seconds - perPromptToken * mean.prompt - perCachedToken * mean.cached
        guard perPromptToken >= 0, perCachedToken >= 0 else { return nil }
    }

    /// Sweeps an engine on a grid of eight by eight, up to all the tokens of an iteration and all sequences or the whole cache.
    /// - Parameter meanContext: Cached tokens of one that decodes; above 0.
    public init?(_ profile: EngineProfile, _ settings: EngineSettings, meanContext: Double) {
        let latency = profile.latency(under: settings)
        let mostCached = min(Double(profile.cacheTokens(under: settings)), Double(settings.maxNumSeqs) * meanContext)
        let steps = (0..<8).map { Double($0) / 7 }
        let samples = steps.flatMap { prompt in
            steps.map { cached in
                let decoding = (cached * mostCached / meanContext).rounded()
                let promptTokens = (prompt * (Double(settings.maxNumBatchedTokens) - decoding)).rounded()
                let milliseconds = latency.iteration(
                    tokens: Int(promptTokens + decoding), cached: Int(cached * mostCached), pairs: promptTokens * promptTokens / 2)
                return Sample(promptTokens: promptTokens, cachedTokens: cached * mostCached, seconds: milliseconds / 1_000)
            }
        }
        self.init(samples)
    }

    public func seconds(promptTokens: Double, cachedTokens: Double) -> Double {
        max(1e-6, base + perPromptToken * promptTokens + perCachedToken * cachedTokens)
    }

    /// Time to the first token of a request that comes after so many tokens, seconds.
    /// - Parameters:
    ///   - ahead: Tokens of prompts that wait, and of its own, less those found in the cache.
    ///   - batchedTokens: Most tokens of an iteration, above 0.
    public func timeToFirstToken(ahead: Double, batchedTokens: Double, cachedTokens: Double) -> Double {
        var (left, seconds) = (ahead, 0.0)
        while left > 0 {
            let chunk = min(left, batchedTokens)
            seconds += self.seconds(promptTokens: chunk, cachedTokens: cachedTokens)
            left -= chunk
        }
        return seconds
    }
}
