public import EngineModels

/// What a replica of an engine can serve of a mix of requests, from its latency model.
///
/// In the mean a request of `O` output tokens that come every `x` ms is decoded for `O·x` ms, so that at `λ` requests a second
/// `B = λ·O·x/1000` are decoded together, with `K = B·(I + O/2)` tokens in the cache, while prompts take the share
/// `p = λ·(time to read one)/1000` of the time. Tokens come every `x = t(B, K)/(1 − p)` ms: a fixed point.
public struct ServiceCapacity: Sendable, Codable, Hashable {
    private let latency: LatencyModel
    private let maxNumSeqs: Double
    private let cacheTokens: Double

    /// Share of the time that prompts may take; beyond it answers stutter, however few there are.
    public static let longestPrefillShare = 0.6

    /// - Parameter settings: Those that start on the profile; see ``EngineSettings/problem(with:)``.
    public init(profile: EngineProfile, settings: EngineSettings) {
        latency = profile.latency(under: settings)
        maxNumSeqs = Double(settings.maxNumSeqs)
        cacheTokens = Double(profile.cacheTokens(under: settings))
    }

    /// A replica under a steady load.
    public struct SteadyState: Sendable, Hashable {
        /// From token to token, milliseconds.
        public var timePerOutputToken: Double
        /// Requests decoded together.
        public var batch: Double
        /// Share of the time that prompts take, `0..<1`.
        public var prefillShare: Double
    }

    /// How a replica runs under a load; `nil` where it has no steady state: prompts take all its time, or more are under way than it holds.
    /// - Parameter rate: Requests per second for one replica, at least 0.
    public func steadyState(rate: Double, _ mix: RequestMix) -> SteadyState? {
        let prefillShare = rate * prefillMilliseconds(mix) / 1_000
        guard prefillShare < 1 else { return nil }
        let perMillisecond = rate * mix.outputTokens / 1_000
        let context = mix.inputTokens + mix.outputTokens / 2
        var gap = 0.0
        for _ in 0..<200 {
            let batch = perMillisecond * gap
            guard batch <= maxNumSeqs, batch * context <= cacheTokens else { return nil }
            let next = decodeMilliseconds(batch: batch, context: context) / (1 - prefillShare)
            // Rises to the fixed point from below, for a larger batch is never faster.
            if next - gap <= 1e-6 * next {
                return SteadyState(timePerOutputToken: next, batch: batch, prefillShare: prefillShare)
            }
            gap = next
        }
        return nil
    }

    /// Requests per second that one replica serves with tokens at most so far apart; 0 where not even a single one would be in time.
    /// - Parameter limit: Milliseconds, above 0.
    public func rate(timePerOutputToken limit: Double, _ mix: RequestMix) -> Double {
        func isServed(_ rate: Double) -> Bool {
            guard let state = steadyState(rate: rate, mix) else { return false }
            return state.timePerOutputToken <= limit && state.prefillShare <= Self.longestPrefillShare
        }
        var served = 0.0
        var refused = Self.longestPrefillShare * 1_000 / prefillMilliseconds(mix) + 1e-9
        while refused - served > 1e-4 * refused {
            let middle = (served + refused) / 2
            if isServed(middle) { served = middle } else { refused = middle }
            if refused < 1e-9 { return 0 }
        }
        return served
    }

    private func decodeMilliseconds(batch: Double, context: Double) -> Double {
        latency.overhead
            + max(latency.weightRead + latency.readPerToken * batch, latency.computeFloor + latency.computePerToken * batch)
            + latency.cachePerToken * batch * context
    }

    /// What a prompt adds to the time of iterations.
    private func prefillMilliseconds(_ mix: RequestMix) -> Double {
        let read = mix.inputTokens - mix.cachedTokens
        return read * latency.computePerToken + latency.attention * read * (mix.cachedTokens + read / 2)
    }
}
