public import Measurements

/// When an answer was fast enough.
///
/// The first token may take a base and a multiple of what its prompt takes on an idle engine, for a prompt of 80 000 tokens cannot be read
/// in a second; the tokens after it may take so long in the mean.
public struct ServiceObjective: Sendable, Codable, Hashable {
    public var firstTokenBase: Nanoseconds
    /// Dimensionless, at least 0.
    public var prefillFactor: Double
    public var timePerOutputToken: Nanoseconds

    public init(
        firstTokenBase: Nanoseconds = Nanoseconds(seconds: 2), prefillFactor: Double = 3,
        timePerOutputToken: Nanoseconds = Nanoseconds(milliseconds: 50)
    ) {
        self.firstTokenBase = firstTokenBase
        self.prefillFactor = prefillFactor
        self.timePerOutputToken = timePerOutputToken
    }

    /// What the first token of a request may take on an engine.
    public func firstTokenLimit(
        inputTokens: Int, cachedTokens: Int = 0, on profile: EngineProfile, _ settings: EngineSettings
    ) -> Nanoseconds {
        let prefill = profile.latency(under: settings).unloadedPrefill(
            inputTokens: inputTokens, cachedTokens: cachedTokens, batchedTokens: settings.maxNumBatchedTokens)
        return firstTokenBase + Nanoseconds(milliseconds: prefillFactor * prefill)
    }

    /// Whether a request was answered in time; what was not answered was not.
    public func isMet(by outcome: RequestOutcome, on profile: EngineProfile, _ settings: EngineSettings) -> Bool {
        guard outcome.ending == .completed else { return false }
        let limit = firstTokenLimit(inputTokens: outcome.inputTokens, cachedTokens: outcome.cachedTokens, on: profile, settings)
        return outcome.timeToFirstToken <= limit && (outcome.timePerOutputToken ?? Nanoseconds(0)) <= timePerOutputToken
    }
}

extension LatencyModel {
    /// What an idle engine takes to read a prompt, in milliseconds.
    /// - Parameter batchedTokens: Most tokens of an iteration, at least 1.
    public func unloadedPrefill(inputTokens: Int, cachedTokens: Int = 0, batchedTokens: Int) -> Double {
        var done = min(max(0, cachedTokens), inputTokens - 1)
        var milliseconds = 0.0
        while done < inputTokens {
            let chunk = min(batchedTokens, inputTokens - done)
            milliseconds += iteration(tokens: chunk, cached: 0, pairs: Double(chunk) * (Double(done) + Double(chunk) / 2))
            done += chunk
        }
        return milliseconds
    }

    /// What an iteration takes, in milliseconds.
    /// - Parameters:
    ///   - tokens: One for each decoding request, and those of the prompts' chunks.
    ///   - cached: Tokens in the cache of the decoding requests.
    ///   - pairs: Sum over the chunks of `chunk·(done + chunk/2)`.
    public func iteration(tokens: Int, cached: Int, pairs: Double = 0) -> Double {
        let count = Double(tokens)
        return overhead + max(weightRead + readPerToken * count, computeFloor + computePerToken * count) + cachePerToken * Double(cached)
            + attention * pairs
    }
}
