public import Measurements
public import Policies

/// Limits a wished number of replicas as a HorizontalPodAutoscaler's `behavior` does, exactly.
///
/// Source: Kubernetes pkg/controller/podautoscaler/horizontal.go, `stabilizeRecommendationWithBehaviors` and
/// `convertDesiredReplicasWithBehaviorRate` (autoscaling/v2).
public struct ReplicaLimiter: Sendable {
    public let behavior: Behavior
    public let minimum: Int
    public let maximum: Int
    /// Replica counts that were asked for before.
    public let recommendations: [ReplicaRecommendation]
    /// Replica changes that were carried out.
    public let changes: [PastChange]

    public init(behavior: Behavior, minimum: Int, maximum: Int, recommendations: [ReplicaRecommendation], changes: [PastChange]) {
        self.behavior = behavior
        self.minimum = minimum
        self.maximum = maximum
        self.recommendations = recommendations
        self.changes = changes
    }

    /// What is left of a wish, and what limited it.
    public struct Limited: Sendable, Hashable {
        public var replicas: Int
        public var limit: Limit?

        public enum Limit: Sendable, Hashable {
            case stabilizationWindow(Duration)
            case rate
            case bounds
        }
    }

    /// The number of replicas that may be set now.
    public func limit(desired: Int, current: Int, now: Timestamp) -> Limited {
        let stable = stabilized(desired: desired, current: current, now: now)
        let rated = rateLimited(desired: stable, current: current, now: now)
        if rated == desired { return Limited(replicas: rated, limit: nil) }
        if stable != desired {
            let rules = desired > current ? behavior.scaleUp : behavior.scaleDown
            return Limited(replicas: rated, limit: .stabilizationWindow(rules.stabilizationWindow))
        }
        return Limited(replicas: rated, limit: desired > maximum || desired < minimum ? .bounds : .rate)
    }

    /// The wish, no higher than the lowest of the up-window and no lower than the highest of the down-window.
    func stabilized(desired: Int, current: Int, now: Timestamp) -> Int {
        var lowestForUp = desired
        var highestForDown = desired
        for past in recommendations {
            if isWithin(past.time, behavior.scaleUp.stabilizationWindow, of: now) { lowestForUp = min(lowestForUp, past.replicas) }
            if isWithin(past.time, behavior.scaleDown.stabilizationWindow, of: now) { highestForDown = max(highestForDown, past.replicas) }
        }
        var result = current
        if result < lowestForUp { result = lowestForUp }
        if result > highestForDown { result = highestForDown }
        return result
    }

    private func rateLimited(desired: Int, current: Int, now: Timestamp) -> Int {
        if desired > current {
            let limit = max(scaleUpLimit(current: current, now: now), current)
            return min(desired, limit, maximum)
        }
        if desired < current {
            let limit = min(scaleDownLimit(current: current, now: now), current)
            return max(desired, limit, minimum)
        }
        return min(max(desired, minimum), maximum)
    }

    private func scaleUpLimit(current: Int, now: Timestamp) -> Int {
        select(behavior.scaleUp, current: current, now: now, largestChange: { $0.max() }, smallestChange: { $0.min() }) { policy, start in
            switch policy.type {
            case .pods: start + policy.value
            case .percent: Int((Double(start) * (1 + Double(policy.value) / 100)).rounded(.up))
            }
        }
    }

    private func scaleDownLimit(current: Int, now: Timestamp) -> Int {
        select(behavior.scaleDown, current: current, now: now, largestChange: { $0.min() }, smallestChange: { $0.max() }) { policy, start in
            switch policy.type {
            case .pods: start - policy.value
            case .percent: Int(Double(start) * (1 - Double(policy.value) / 100))
            }
        }
    }

    private func select(
        _ rules: Behavior.ScalingRules, current: Int, now: Timestamp, largestChange: ([Int]) -> Int?, smallestChange: ([Int]) -> Int?,
        proposal: (Behavior.ScalingPolicy, Int) -> Int
    ) -> Int {
        let proposals = rules.policies.map { policy in
            proposal(policy, current - added(within: policy.period, of: now) + removed(within: policy.period, of: now))
        }
        switch rules.selectPolicy {
        case .disabled: return current
        case .max: return largestChange(proposals) ?? current
        case .min: return smallestChange(proposals) ?? current
        }
    }

    private func added(within period: Duration, of now: Timestamp) -> Int {
        replicaChanges(within: period, of: now).filter { $0 > 0 }.reduce(0, +)
    }

    private func removed(within period: Duration, of now: Timestamp) -> Int {
        -replicaChanges(within: period, of: now).filter { $0 < 0 }.reduce(0, +)
    }

    private func replicaChanges(within period: Duration, of now: Timestamp) -> [Int] {
        changes.compactMap { change in
            guard change.role == .replicas, isWithin(change.time, period, of: now), let from = change.from.numeric,
                let to = change.to.numeric
            else { return nil }
            return Int(to) - Int(from)
        }
    }

    /// Strictly after the beginning of the window, as `Time.After` in the source.
    private func isWithin(_ time: Timestamp, _ window: Duration, of now: Timestamp) -> Bool { time > now.advanced(by: .zero - window) }
}
