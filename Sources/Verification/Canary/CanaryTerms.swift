import Statistics

/// How a canary is compared with its control group; fixed before it starts.
///
/// Two groups of equal size get equal shares of the same requests. They are compared before the change too, and what is judged is how their
/// difference changed: replicas differ, and more requests do not make that go away.
public struct CanaryTerms: Sendable, Codable, Hashable {
    /// Length of a bucket, at least a millisecond: 10 s, and more where requests are few.
    public var bucketLength: Duration
    /// A bucket with fewer requests in either group is not used.
    public var minimumRequestsPerBucket: Int
    /// For so long both groups run alike before the change.
    public var preperiod: Duration
    /// Share of the buckets before the change that must be usable, `0...1`.
    public var minimumCoverage: Double
    /// Difference of the groups before the change, as a log ratio, that is tolerated besides three standard errors.
    public var toleratedDifference: Double
    /// Both groups find so nearly the same share of their prompts in the cache when the canary is warm.
    public var hitRateTolerance: Double
    /// After this time the canary counts as warm.
    public var warmUpLimit: Duration
    /// From then to the first bucket that counts.
    public var settle: Duration
    /// Longest wait for the canary to answer what it took in before the change, which has waited under the old settings; `nil` for none.
    public var drainLimit: Duration?
    /// Fewest usable buckets before harm is called, at least 2.
    public var minimumBuckets: Int
    /// Fewest usable buckets before the change is kept.
    public var minimumBucketsToKeep: Int
    /// Number of buckets for which the bounds are tightest.
    public var tightestAfter: Double
    /// Whether the standard error also knows correlation over minutes, by whitening: where groups are near their limit, one queue is worth many
    /// buckets. It is never smaller than without.
    public var whitens: Bool
    /// Rise of a metric, as a log ratio, that is tolerated; proved harm is more than this.
    public var margins: [ComparedMetric: Double]
    /// A change is kept only if every judged metric provably rose by less than this, as a log ratio.
    public var nonInferiority: Double
    /// Odds against chance at which missed objectives speak against the change.
    public var missedEvidence: Double
    /// Fewer additional misses than this, as a share of the requests, are no harm.
    public var toleratedMisses: Double
    /// How much a metric differs from node to node, as the standard deviation of its logarithm. Nodes 3 % apart in speed differ by 5.5 % in
    /// latency under load, as batches grow on the slower ones.
    public var nodeDeviation: Double
    /// By how much the canary's level moves, as the standard deviation of a log ratio, because its replicas come back on other hardware with the
    /// change: 0 where they cannot. `nil` has it follow from ``nodeDeviation`` and ``CanaryEvidence/relocation``.
    public var hardwareDeviation: Double?
    /// One restart is enough: a canary is small and young.
    public var tripwires: TripwireLimits

    public init() {
        bucketLength = .seconds(10)
        minimumRequestsPerBucket = 3
        preperiod = .seconds(600)
        minimumCoverage = 0.8
        toleratedDifference = 0.1
        hitRateTolerance = 0.02
        warmUpLimit = .seconds(120)
        settle = .seconds(30)
        drainLimit = nil
        minimumBuckets = 8
        minimumBucketsToKeep = 12
        tightestAfter = 20
        whitens = false
        margins = [.timePerOutputToken: naturalLogarithm(1.02), .timeToFirstToken: naturalLogarithm(1.05)]
        nonInferiority = naturalLogarithm(1.05)
        missedEvidence = 300
        nodeDeviation = 0.055
        toleratedMisses = 0.01
        tripwires = TripwireLimits()
        tripwires.restarts = 1
    }
}

extension VerificationPlan {
    /// The terms of a canary under this plan.
    public var canaryTerms: CanaryTerms { canary ?? CanaryTerms() }

    /// Of each of the three guards, two metrics and missed objectives, so that together they err as seldom as ``alpha`` says.
    var canaryAlpha: Double { alpha / 3 }

    /// The rise of a metric, as a log ratio, above which a canary is taken back.
    public func canaryMargin(of metric: ComparedMetric) -> Double {
        let margin = canaryTerms.margins[metric] ?? margin
        return max(judged.contains(metric) ? margin : margin * unjudgedMarginFactor, headroom[metric] ?? 0)
    }
}
