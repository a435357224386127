public import Measurements

/// What else went on around an episode and blurs its effect.
public struct ContaminationCheck: Sendable {
    /// From two windows before the decision until the episode closed: a change within it moves the baseline or the outcome.
    public var watched: ClosedRange<Timestamp>
    /// Changes of settings or replicas other than the episode's own, whoever made them.
    public var otherChanges: [Timestamp] = []
    /// When nodes or replicas were lost.
    public var losses: [Timestamp] = []
    /// Digests of model and engine at both ends; empty where unknown.
    public var engineBefore = ""
    public var engineAfter = ""
    /// Requests that failed and all requests, before and after.
    public var failuresBefore = (failed: 0, all: 0)
    public var failuresAfter = (failed: 0, all: 0)
    /// Buckets that should have data, and those that have.
    public var expectedBuckets = 0
    public var filledBuckets = 0
    /// Logarithm of the arrival rate after, and the range of those of earlier episodes; `nil` where unknown.
    public var load: Double?
    public var supportedLoad: ClosedRange<Double>?

    /// - Parameters:
    ///   - decidedAt: When the action was drawn.
    ///   - closedAt: Not before ``decidedAt``.
    ///   - window: Length of the window before the decision that serves as baseline.
    public init(decidedAt: Timestamp, closedAt: Timestamp, window: Duration) {
        let start = decidedAt.advanced(by: .zero - window - window)
        watched = min(start, closedAt)...closedAt
    }

    /// Share of buckets that may be empty.
    static let tolerableGap = 0.2
    /// A storm: more failures than this share, and three times those before.
    static let stormShare = 0.05
    static let stormGrowth = 3.0
    /// How far beyond the loads that were seen an effect is believed, log units.
    static let supportSlack = 0.1

    public var findings: Contamination {
        var found: Contamination = []
        if otherChanges.contains(where: watched.contains) { found.insert(.otherChange) }
        if losses.contains(where: watched.contains) { found.insert(.nodeLoss) }
        if !engineBefore.isEmpty, !engineAfter.isEmpty, engineBefore != engineAfter { found.insert(.newVersion) }
        if isStorm { found.insert(.errorStorm) }
        if expectedBuckets > 0, Double(expectedBuckets - filledBuckets) > Self.tolerableGap * Double(expectedBuckets) {
            found.insert(.metricGap)
        }
        if let load, let supportedLoad,
            load < supportedLoad.lowerBound - Self.supportSlack || load > supportedLoad.upperBound + Self.supportSlack
        {
            found.insert(.unsupportedLoad)
        }
        return found
    }

    private var isStorm: Bool {
        guard failuresAfter.all > 0 else { return false }
        let after = Double(failuresAfter.failed) / Double(failuresAfter.all)
        let before = failuresBefore.all > 0 ? Double(failuresBefore.failed) / Double(failuresBefore.all) : 0
        return after > Self.stormShare && after > Self.stormGrowth * before
    }
}
