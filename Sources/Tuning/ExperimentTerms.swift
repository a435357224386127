public import Measurements
public import Verification

/// How long the parts of an experiment take, and what it must show. Defaults: control dossier §3.8, §3.12 and §3.16.
public struct ExperimentTerms: Sendable, Codable, Hashable {
    /// Both groups run alike for so long, so that what they differ by anyhow is known.
    public var alike: Nanoseconds
    /// Share of that time's buckets that must have been measured, `0...1`.
    public var coverage: Double
    /// Groups that differ by more than this and three standard errors, in log units, are not comparable.
    public var largestDifference: Double
    /// Groups that are not comparable are drawn again from other replicas, until so many were.
    public var groupDraws = 3
    /// A change that has not come to the canary by then is taken back.
    public var rollout = Nanoseconds(seconds: 900)
    public var settle: Nanoseconds
    /// Longest wait for a cache as warm as the control's.
    public var warmUp: Nanoseconds
    /// Longest wait for answers to what the canary took in before the change.
    public var drain = Nanoseconds(seconds: 1_800)
    /// An effect that has not shown itself by then is none.
    public var observation = Nanoseconds(seconds: 1_800)
    /// Fewest pairs of buckets before a change is kept.
    public var pairs: Int
    /// Seconds for which a change is compared at least before it is kept: near its limit a group can be behind by chance for two minutes.
    private static let shortestProof = 240.0
    /// Fewest pairs of buckets before a change is given up because it hardly can be worthwhile.
    public var pairsToGiveUp = 6
    /// A holdout is watched so long.
    public var holdout = Nanoseconds(seconds: 300)
    /// After the change has come everywhere it is watched at least so long.
    public var probation = Nanoseconds(seconds: 1_800)
    /// After so long the load of the last day counts as that to be seen, and no longer that from before the change.
    public var longestWaitForPeak = Nanoseconds(seconds: 86_400)
    /// A side effect that has not shown itself is asked for again.
    public var retry = Nanoseconds(seconds: 30)
    public static let longestRetry = Nanoseconds(seconds: 300)

    /// - Parameter canary: How the groups are compared; what both speak of is taken from there.
    public init(canary: CanaryTerms = CanaryTerms()) {
        alike = Nanoseconds(seconds: canary.preperiod.inSeconds)
        coverage = canary.minimumCoverage
        largestDifference = canary.toleratedDifference
        settle = Nanoseconds(seconds: canary.settle.inSeconds)
        warmUp = Nanoseconds(seconds: canary.warmUpLimit.inSeconds)
        pairs = max(canary.minimumBucketsToKeep, Int((Self.shortestProof / max(1, canary.bucketLength.inSeconds)).rounded(.up)))
    }
}
