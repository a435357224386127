public import EngineModels
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
