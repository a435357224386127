public import Measurements

/// The `behavior` of a HorizontalPodAutoscaler: how fast what it wants is followed.
public struct ScalingBehavior: Sendable, Hashable {
    public var up: Rules
    public var down: Rules

    public struct Rules: Sendable, Hashable {
        /// Seconds.
        public var stabilizationWindow: Double
        public var policies: [Policy]
        public var select: Select

        public init(stabilizationWindow: Double, policies: [Policy], select: Select = .most) {
            self.stabilizationWindow = stabilizationWindow
            self.policies = policies
            self.select = select
        }
    }

    public enum Policy: Sendable, Hashable {
        case pods(Int, seconds: Double)
        case percent(Int, seconds: Double)

        var seconds: Double {
            switch self {
            case .pods(_, let seconds), .percent(_, let seconds): seconds
            }
        }
    }

    /// Which of several policies counts: the one that allows the largest change, the smallest, or no change at all.
    public enum Select: Sendable, Hashable { case most, least, disabled }

    /// By default up at once by the larger of 4 pods and 100 % in 15 s; down by 100 % in 15 s after five minutes.
    public init(
        up: Rules = Rules(stabilizationWindow: 0, policies: [.pods(4, seconds: 15), .percent(100, seconds: 15)]),
        down: Rules = Rules(stabilizationWindow: 300, policies: [.percent(100, seconds: 15)])
    ) {
        self.up = up
        self.down = down
    }
}

/// Follows a behavior: remembers what was wanted and what was changed.
///
/// Source: Kubernetes pkg/controller/podautoscaler/horizontal.go, `stabilizeRecommendationWithBehaviors` and
/// `convertDesiredReplicasWithBehaviorRate`.
public struct BehaviorLimiter: Sendable, Hashable {
    public let behavior: ScalingBehavior
    public let replicaRange: ClosedRange<Int>
    private var recommendations: [Record] = []
    private var changes: [Record] = []

    private struct Record: Sendable, Hashable {
        var time: Nanoseconds
        /// Replicas, or how many more.
        var replicas: Int
    }

    public init(_ behavior: ScalingBehavior, replicaRange: ClosedRange<Int>) {
        self.behavior = behavior
        self.replicaRange = replicaRange
    }

    /// What may be set now; it is taken to be set.
    public mutating func limit(desired: Int, current: Int, at time: Nanoseconds) -> Int {
        forget(before: time)
        // The first time, what is there counts as wanted.
        if recommendations.isEmpty { recommendations.append(Record(time: time, replicas: current)) }
        let stable = stabilized(desired: desired, current: current, at: time)
        recommendations.append(Record(time: time, replicas: desired))
        let replicas = rateLimited(stable, current: current, at: time)
        if replicas != current { changes.append(Record(time: time, replicas: replicas - current)) }
        return replicas
    }

    private func stabilized(desired: Int, current: Int, at time: Nanoseconds) -> Int {
        let lowestForUp = wanted(within: behavior.up.stabilizationWindow, of: time).min().map { min($0, desired) } ?? desired
        let highestForDown = wanted(within: behavior.down.stabilizationWindow, of: time).max().map { max($0, desired) } ?? desired
        return min(max(current, lowestForUp), highestForDown)
    }

    private func rateLimited(_ desired: Int, current: Int, at time: Nanoseconds) -> Int {
        if desired > current { return min(desired, max(limit(up: true, current, time), current), replicaRange.upperBound) }
        if desired < current { return max(desired, min(limit(up: false, current, time), current), replicaRange.lowerBound) }
        return min(max(desired, replicaRange.lowerBound), replicaRange.upperBound)
    }

    private func limit(up: Bool, _ current: Int, _ time: Nanoseconds) -> Int {
        let rules = up ? behavior.up : behavior.down
        let proposals = rules.policies.map { policy in
            let start = current - changed(within: policy.seconds, of: time)
            return switch policy {
            case .pods(let count, _): up ? start + count : start - count
            case .percent(let percent, _):
                up
                    ? Int((Double(start) * (1 + Double(percent) / 100)).rounded(.up))
                    : Int(Double(start) * (1 - Double(percent) / 100))
            }
        }
        switch rules.select {
        case .disabled: return current
        case .most: return (up ? proposals.max() : proposals.min()) ?? current
        case .least: return (up ? proposals.min() : proposals.max()) ?? current
        }
    }

    private func wanted(within seconds: Double, of time: Nanoseconds) -> [Int] {
        recommendations.filter { $0.time > time - Nanoseconds(seconds: seconds) }.map(\.replicas)
    }

    private func changed(within seconds: Double, of time: Nanoseconds) -> Int {
        changes.filter { $0.time > time - Nanoseconds(seconds: seconds) }.reduce(0) { $0 + $1.replicas }
    }

    private mutating func forget(before time: Nanoseconds) {
        let policies = behavior.up.policies + behavior.down.policies
        let windows = [behavior.up.stabilizationWindow, behavior.down.stabilizationWindow] + policies.map(\.seconds)
        let oldest = time - Nanoseconds(seconds: windows.max() ?? 0)
        changes.removeAll { $0.time <= oldest }
        // One is kept, so that the first recommendation stays the first.
        if let keep = recommendations.lastIndex(where: { $0.time <= oldest }) { recommendations.removeFirst(keep) }
    }
}
