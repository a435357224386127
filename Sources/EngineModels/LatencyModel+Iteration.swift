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
