import Learning
import Measurements
import Statistics

/// Follows one metric from before a change to after it.
///
/// Each question is asked where an error of the load model speaks against the answer: for harm, loads above those seen before are left out
/// and loads below count as the lowest seen; for benefit the other way round.
struct MetricMonitor {
    let metric: ComparedMetric
    private let plan: VerificationPlan
    private let before: MetricFinding.BlockUse
    private(set) var after = MetricFinding.BlockUse()
    private(set) var harm: MeanShift?
    private(set) var benefit: MeanShift?
    /// The last block that requests may still be waiting in because of an unseen load.
    private var unseenUntil = Int.min

    /// For so long after an unseen load what piled up under it is being worked off.
    private static let recoveryBlocks = 4

    init(_ metric: ComparedMetric, before entries: some BidirectionalCollection<LoadSeries.Entry>, plan: VerificationPlan) {
        self.metric = metric
        self.plan = plan
        var use = MetricFinding.BlockUse()
        use.trigger = min(plan.triggerBlocks, entries.count)
        var points: [LoadRegression.Point] = []
        for entry in entries.dropLast(plan.triggerBlocks) {
            guard let (point, count) = Self.point(of: entry, metric, plan, &use) else { continue }
            points.append(point)
            use.used += 1
            use.requests += count
        }
        before = use
        guard points.count >= max(4, plan.minimumBlocksBefore), let regression = LoadRegression(points) else { return }
        harm = MeanShift(regression: regression, tightestAfter: plan.tightestAfter)
        benefit = harm
    }

    mutating func observe(_ entry: LoadSeries.Entry) {
        guard let (point, count) = Self.point(of: entry, metric, plan, &after), let support = harm?.regression.support else { return }
        if point.predictor > support.upperBound { unseenUntil = point.index + Self.recoveryBlocks }
        if point.index > unseenUntil {
            let predictor = max(point.predictor, support.lowerBound)
            let isUsed = harm?.record(index: point.index, predictor: predictor, outcome: point.outcome, requests: count) ?? false
            after.used += isUsed ? 1 : 0
            after.leading += isUsed ? 0 : 1
            after.requests += isUsed ? count : 0
        } else {
            after.unseenLoad += 1
        }
        if point.predictor >= support.lowerBound {
            let predictor = min(point.predictor, support.upperBound)
            _ = benefit?.record(index: point.index, predictor: predictor, outcome: point.outcome, requests: count)
        }
    }

    /// The whole interval lies above the tolerated rise. Not asked where most blocks were under loads that were not seen before: those
    /// between them would stand for a pool they are not typical of.
    var isHarmed: Bool {
        guard let harm, isEnough(harm), after.unseenLoad <= after.used, let halfWidth = harm.halfWidth(alpha: plan.alpha) else {
            return false
        }
        return harm.estimate - halfWidth > plan.margin(of: metric)
    }

    /// The whole interval lies below the tolerated rise.
    var isNotHarmed: Bool {
        guard let benefit, isEnough(benefit), let halfWidth = benefit.halfWidth(alpha: plan.alpha) else { return false }
        return benefit.estimate + halfWidth < plan.margin(of: metric)
    }

    /// The whole interval lies below zero, and the fall is worth having.
    var isImproved: Bool {
        guard let benefit, isEnough(benefit), let halfWidth = benefit.halfWidth(alpha: plan.benefitAlpha) else { return false }
        return benefit.estimate + halfWidth < 0 && benefit.estimate <= -plan.minimumBenefit
    }

    var isMeasured: Bool { after.unseenLoad <= after.used && (harm.map(isEnough) ?? false) }

    var finding: MetricFinding {
        var finding = MetricFinding(
            metric: metric, isJudged: plan.judged.contains(metric), margin: plan.margin(of: metric), before: before, after: after)
        guard let harm else { return finding }
        finding.loadFit = .init(
            terms: harm.regression.terms, autocorrelation: harm.regression.autocorrelation,
            residualDeviation: harm.regression.residualDeviation)
        guard let deviation = harm.deviation, let halfWidth = harm.halfWidth(alpha: plan.alpha) else { return finding }
        finding.effect = EffectEstimate(logRatio: harm.estimate, deviation: deviation)
        finding.interval = harm.estimate - halfWidth...harm.estimate + halfWidth
        finding.smallestDetectableHarm = finding.margin + halfWidth
        return finding
    }

    private func isEnough(_ shift: MeanShift) -> Bool {
        shift.used >= plan.minimumBlocks && shift.requests >= plan.minimumRequests
    }

    private static func point(
        of entry: LoadSeries.Entry, _ metric: ComparedMetric, _ plan: VerificationPlan, _ use: inout MetricFinding.BlockUse
    ) -> (LoadRegression.Point, requests: Int)? {
        guard let mean = metric.mean(of: entry.block) else {
            use.empty += 1
            return nil
        }
        guard mean.count >= plan.minimumRequestsPerBlock else {
            use.tooFewRequests += 1
            return nil
        }
        let predictor = naturalLogarithm(plan.engine.latency(metric, under: entry.load))
        guard predictor.isFinite, abs(mean.mean) < 100 else {
            use.empty += 1
            return nil
        }
        return (LoadRegression.Point(index: entry.index, predictor: predictor, outcome: mean.mean), mean.count)
    }
}
