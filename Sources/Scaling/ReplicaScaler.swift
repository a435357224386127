public import Measurements

/// Decides how many replicas are wanted: our planner, and every autoscaler it is compared with.
///
/// A value that is told what happened, period after period; it has no clock and reads nothing else.
public protocol ReplicaScaler: Sendable {
    /// As reports name it.
    var name: String { get }
    /// How often it is asked; above 0.
    var period: Nanoseconds { get }
    /// How many replicas are to run from now on; whoever asks keeps it within the limits of the Deployment.
    mutating func replicas(after observation: ScalingObservation) -> Int
}

/// The same number of replicas at all times.
public struct FixedFleet: ReplicaScaler {
    public let count: Int

    public init(_ count: Int) { self.count = count }

    public var name: String { "fixed \(count)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 60) }
    public mutating func replicas(after observation: ScalingObservation) -> Int { count }
}
