import Measurements

/// What a canary is to find out, and under what traffic.
public struct CanaryQuestion: Sendable, Codable, Hashable {
    public var metric: ComparedMetric
    /// The effect to be told from none, as a log ratio: below 0 a benefit that is to be proved, above 0 harm.
    public var effect: Double
    /// Ready replicas of the whole pool.
    public var readyReplicas: Int
    /// Of the whole pool, those with answers of at least 8 tokens.
    public var requestsPerSecond: Double
    /// Long-run standard deviation of one bucket's difference where an earlier canary measured it.
    public var bucketDeviation: Double?
    /// Whether what comes to each group is told besides what ends; it takes more than half of the noise.
    public var countsArrivals: Bool
    /// How long it takes until the canary's replicas are ready with the change.
    public var rollout: Duration

    public init(
        _ metric: ComparedMetric, effect: Double, readyReplicas: Int, requestsPerSecond: Double, bucketDeviation: Double? = nil,
        countsArrivals: Bool = true, rollout: Duration = .seconds(150)
    ) {
        self.metric = metric
        self.effect = effect
        self.readyReplicas = readyReplicas
        self.requestsPerSecond = requestsPerSecond
        self.bucketDeviation = bucketDeviation
        self.countsArrivals = countsArrivals
        self.rollout = rollout
    }
}

/// How long a canary will take and what it can find, told before it starts.
public struct CanaryForecast: Sendable, Codable, Hashable {
    /// Why it is not worth starting; `nil` where it is.
    public var refusal: Refusal?
    /// In each of the two groups; 0 where there are too few.
    public var replicasPerGroup: Int
    public var bucketLength: Duration
    public var preperiod: Duration
    /// Long-run standard deviation of one bucket's difference that is assumed.
    public var bucketDeviation: Double
    /// From the first bucket to the verdict, for half of all canaries with this effect; `nil` where that is beyond the time limit.
    public var usualDuration: Duration?
    /// The same for 99 in 100.
    public var longestDuration: Duration?
    /// Effects, as log ratios above 0, that 99 in 100 canaries find within the time limit.
    public var smallestDetectableHarm: Double
    public var smallestDetectableBenefit: Double

    public enum Refusal: Sendable, Codable, Hashable {
        /// Two groups of at most a quarter each need four.
        case tooFewReplicas(Int)
        case tooFewRequests(perGroupAndSecond: Double)
        /// The effect lies within what is tolerated, or is not worth having: no canary ever decides about it.
        case withinMargin
        /// More than the time limit would be needed.
        case tooLong(limit: Duration)
    }
}

extension VerificationPlan {
    /// Tells how long a canary will take, with the bucket length and the time of comparison before the change that suit it best.
    ///
    /// The long-run deviation of one bucket's difference, where it was not measured, is that of two replicas at 5.5 requests a second each, in
    /// relation to the size of the groups, and what few requests add to it. Replicas are taken to keep their nodes unless
    /// ``CanaryTerms/hardwareDeviation`` says otherwise.
    public func forecast(_ question: CanaryQuestion) -> CanaryForecast {
        let replicas = question.readyReplicas / 4
        let rate = question.requestsPerSecond * Double(replicas) / Double(max(1, question.readyReplicas))
        let bucket = Self.bucketSeconds(rate: rate)
        let deviation = question.bucketDeviation ?? Self.bucketDeviation(question, replicas, rate: rate, seconds: bucket)
        let candidates = [1.0, 2, 3].map { factor in
            CanaryDuration(
                self, question, deviation: deviation, bucket: bucket, preperiod: canaryTerms.preperiod.inSeconds * factor)
        }
        let longest = candidates.compactMap { $0.total(quantile: CanaryDuration.nearlyAll) }.min()
        let chosen = candidates.first { longest != nil && $0.total(quantile: CanaryDuration.nearlyAll) == longest } ?? candidates[2]
        var forecast = CanaryForecast(
            refusal: nil, replicasPerGroup: replicas, bucketLength: .seconds(bucket), preperiod: .seconds(chosen.preperiod),
            bucketDeviation: deviation, usualDuration: chosen.total(quantile: 0).map { .seconds($0) },
            longestDuration: longest.map { .seconds($0) }, smallestDetectableHarm: chosen.smallestDetectable(isHarm: true),
            smallestDetectableBenefit: chosen.smallestDetectable(isHarm: false))
        if question.readyReplicas < 4 {
            forecast.refusal = .tooFewReplicas(question.readyReplicas)
        } else if !(rate >= Self.fewestRequestsPerSecond) {
            forecast.refusal = .tooFewRequests(perGroupAndSecond: rate)
        } else if chosen.slack <= 0 {
            forecast.refusal = .withinMargin
        } else if longest == nil {
            forecast.refusal = .tooLong(limit: timeLimit)
        }
        return forecast
    }

    /// The plan with the bucket length and the time of comparison that a forecast chose.
    public func fitted(to forecast: CanaryForecast) -> VerificationPlan {
        var plan = self
        var terms = canaryTerms
        terms.bucketLength = forecast.bucketLength
        terms.preperiod = forecast.preperiod
        plan.canary = terms
        return plan
    }

    private static let fewestRequestsPerSecond = 0.05

    /// Whole seconds in which twice as many requests come to a group as a bucket needs.
    private static func bucketSeconds(rate: Double) -> Double {
        guard rate > 0 else { return 120 }
        return min(120, max(10, (6 / rate).rounded(.up)))
    }

    private static func bucketDeviation(_ question: CanaryQuestion, _ replicas: Int, rate: Double, seconds: Double) -> Double {
        let ofRequest = question.metric == .timeToFirstToken ? 0.49 : 0.19
        let ofQueues =
            switch (question.metric, question.countsArrivals) {
            case (.timePerOutputToken, true): 0.06
            case (.timePerOutputToken, false): 0.13
            case (.timeToFirstToken, true): 0.1
            case (.timeToFirstToken, false): 0.14
            }
        let common = ofQueues * ofQueues * 2 / Double(max(1, replicas)) * 10 / seconds
        return (common + 2 * ofRequest * ofRequest / max(1, rate * seconds)).squareRoot()
    }
}

/// How long one way to run a canary takes.
private struct CanaryDuration {
    let plan: VerificationPlan
    let question: CanaryQuestion
    let deviation: Double
    /// Seconds.
    let bucket: Double
    let preperiod: Double

    /// Standard normal quantile for 99 %.
    static let nearlyAll = 2.326

    init(_ plan: VerificationPlan, _ question: CanaryQuestion, deviation: Double, bucket: Double, preperiod: Double) {
        self.plan = plan
        self.question = question
        self.deviation = deviation
        self.bucket = bucket
        self.preperiod = preperiod
    }

    private var isHarm: Bool { question.effect > 0 }

    private func threshold(isHarm: Bool) -> Double { isHarm ? plan.canaryMargin(of: question.metric) : plan.minimumBenefit }

    /// By how much the effect exceeds what must be exceeded.
    var slack: Double { abs(question.effect) - threshold(isHarm: isHarm) }

    private var mostBuckets: Int { max(1, Int(min(plan.timeLimit.inSeconds / bucket, 1e6))) }

    /// Seconds from the first bucket to the verdict; `nil` where the time limit comes first.
    func total(quantile: Double) -> Double? {
        let fewest = isHarm ? plan.canaryTerms.minimumBuckets : plan.canaryTerms.minimumBucketsToKeep
        guard fewest <= mostBuckets, needed(mostBuckets, quantile, isHarm: isHarm) <= slack else { return nil }
        guard let count = (fewest...mostBuckets).first(where: { needed($0, quantile, isHarm: isHarm) <= slack }) else { return nil }
        return preperiod + question.rollout.inSeconds + plan.canaryTerms.settle.inSeconds + Double(count) * bucket
    }

    func smallestDetectable(isHarm: Bool) -> Double {
        threshold(isHarm: isHarm) + needed(mostBuckets, Self.nearlyAll, isHarm: isHarm)
    }

    /// Half the interval after so many buckets, and as many standard errors.
    private func needed(_ count: Int, _ quantile: Double, isHarm: Bool) -> Double {
        let alpha = isHarm ? plan.canaryAlpha : plan.benefitAlpha
        let distance = ConfidenceSequence(alpha: alpha, tightestAfter: plan.canaryTerms.tightestAfter).distance(after: count)
        let ofBefore = isHarm ? Self.quantileOfHarm : Self.quantileOfBenefit
        let countBefore = max(1, (preperiod / bucket).rounded(.down))
        let variance = deviation * deviation
        let ofHardware = plan.canaryTerms.hardwareDeviation ?? 0
        let ofLevel = variance / countBefore + ofHardware * ofHardware
        let halfWidth = (variance * distance * distance + ofBefore * ofBefore * ofLevel).squareRoot()
        return halfWidth + quantile * (variance / Double(count) + ofLevel).squareRoot()
    }

    /// For a sixth of 1 %, as harm is judged at a third.
    private static let quantileOfHarm = 2.935
    /// For 5 %, as benefits are judged at 10 %.
    private static let quantileOfBenefit = 1.645
}
