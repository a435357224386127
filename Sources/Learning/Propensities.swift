/// The probabilities with which an action was drawn, kept so that the outcome can be weighed without bias later.
public struct Propensities: Sendable, Hashable {
    /// The action that was drawn.
    public let chosen: String
    /// Every action that could have been drawn with its probability; they sum to 1.
    public let distribution: [String: Double]

    /// - Throws: `PropensityError` where a probability is outside of `0...1` or not finite, they do not sum to 1, or the chosen one has none.
    public init(chosen: String, distribution: [String: Double]) throws(PropensityError) {
        for (action, probability) in distribution.sorted(by: { $0.key < $1.key }) {
            guard probability.isFinite, (0...1).contains(probability) else {
                throw PropensityError("the propensity of '\(action)' is \(probability); it must be in 0...1")
            }
        }
        let sum = distribution.values.sorted().reduce(0, +)
        guard abs(sum - 1) <= 1e-6 else { throw PropensityError("the propensities sum to \(sum); they must sum to 1") }
        guard let probability = distribution[chosen], probability > 0 else {
            throw PropensityError("the chosen action '\(chosen)' has propensity \(distribution[chosen] ?? 0); what was drawn had a chance")
        }
        self.chosen = chosen
        self.distribution = distribution
    }

    /// Of the chosen action, in `0...1` and above 0.
    public var probability: Double { distribution[chosen] ?? 0 }
}

extension Propensities: Codable {
    private enum CodingKeys: String, CodingKey { case chosen, distribution }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            chosen: try values.decode(String.self, forKey: .chosen),
            distribution: try values.decode([String: Double].self, forKey: .distribution))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(chosen, forKey: .chosen)
        try values.encode(distribution, forKey: .distribution)
    }
}

/// Probabilities that cannot have been drawn from.
public struct PropensityError: Error, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
