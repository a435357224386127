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

/// The mix as seen so far: means over all requests at first, and later ones that forget slowly.
struct ObservedMix: Sendable, Codable, Hashable {
    private(set) var mix: RequestMix?
    private var arrived = 0.0
    private var answered = 0.0

    /// Weight of a period with 50 requests or more.
    private static let weight = 0.1
    /// Tokens of an answer before any was seen, and how many answers that thought weighs: the first ones to end are the shortest.
    private static let unknownOutput = 200.0
    private static let unknownAnswers = 50.0

    mutating func add(_ observation: ScalingObservation) {
        if observation.arrivals > 0 { addArrivals(Double(observation.arrivals), tokens: Double(observation.arrivedInputTokens)) }
        // Tokens are told of requests that were answered; a period of refusals has none.
        let finished = observation.finished
        guard finished.outputTokens > 0, finished.count > 0, let seen = mix else { return }
        let count = Double(finished.count)
        answered += count
        let share = max(Self.weight * min(1, count / 50), count / (answered + Self.unknownAnswers))
        mix = RequestMix(
            inputTokens: seen.inputTokens,
            outputTokens: seen.outputTokens + share * (Double(finished.outputTokens) / count - seen.outputTokens),
            cachedTokens: seen.cachedTokens + share * (Double(finished.cachedTokens) / count - seen.cachedTokens))
    }

    private mutating func addArrivals(_ count: Double, tokens: Double) {
        arrived += count
        let seen = mix ?? RequestMix(inputTokens: tokens / count, outputTokens: Self.unknownOutput)
        let share = max(Self.weight * min(1, count / 50), count / arrived)
        mix = RequestMix(
            inputTokens: seen.inputTokens + share * (tokens / count - seen.inputTokens), outputTokens: seen.outputTokens,
            cachedTokens: seen.cachedTokens)
    }
}
