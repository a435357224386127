import Learning
import Statistics

/// Follows the difference of two groups in one metric from before a change to after it.
struct PairedMetric {
    let metric: ComparedMetric
    private let plan: VerificationPlan
    private let terms: CanaryTerms
    private let levelDeviation: Double
    private let lengths: LengthAdjustment
    private let arrivals: ArrivalAdjustment
    private var previous: CanaryBucket?
    private(set) var before: DifferenceSeries
    private(set) var after: DifferenceSeries
    private(set) var useBefore = MetricFinding.BlockUse()
    private(set) var useAfter = MetricFinding.BlockUse()
    private let harmBound: Bound
    private let noHarmBound: Bound
    private let benefitBound: Bound

    /// A confidence sequence and, for what was estimated before it began, a quantile of the normal distribution.
    private struct Bound {
        let sequence: ConfidenceSequence
        let quantile: Double

        init(alpha: Double, _ terms: CanaryTerms) {
            sequence = ConfidenceSequence(alpha: alpha, tightestAfter: terms.tightestAfter)
            quantile = standardNormalQuantile(1 - alpha / 2)
        }
    }

    /// - Parameter levelDeviation: By how much the canary's level moves with the change whatever the change does, as a standard deviation.
    init(_ metric: ComparedMetric, before buckets: [CanaryBucket], levelDeviation: Double, plan: VerificationPlan) {
        self.metric = metric
        self.plan = plan
        self.levelDeviation = levelDeviation
        terms = plan.canaryTerms
        before = DifferenceSeries(whitens: terms.whitens)
        after = DifferenceSeries(whitens: terms.whitens)
        harmBound = Bound(alpha: plan.canaryAlpha, terms)
        noHarmBound = Bound(alpha: plan.alpha, terms)
        benefitBound = Bound(alpha: plan.benefitAlpha, terms)
        var control = AdjustableSum()
        for bucket in buckets { control.add(bucket.control.firstToken) }
        lengths = LengthAdjustment(control)
        var points: [(regressors: ArrivalAdjustment.Regressors?, difference: Double)] = []
        for (position, bucket) in buckets.enumerated() {
            guard let difference = Self.difference(in: bucket, metric, lengths, terms, &useBefore) else { continue }
            let previous = position > 0 ? buckets[position - 1] : nil
            points.append((ArrivalAdjustment.regressors(of: bucket, after: previous), difference))
        }
        arrivals = ArrivalAdjustment(points)
        for point in points { before.add(point.difference - arrivals.expected(point.regressors)) }
    }

    mutating func observe(_ bucket: CanaryBucket) {
        defer { previous = bucket }
        guard let difference = Self.difference(in: bucket, metric, lengths, terms, &useAfter) else { return }
        after.add(difference - arrivals.expected(ArrivalAdjustment.regressors(of: bucket, after: previous)))
    }

    /// Canary less control, as log ratio.
    private static func difference(
        in bucket: CanaryBucket, _ metric: ComparedMetric, _ lengths: LengthAdjustment, _ terms: CanaryTerms,
        _ use: inout MetricFinding.BlockUse
    ) -> Double? {
        func count(_ group: GroupBucket) -> Int { metric == .timeToFirstToken ? group.firstToken.count : group.perToken.count }
        func mean(_ group: GroupBucket) -> Double? {
            switch metric {
            case .timeToFirstToken: lengths.mean(of: group.firstToken)
            case .timePerOutputToken: group.perToken.count > 0 ? group.perToken.sum / Double(group.perToken.count) : nil
            }
        }
        let counts = CanaryGroup.allCases.map { count(bucket[$0]) }
        guard let fewest = counts.min(), fewest > 0 else {
            use.empty += 1
            return nil
        }
        guard fewest >= terms.minimumRequestsPerBucket else {
            use.tooFewRequests += 1
            return nil
        }
        guard let canary = mean(bucket.canary), let control = mean(bucket.control), (canary - control).isFinite else {
            use.empty += 1
            return nil
        }
        use.used += 1
        use.requests += count(bucket.canary)
        return canary - control
    }

    // MARK: What is known

    /// Buckets do not agree better than to half a percent, however quiet they were.
    private static let varianceFloor = 0.005 * 0.005

    private var varianceBefore: Double? { before.longRunVariance.map { max($0 * arrivals.inflation, Self.varianceFloor) } }

    /// Of the mean difference before.
    private var squaredErrorBefore: Double? { varianceBefore.map { $0 / Double(before.count) } }

    /// Of the difference that would be there without the change's effect.
    private var squaredErrorOfLevel: Double? { squaredErrorBefore.map { $0 + levelDeviation * levelDeviation } }

    /// Of one bucket after the change: few buckets look quieter than they are.
    private var variance: Double? {
        guard let varianceBefore, let found = after.longRunVariance else { return nil }
        return max(found, varianceBefore)
    }

    /// As ``variance``, for keeping, where an error costs less: many buckets show by themselves how quiet it has become, and half of the noise
    /// before the change is all they are held to. Load that was high before and is not now would otherwise keep a benefit from being seen.
    private var varianceToKeep: Double? {
        guard let varianceBefore, let found = after.longRunVariance, after.count > 0 else { return nil }
        let share = max(0.5, min(1, Double(terms.minimumBucketsToKeep) / Double(after.count)))
        return max(found, varianceBefore * share)
    }

    /// How the difference changed, as a log ratio.
    var estimate: Double { after.mean - before.mean }

    private var deviation: Double? {
        guard let variance, let squaredErrorOfLevel else { return nil }
        return (variance / Double(after.count) + squaredErrorOfLevel).squareRoot()
    }

    private func halfWidth(_ bound: Bound, _ variance: Double?) -> Double? {
        guard let variance, let squaredErrorOfLevel else { return nil }
        let distance = bound.sequence.distance(after: after.count)
        return (variance * distance * distance + bound.quantile * bound.quantile * squaredErrorOfLevel).squareRoot()
    }

    private var mostTolerated: Double { max(terms.nonInferiority, plan.canaryMargin(of: metric)) }

    // MARK: What follows

    /// The difference of the groups before the change, where it is larger than chance and different hardware explain.
    var incomparableDifference: Double? {
        guard let squaredErrorBefore else { return nil }
        return abs(before.mean) > 3 * squaredErrorBefore.squareRoot() + terms.toleratedDifference ? before.mean : nil
    }

    /// Whether enough buckets came before the change to compare with, of so many.
    func isCovered(of buckets: Int) -> Bool {
        before.count >= max(4, plan.minimumBlocksBefore) && Double(before.count) >= terms.minimumCoverage * Double(buckets)
    }

    var isHarmed: Bool {
        guard after.count >= terms.minimumBuckets, let halfWidth = halfWidth(harmBound, variance) else { return false }
        return estimate - halfWidth > plan.canaryMargin(of: metric)
    }

    var isNotHarmed: Bool {
        guard isEnoughToKeep, let halfWidth = halfWidth(noHarmBound, varianceToKeep) else { return false }
        return estimate + halfWidth < mostTolerated
    }

    var isImproved: Bool {
        guard isEnoughToKeep, let halfWidth = halfWidth(benefitBound, varianceToKeep) else { return false }
        return estimate + halfWidth < -plan.minimumBenefit
    }

    /// As ``isNotHarmed`` and ``isImproved``, for a look that is the only one of its kind.
    var isNotHarmedAtLast: Bool {
        guard isEnoughToKeep, let deviation else { return false }
        return standardNormalCumulative((mostTolerated - estimate) / deviation) >= 1 - plan.alpha
    }

    var isImprovedAtLast: Bool { isEnoughToKeep && (probabilityWorthwhile ?? 0) >= 1 - plan.benefitAlpha }

    var isMeasured: Bool { after.count >= terms.minimumBuckets && before.count >= 2 }

    private var isEnoughToKeep: Bool { after.count >= terms.minimumBucketsToKeep }

    private var probabilityWorthwhile: Double? {
        deviation.map { standardNormalCumulative((-plan.minimumBenefit - estimate) / $0) }
    }

    var finding: MetricFinding {
        var finding = MetricFinding(
            metric: metric, isJudged: plan.judged.contains(metric), margin: plan.canaryMargin(of: metric), before: useBefore,
            after: useAfter)
        guard let varianceBefore, let squaredErrorBefore else { return finding }
        finding.groups = .init(
            difference: before.mean, standardError: squaredErrorBefore.squareRoot(), bucketDeviation: varianceBefore.squareRoot())
        guard let deviation, let halfWidth = halfWidth(harmBound, variance) else { return finding }
        finding.effect = EffectEstimate(logRatio: estimate, deviation: deviation)
        finding.interval = estimate - halfWidth...estimate + halfWidth
        finding.smallestDetectableHarm = finding.margin + halfWidth
        finding.probabilityWorthwhile = probabilityWorthwhile
        return finding
    }
}
