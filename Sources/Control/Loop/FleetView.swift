import Synchronization

/// How many of the targets of this controller look bad now.
public final class FleetView: Sendable {
    private let degraded = Mutex<[String: Report]>([:])

    private struct Report {
        var target: String
        var isDegraded: Bool
    }

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
        degraded.withLock { reports in
            Count(targets: Set(reports.values.map(\.target)).count, degraded: Set(reports.values.filter(\.isDegraded).map(\.target)).count)
        }
    }

    /// Takes in how a policy finds its target; several policies of one target make one target.
    /// - Parameter isDegraded: Where a change is being tried out there, what is measured tells of the change rather than of a fault.
    public func report(_ policy: String, target: String, isDegraded: Bool) {
        degraded.withLock { $0[policy] = Report(target: target, isDegraded: isDegraded) }
    }

    public func forget(_ policy: String) { degraded.withLock { _ = $0.removeValue(forKey: policy) } }
}
