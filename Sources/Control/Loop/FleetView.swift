import Synchronization

/// How many of the targets of this controller look bad now.
public final class FleetView: Sendable {
    private let degraded = Mutex<[String: Bool]>([:])

    public init() {}

    /// How many there are, and how many of them look bad.
    public struct Count: Sendable, Hashable {
        public var targets: Int
        public var degraded: Int

        public init(targets: Int, degraded: Int) {
            self.targets = targets
            self.degraded = degraded
        }

        /// Whether the measurements are to be doubted rather than the targets.
        public var isDoubtful: Bool {
            targets >= ActingLimits.smallestFleet && Double(degraded) > ActingLimits.doubtfulShare * Double(targets)
        }
    }

    public var count: Count {
        degraded.withLock { Count(targets: $0.count, degraded: $0.values.count { $0 }) }
    }

    public func report(_ policy: String, isDegraded: Bool) { degraded.withLock { $0[policy] = isDegraded } }

    public func forget(_ policy: String) { degraded.withLock { _ = $0.removeValue(forKey: policy) } }
}
