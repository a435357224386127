import Learning
import Measurements
import Statistics
public import Verification

/// What is to become small: a weighted mean of the logarithms of latencies, so that one may be bought with the other.
public struct TuningObjective: Sendable, Codable, Hashable {
    /// Sum to 1; a metric without a weight only may not be harmed.
    public let weights: [ComparedMetric: Double]
    /// Rise of the objective, log units, beyond which a change is proved to do harm.
    public var margin = naturalLogarithm(1.02)
    /// A change is kept only where the objective provably rose by less than this, log units.
    public var nonInferiority = naturalLogarithm(1.05)

    /// - Parameter weights: At least 0 and not all 0; they are scaled to sum to 1.
    public init(weights: [ComparedMetric: Double]) {
        let sum = weights.values.sorted().reduce(0, +)
        precondition(sum > 0 && sum.isFinite && weights.values.allSatisfy { $0 >= 0 }, "weights of an objective are \(weights)")
        self.weights = weights.mapValues { $0 / sum }
    }

    /// `½ log(TTFT) + ½ log(TPOT)`.
    public static let latency = TuningObjective(weights: [.timeToFirstToken: 0.5, .timePerOutputToken: 0.5])

    /// The plan of a comparison whose end this objective decides: single metrics only end it where they leave the room they have, and none of them
    /// ends it well. What is tuned is often near its limit, and so queues that last for minutes are allowed for.
    /// - Parameter room: By how much each metric may rise, log ratio: up to its own limit, e.g.; where there is none, the usual margins hold.
    public func plan(
        _ base: VerificationPlan = VerificationPlan(), terms: ExperimentTerms, room: [ComparedMetric: Double]
    ) -> VerificationPlan {
        var plan = base
        plan.judged = ComparedMetric.allCases.filter { (weights[$0] ?? 0) > 0 }
        plan.aim = .lower(plan.judged[0])
        plan.headroom = room
        plan.minimumBenefit = .greatestFiniteMagnitude
        plan.timeLimit = terms.observation.duration * 2
        var canary = plan.canaryTerms
        canary.whitens = true
        plan.canary = canary
        return plan
    }

    /// Fewer pairs of buckets prove no harm: how much they vary is not known yet.
    public static let fewestPairs = 4

    /// What a comparison says of this objective; `nil` while a metric has not been measured.
    ///
    /// How far the errors of metrics go together is not known, and so they are taken to go together entirely: deviations add up.
    public func comparison(_ finding: VerificationFinding) -> ComparisonReading? {
        var effect = EffectEstimate.none
        var (lower, upper) = (0.0, 0.0)
        var pairs = Int.max
        for (metric, weight) in weights.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where weight > 0 {
            guard let found = finding[metric], let estimate = found.effect, let interval = found.interval else { return nil }
            effect.logRatio += weight * estimate.logRatio
            effect.deviation += weight * estimate.deviation
            lower += weight * interval.lowerBound
            upper += weight * interval.upperBound
            pairs = min(pairs, found.after.used)
        }
        guard effect.logRatio.isFinite, effect.deviation.isFinite else { return nil }
        var harm: String?
        if finding.verdict == .worsened { harm = finding.explanation }
        if pairs >= Self.fewestPairs, lower > margin {
            harm = "the objective rose by \((lower * 1_000).rounded() / 10) % of a log unit at least"
        }
        return ComparisonReading(pairs: pairs, effect: effect, harm: harm, isNotHarmed: upper < nonInferiority)
    }

    /// How two groups differ that ought to be alike, from a comparison without a change yet; `nil` while a metric has not been measured.
    public func alike(_ finding: VerificationFinding, buckets: Int) -> AlikeReading? {
        var difference = EffectEstimate.none
        var used = Int.max
        for (metric, weight) in weights where weight > 0 {
            guard let found = finding[metric], let groups = found.groups else { return nil }
            difference.logRatio += weight * groups.difference
            difference.deviation += weight * groups.standardError
            used = min(used, found.before.used)
        }
        return AlikeReading(difference: difference, coverage: buckets > 0 ? Double(used) / Double(buckets) : 0)
    }
}
