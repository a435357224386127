import Statistics

/// Weighs, bucket after bucket, whether the canary's requests miss their objective more often than the control group's.
///
/// Given how many of both groups' requests missed in a bucket, the canary's share of them is binomial. Evidence is the likelihood ratio of
/// odds that are some factor above those tolerated, averaged over the factors: a martingale as long as they are not, so it may be looked at
/// after every bucket. Tolerated are the odds that the requests and the comparison before the change imply, at their 99 % bound. Misses come
/// in clusters, as a full queue misses for all who wait in it, and so every logarithm is divided by their dispersion.
struct MissedObjectives {
    private let odds: Double
    private let dispersion: Double
    private var logRatios = [Double](repeating: 0, count: factors.count)
    private var judged: [CanaryGroup: Int] = [:]
    private var missed: [CanaryGroup: Int] = [:]

    private static let factors = [1.25, 1.5, 2, 3, 5, 10, 30]
    /// What is assumed at least, as few misses before the change tell little of how they come.
    private static let minimumDispersion = 8.0

    init(before buckets: [CanaryBucket]) {
        var difference = DifferenceSeries()
        var (canary, control, requests) = (0.0, 0.0, (canary: 0.0, control: 0.0))
        for bucket in buckets where bucket.canary.judged > 0 && bucket.control.judged > 0 {
            canary += Double(bucket.canary.missed)
            control += Double(bucket.control.missed)
            requests.canary += Double(bucket.canary.judged)
            requests.control += Double(bucket.control.judged)
            difference.add(Double(bucket.canary.missed - bucket.control.missed))
        }
        let all = canary + control
        let spread = all > 0 ? (difference.longRunVariance ?? 0) * Double(difference.count) / all : 0
        dispersion = max(Self.minimumDispersion, spread)
        let share = (canary + 0.5) / (all + 1)
        let error = (share * (1 - share) / max(1, all / dispersion)).squareRoot()
        let upper = min(0.95, max(0.5, share + 2.326 * error))
        odds = upper / (1 - upper) * (requests.canary > 0 ? requests.control / requests.canary : 1)
    }

    mutating func observe(_ bucket: CanaryBucket) {
        for group in CanaryGroup.allCases {
            judged[group, default: 0] += bucket[group].judged
            missed[group, default: 0] += bucket[group].missed
        }
        guard bucket.canary.judged > 0, bucket.control.judged > 0 else { return }
        let (canary, control) = (Double(bucket.canary.missed), Double(bucket.control.missed))
        let tolerated = odds * Double(bucket.canary.judged) / Double(bucket.control.judged)
        let base = tolerated / (1 + tolerated)
        for (index, factor) in Self.factors.enumerated() {
            let share = factor * tolerated / (1 + factor * tolerated)
            let ratio = canary * naturalLogarithm(share / base) + control * naturalLogarithm((1 - share) / (1 - base))
            logRatios[index] += ratio / dispersion
        }
    }

    /// Odds against chance, at least 0.
    var evidence: Double {
        logRatios.reduce(0) { $0 + exponential(min($1, 200)) } / Double(logRatios.count)
    }

    /// The canary's share of misses less the control group's; 0 where a group has no request.
    var excess: Double { share(.canary) - share(.control) }

    private func share(_ group: CanaryGroup) -> Double {
        let count = judged[group] ?? 0
        return count > 0 ? Double(missed[group] ?? 0) / Double(count) : 0
    }
}
