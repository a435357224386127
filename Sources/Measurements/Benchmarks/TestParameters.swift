/// The lengths a load test asked for; what is `nil` was not said.
public struct TestParameters: Sendable, Hashable, Codable {
    public var inputTokens: AskedLengths?
    public var outputTokens: AskedLengths?

    public init(inputTokens: AskedLengths? = nil, outputTokens: AskedLengths? = nil) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }

    /// A distribution of lengths in tokens.
    public struct AskedLengths: Sendable, Hashable, Codable {
        public var mean: Double
        public var standardDeviation: Double?
        /// `normal`, `uniform` or `fixed`; `nil` for others, which the schema of results has no word for.
        public var distribution: String?

        /// - Parameters:
        ///   - mean: Finite, as is the deviation; not finite is a caller's bug and traps.
        public init(mean: Double, standardDeviation: Double? = nil, distribution: String? = nil) {
            precondition(mean.isFinite && standardDeviation?.isFinite != false, "lengths are finite, got \(mean)")
            self.mean = mean
            self.standardDeviation = standardDeviation
            self.distribution = distribution
        }
    }
}

/// The rate up to which enough requests met the objective, as a search among rates found it.
public struct KneeFinding: Sendable, Hashable, Codable {
    public var scenario: String
    /// Requests a second; `nil` where no rate that was tried met the objective.
    public var highestGoodRate: Double?
    /// `nil` where every rate that was tried met it.
    public var lowestBadRate: Double?
    /// Rates tried, repetitions included.
    public var probes: Int
    /// Why the search ended, in words for people.
    public var reason: String

    public init(scenario: String, highestGoodRate: Double?, lowestBadRate: Double?, probes: Int, reason: String) {
        self.scenario = scenario
        self.highestGoodRate = highestGoodRate
        self.lowestBadRate = lowestBadRate
        self.probes = probes
        self.reason = reason
    }
}
