import Policies
import Statistics

/// One limit of the objective beside the figure that is held against it.
public struct ObjectiveGap: Sendable, Codable, Hashable {
    /// E.g. `ttft p95`.
    public var name: String
    /// The figure a change moves when it moves this one; `nil` where no change is predicted to.
    public var outcome: Outcome?
    /// `ln(observed / limit)` where more is worse, `ln(limit / observed)` where less is worse: positive is a miss.
    public var excess: Double
    /// +1 where more is worse (latency), −1 where less is worse (throughput).
    public var direction: Double

    public init(name: String, outcome: Outcome?, excess: Double, direction: Double) {
        self.name = name
        self.outcome = outcome
        self.excess = excess
        self.direction = direction
    }
}

/// What a predicted effect is worth under the objective.
public struct Utility: Sendable, Codable, Hashable {
    /// Expected fall of the miss, summed over the limits, in log units: 0.10 is about 10 % of a limit.
    public var missReduction: Double
    /// Log cost ratio times the price of cost, subtracted.
    public var costPenalty: Double
    /// `missReduction − costPenalty`.
    public var total: Double
    /// Probability that no limit gets worse by more than 3 %, in `0...1`.
    public var safety: Double
    /// Probability that the figure the trigger is about gets better, in `0...1`.
    public var confidence: Double
}

/// How the objective weighs latency, throughput and cost.
public struct UtilityModel: Sendable, Hashable {
    /// What a doubling of cost outweighs: `priceOfCost · ln 2` log units of latency.
    public var priceOfCost = 0.1
    /// A gain below this is not worth a change: 3 % of the aimed figure.
    public var minimumGain = 0.03
    /// What no change may risk, whatever it promises.
    public var gate = PessimisticGate()
    /// Distance from a limit, in log units, within which being near it already counts as a part of missing it.
    public var limitUncertainty = 0.05

    public init() {}

    /// The worth of an effect for these limits; `aim` is the outcome the trigger is about.
    public func utility(of effect: PredictedEffect, gaps: [ObjectiveGap], aim: Outcome?) -> Utility {
        var reduction = 0.0
        var safety = 1.0
        for gap in gaps {
            guard let outcome = gap.outcome, let estimate = effect.outcomes[outcome] else { continue }
            let shift = gap.direction * estimate.logRatio
            let before = expectedExcess(mean: gap.excess, deviation: limitUncertainty)
            let spread = (estimate.deviation * estimate.deviation + limitUncertainty * limitUncertainty).squareRoot()
            reduction += before - expectedExcess(mean: gap.excess + shift, deviation: spread)
            // Only a limit that is missed or would be missed can be harmed; head-room may be used up.
            let margin = max(minimumGain, minimumGain - gap.excess)
            if estimate.deviation > 0 {
                safety = min(safety, standardNormalCumulative((margin - shift) / estimate.deviation))
            } else if shift > margin {
                safety = 0
            }
        }
        let cost = priceOfCost * (effect.outcomes[.cost]?.logRatio ?? 0)
        return Utility(
            missReduction: reduction, costPenalty: cost, total: reduction - cost, safety: safety,
            confidence: confidence(of: effect, aim: aim))
    }

    /// The reason why a candidate must not be tried, whatever it promises.
    public func veto(_ effect: PredictedEffect, gaps: [ObjectiveGap]) -> String? {
        for gap in gaps {
            guard let outcome = gap.outcome, let estimate = effect.outcomes[outcome] else { continue }
            let harm = EffectEstimate(logRatio: gap.direction * estimate.logRatio, deviation: estimate.deviation)
            let pessimistic = gate.pessimistic(harm)
            if !gate.admits(harm), gap.excess + pessimistic > 0 {
                // Less of a figure is a fall, which ends at 100 %; more of one has no end.
                let worse = gap.direction < 0 ? -expm1(-pessimistic) : expm1(pessimistic)
                let amount = worse > 10 ? "more than tenfold" : "by \(FigureText.percent((worse * 100).rounded() / 100))"
                return "\(gap.name) could get worse \(amount) (90 % one-sided) and miss its limit"
            }
        }
        return nil
    }

    private func confidence(of effect: PredictedEffect, aim: Outcome?) -> Double {
        guard let aim, let estimate = effect.outcomes[aim] else { return 0.5 }
        return aim == .throughput ? 1 - estimate.probabilityOfFall : estimate.probabilityOfFall
    }
}
