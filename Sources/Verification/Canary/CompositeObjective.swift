public import Learning
import Statistics

/// What is to become small: a weighted mean of the logarithms of latencies, so that one may be bought with the other.
public struct CompositeObjective: Sendable, Codable, Hashable {
    /// Weights of the time to first token and of the time per output token; they sum to 1. A metric without a weight only may not be harmed.
    public let ttft: Double
    public let tpot: Double
    /// Rise of the objective, log units, beyond which a change is proved to do harm.
    public var margin = naturalLogarithm(1.02)
    /// A change is kept only where the objective provably rose by less than this, log units.
    public var nonInferiority = naturalLogarithm(1.05)

    /// - Parameters: Weights, at least 0 and not both 0; they are scaled to sum to 1.
    public init(ttft: Double, tpot: Double) {
        let sum = ttft + tpot
        precondition(sum > 0 && sum.isFinite && ttft >= 0 && tpot >= 0, "weights of an objective are \(ttft) and \(tpot)")
        self.ttft = ttft / sum
        self.tpot = tpot / sum
    }

    /// `½ log(TTFT) + ½ log(TPOT)`.
    public static let latency = CompositeObjective(ttft: 0.5, tpot: 0.5)

    public func weight(of metric: ComparedMetric) -> Double {
        switch metric {
        case .timeToFirstToken: ttft
        case .timePerOutputToken: tpot
        }
    }

    /// Those with a weight.
    public var metrics: [ComparedMetric] { ComparedMetric.allCases.filter { weight(of: $0) > 0 } }

    /// The metric with the largest weight; of equals the time per token.
    public var heaviest: ComparedMetric { ttft > tpot ? .timeToFirstToken : .timePerOutputToken }

    /// Fewer pairs of buckets prove no harm: how much they vary is not known yet.
    static let fewestPairs = 4

    /// What is known of it; `nil` while a metric has not been measured.
    ///
    /// How far the errors of metrics go together is not known, and so they are taken to go together entirely: deviations add up.
    public func finding(_ metrics: [MetricFinding]) -> ObjectiveFinding? {
        var effect = EffectEstimate.none
        var (lower, upper) = (0.0, 0.0)
        var pairs = Int.max
        for metric in self.metrics {
            let weight = weight(of: metric)
            guard let found = metrics.first(where: { $0.metric == metric }), let estimate = found.effect, let interval = found.interval
            else { return nil }
            effect.logRatio += weight * estimate.logRatio
            effect.deviation += weight * estimate.deviation
            lower += weight * interval.lowerBound
            upper += weight * interval.upperBound
            pairs = min(pairs, found.after.used)
        }
        guard effect.logRatio.isFinite, effect.deviation.isFinite, lower <= upper else { return nil }
        return ObjectiveFinding(pairs: pairs, effect: effect, interval: lower...upper)
    }

    /// By how much groups that ought to be alike differ, with its standard error, log units; `nil` while a metric has not been measured.
    func difference(_ metrics: [MetricFinding]) -> EffectEstimate? {
        var difference = EffectEstimate.none
        for metric in self.metrics {
            guard let groups = metrics.first(where: { $0.metric == metric })?.groups else { return nil }
            difference.logRatio += weight(of: metric) * groups.difference
            difference.deviation += weight(of: metric) * groups.standardError
        }
        return difference
    }
}

/// What is known about the effect of a change on an objective of several metrics.
public struct ObjectiveFinding: Sendable, Codable, Hashable {
    /// Pairs of buckets since the change.
    public var pairs: Int
    /// Log ratio, with its standard deviation at this moment.
    public var effect: EffectEstimate
    /// Bounds of the log ratio that hold at all looks together.
    public var interval: ClosedRange<Double>

    func isHarm(_ objective: CompositeObjective) -> Bool {
        pairs >= CompositeObjective.fewestPairs && interval.lowerBound > objective.margin
    }

    /// Whether it fell by more than what is worth a change, with the confidence the plan asks for. Near its limit a group can be behind by chance
    /// for two minutes.
    func isImprovement(_ plan: VerificationPlan) -> Bool {
        let terms = plan.canaryTerms
        return pairs >= terms.minimumBucketsToKeep && terms.bucketLength * pairs >= Self.shortestProof
            && effect.probabilityOfFall(beyond: plan.minimumBenefit) >= 1 - plan.benefitAlpha
    }

    /// As sure that the fall is not worthwhile as it would have to be that it is. What may do harm at a higher load is in force no longer than needed.
    func isHopeless(_ plan: VerificationPlan) -> Bool {
        pairs >= Self.pairsToGiveUp && effect.probabilityOfFall(beyond: plan.minimumBenefit) <= plan.benefitAlpha
    }

    private static let shortestProof = Duration.seconds(240)
    static let pairsToGiveUp = 6
}

extension VerificationPlan {
    /// The plan of a canary that such an objective decides: single metrics end it where they rise by more than the room they have, and none of
    /// them ends it well. What is tuned is often near its limit, and so queues that last for minutes are allowed for.
    /// - Parameters:
    ///   - worthwhile: Smallest fall of the objective that is worth a change, log units.
    ///   - confidence: With which probability it must have fallen by more than that.
    public func judging(_ objective: CompositeObjective, worthwhile: Double, confidence: Double) -> VerificationPlan {
        var plan = self
        plan.objective = objective
        plan.judged = objective.metrics
        plan.aim = .lower(objective.heaviest)
        plan.minimumBenefit = worthwhile
        plan.benefitAlpha = 1 - confidence
        var canary = plan.canaryTerms
        canary.whitens = true
        plan.canary = canary
        return plan
    }
}
