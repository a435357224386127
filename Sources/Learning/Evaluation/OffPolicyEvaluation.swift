import Statistics

/// A decision of the past, as the evaluation of another policy needs it.
public struct LoggedDecision: Sendable, Hashable {
    /// Decisions of one day resemble each other and are drawn together.
    public var day: Int
    /// What came of it, more is better; log units.
    public var utility: Double
    /// Chance of the option that was drawn, above 0.
    public var propensity: Double
    /// Position of the option that was drawn.
    public var drawn: Int
    /// Utility that a model expects of every option.
    public var expected: [Double]

    public init(day: Int, utility: Double, propensity: Double, drawn: Int, expected: [Double]) {
        self.day = day
        self.utility = utility
        self.propensity = propensity
        self.drawn = drawn
        self.expected = expected
    }
}

/// What a policy would have been worth, from decisions that another one made.
///
/// Doubly robust: `mean Σₐ π(a|x) m(a, x) + Σ w (U − m(A, x)) / Σ w` with `w = π(A|x) / e(A)` clipped, right if either the model or the
/// chances are (M. Dudík, J. Langford, L. Li, ICML 2011). The error comes from drawing whole days anew.
public struct OffPolicyEvaluation: Sendable {
    public var largestWeight = 8.0
    public var resamples = 200
    /// Decisions that the weighted ones must be worth.
    public var leastEffectiveSize = 30.0
    /// Days without which no error can be told.
    public var leastDays = 5

    public init() {}

    /// - Parameters:
    ///   - policy: Chance of every option, one list a decision, in the order of the decisions.
    ///   - current: The same of the policy it is compared with.
    ///   - seed: Of the bootstrap.
    /// - Returns: `nil` without decisions.
    public func evaluate(
        _ decisions: [LoggedDecision], policy: [[Double]], against current: [[Double]], seed: UInt64 = 1
    ) -> PolicyValue? {
        precondition(policy.count == decisions.count && current.count == decisions.count, "one list of chances a decision is needed")
        guard !decisions.isEmpty else { return nil }
        let new = terms(decisions, policy)
        let old = terms(decisions, current)
        let all = Array(decisions.indices)
        let difference = value(new, all) - value(old, all)
        let days = Dictionary(grouping: all) { decisions[$0].day }.sorted { $0.key < $1.key }.map(\.value)
        var generator = SplitMix64(seed: seed)
        let draws = (0..<resamples).map { _ -> Double in
            let drawn = days.indices.flatMap { _ in days[Int.random(in: days.indices, using: &generator)] }
            return value(new, drawn) - value(old, drawn)
        }
        let mean = draws.reduce(0, +) / Double(draws.count)
        let error = (draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, draws.count - 1))).squareRoot()
        // Few days give few degrees of freedom, which a normal quantile would forget.
        let half = days.count > 1 ? studentQuantile(0.95, degreesOfFreedom: Double(days.count - 1)) * error : .infinity
        let weights = new.map(\.weight)
        let squares = weights.reduce(0) { $0 + $1 * $1 }
        let sum = weights.reduce(0, +)
        let size = squares > 0 ? sum * sum / squares : 0
        return PolicyValue(
            value: value(new, all), difference: difference, interval: difference - half...difference + half, effectiveSize: size,
            days: days.count, verdict: verdict(lower: difference - half, size: size, days: days.count))
    }

    private struct Term {
        let modelled: Double
        let weight: Double
        let surprise: Double
    }

    private func terms(_ decisions: [LoggedDecision], _ policy: [[Double]]) -> [Term] {
        zip(decisions, policy).map { decision, chances in
            Term(
                modelled: zip(chances, decision.expected).reduce(0) { $0 + $1.0 * $1.1 },
                weight: min(chances[decision.drawn] / decision.propensity, largestWeight),
                surprise: decision.utility - decision.expected[decision.drawn])
        }
    }

    private func value(_ terms: [Term], _ positions: [Int]) -> Double {
        var (modelled, weight, surprise) = (0.0, 0.0, 0.0)
        for position in positions {
            modelled += terms[position].modelled
            weight += terms[position].weight
            surprise += terms[position].weight * terms[position].surprise
        }
        return modelled / Double(positions.count) + (weight > 0 ? surprise / weight : 0)
    }

    private func verdict(lower: Double, size: Double, days: Int) -> PolicyValue.Verdict {
        if days < leastDays { return .shadow(.tooFewDays(needed: leastDays)) }
        if size < leastEffectiveSize { return .shadow(.tooFewDecisions(needed: leastEffectiveSize)) }
        return lower > 0 ? .enable : .shadow(.notShownBetter)
    }
}

/// What a policy is worth beside another.
public struct PolicyValue: Sendable, Hashable {
    /// Mean utility of a decision.
    public let value: Double
    /// Beyond the policy it is compared with.
    public let difference: Double
    /// Of ``difference``, at 90 %.
    public let interval: ClosedRange<Double>
    /// Decisions that the weighted ones are worth: `(Σw)² / Σw²`.
    public let effectiveSize: Double
    public let days: Int
    public let verdict: Verdict

    public enum Verdict: Sendable, Hashable {
        /// Better, as far as 90 % confidence goes.
        case enable
        /// Only to be watched: what it would do is written down and not done.
        case shadow(Reason)
    }

    public enum Reason: Sendable, Hashable {
        case tooFewDays(needed: Int)
        case tooFewDecisions(needed: Double)
        case notShownBetter
    }
}
