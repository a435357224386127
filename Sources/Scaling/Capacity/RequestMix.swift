/// What the requests of a service are like, in the mean; tokens.
public struct RequestMix: Sendable, Codable, Hashable {
    /// Of a prompt, at least 1.
    public var inputTokens: Double
    /// Of an answer, at least 1.
    public var outputTokens: Double
    /// Of a prompt that are found in the cache, below ``inputTokens``.
    public var cachedTokens: Double

    public init(inputTokens: Double, outputTokens: Double, cachedTokens: Double = 0) {
        self.inputTokens = max(1, inputTokens)
        self.outputTokens = max(1, outputTokens)
        self.cachedTokens = min(max(0, cachedTokens), self.inputTokens - 1)
    }
}

/// The mix as seen so far: means that forget slowly, so that one odd period moves them little.
struct ObservedMix: Sendable, Codable, Hashable {
    private(set) var mix: RequestMix?
    private var hasAnswers = false

    /// Weight of a period with 50 requests or more.
    private static let weight = 0.1

    mutating func add(_ observation: ScalingObservation) {
        let finished = observation.finished
        // Tokens are told of requests that were answered; a period of refusals has none.
        let answered = finished.outputTokens > 0 ? Double(finished.count) : 0
        let output = answered > 0 ? Double(finished.outputTokens) / answered : 0
        let cached = answered > 0 ? Double(finished.cachedTokens) / answered : 0
        let arrivals = Double(observation.arrivals)
        guard var seen = mix else {
            guard arrivals > 0 else { return }
            mix = RequestMix(
                inputTokens: Double(observation.arrivedInputTokens) / arrivals,
                outputTokens: answered > 0 ? output : Self.unknownOutput, cachedTokens: cached)
            hasAnswers = answered >= 5
            return
        }
        if arrivals > 0 {
            let input = Double(observation.arrivedInputTokens) / arrivals
            seen.inputTokens += Self.weight * min(1, arrivals / 50) * (input - seen.inputTokens)
        }
        if answered > 0 {
            // The first answers to end are the shortest: what they say is forgotten soon.
            let weight = hasAnswers ? Self.weight * min(1, answered / 50) : 1
            hasAnswers = hasAnswers || answered >= 5
            seen.outputTokens += weight * (output - seen.outputTokens)
            seen.cachedTokens += weight * (cached - seen.cachedTokens)
        }
        mix = RequestMix(inputTokens: seen.inputTokens, outputTokens: seen.outputTokens, cachedTokens: seen.cachedTokens)
    }

    /// Tokens of an answer before any was seen.
    private static let unknownOutput = 200.0
}
