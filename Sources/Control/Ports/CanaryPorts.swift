public import FoundationEssentials
public import Measurements
public import Verification

/// What a loop needs to try a change on a part of its target's replicas.
public struct CanaryPorts: Sendable {
    public var target: any CanaryTarget
    public var meter: any CanaryMeter

    public init(target: any CanaryTarget, meter: any CanaryMeter) {
        self.target = target
        self.meter = meter
    }
}

/// Tells what each of two groups of replicas did.
public protocol CanaryMeter: Sendable {
    /// Why no source can tell the groups apart, a clause; `nil` where one can.
    var obstacle: String? { get }
    /// Whether what is handed to each group is counted besides what ends.
    var countsArrivals: Bool { get }
    /// The buckets that ended since the newest one that is known, oldest first. Never throws: what was not seen is a bucket without requests.
    ///
    /// Asked at every look while a canary is there, never twice at a time. Of what happened before the first call nothing need be known.
    func buckets(_ look: CanaryLook) async -> [CanaryBucket]
}

/// Which groups are asked about, and since when.
public struct CanaryLook: Sendable, Hashable {
    public var experiment: UUID
    public var now: Timestamp
    /// The groups as they are now; replicas that do not count are not measured.
    public var status: CanaryStatus
    public var bucketLength: Duration
    /// The end of the newest bucket that is known, or where the first one is to begin.
    public var since: Timestamp
    public var deadline: Duration

    public init(
        experiment: UUID, now: Timestamp, status: CanaryStatus, bucketLength: Duration, since: Timestamp, deadline: Duration
    ) {
        self.experiment = experiment
        self.now = now
        self.status = status
        self.bucketLength = bucketLength
        self.since = since
        self.deadline = deadline
    }
}
