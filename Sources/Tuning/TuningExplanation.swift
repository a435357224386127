public import Learning
public import Verification

/// Why a configuration is tried and not another one, for a person and for the audit log (control dossier, §3.17).
public struct TuningExplanation: Sendable, Codable, Hashable {
    /// What asked for it.
    public var why: String
    /// What could have been done, the most promising first.
    public var options: [Option]
    /// What is not tried, with the reason in words.
    public var excluded: [Excluded]
    /// `noop` for a deliberate holdout.
    public var chosen: String
    /// Of ``chosen``, `0...1`.
    public var propensity: Double
    /// What happens if nothing is done.
    public var counterfactual: String
    public var verification: Verification
    public var rollback: String

    public struct Option: Sendable, Codable, Hashable {
        public var action: String
        public var prior: EffectEstimate
        public var effect: EffectEstimate
        /// Relative change of the objective, 90 % interval.
        public var interval90: ClosedRange<Double>
        public var probabilityOfBenefit: Double
        /// `very likely`, `likely` or `unclear` better.
        public var words: String
    }

    public struct Excluded: Sendable, Codable, Hashable {
        public var action: String
        public var reason: String
    }

    public struct Verification: Sendable, Codable, Hashable {
        /// `nil` where the traffic is not known.
        public var replicasPerGroup: Int?
        /// Of the objective, log units.
        public var margin: Double
        public var forecast: CanaryForecast?
        public var stopRule: String
    }

    /// - Parameter why: E.g. `ttft p95 is 2.4 s and may be 2 s`.
    public init(_ draw: TuningDraw, why: String, replicasPerGroup: Int?, objective: CompositeObjective = .latency, limits: TuningLimits) {
        self.why = why
        options = draw.options.filter { $0.exclusion == nil }.sorted { $0.expectedFall > $1.expectedFall }.map { option in
            let probability = option.effect.probabilityOfFall
            return Option(
                action: "\(option.configuration)", prior: option.prior, effect: option.effect, interval90: option.effect.interval90,
                probabilityOfBenefit: probability, words: calibratedWord(probability))
        }
        excluded = draw.options.compactMap { option in
            option.exclusion.map { Excluded(action: "\(option.configuration)", reason: $0.explanation) }
        }
        chosen = draw.propensities.chosen
        propensity = draw.propensities.probability
        counterfactual =
            "without a change the objective stays where it is; one in \(Int((1 / max(limits.holdout, 0.01)).rounded())) draws does nothing, to know that"
        verification = Verification(
            replicasPerGroup: replicasPerGroup, margin: objective.margin, forecast: draw.forecast,
            stopRule: """
                taken back when the objective provably rose by more than \(percent(objective.margin)); kept when with \(percent(limits.confidence)) \
                probability it fell by more than \(percent(limits.minimumWorthwhileEffect)); otherwise taken back as soon as that is as unlikely, \
                and when the time is over
                """)
        rollback = "\(draw.incumbent) on all replicas, asked for until it is in force"
    }
}

extension TuningExclusion {
    /// In words, with the numbers.
    public var explanation: String {
        switch self {
        case .rule(let reason), .failedBefore(let reason), .obstacle(let reason): reason
        case .tooRisky(let pessimistic, let largest):
            "the objective could rise by \(rounded(pessimistic)) log units (90 % one-sided), where \(rounded(largest)) is the most"
        case .missesObjective(let predicted, let budget):
            "\(percent(predicted)) of the requests are predicted to miss, where \(percent(budget)) may"
        }
    }
}

/// Words that mean what they say: `likely` from 0.8, `very likely` from 0.95.
private func calibratedWord(_ probability: Double) -> String {
    probability >= 0.95 ? "very likely" : probability >= 0.8 ? "likely" : "unclear"
}

private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

private func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
