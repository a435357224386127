public import Measurements
public import Scaling

/// A ScaledObject of KEDA with a trigger that sums a metric over all replicas.
///
/// Between 1 and N the HorizontalPodAutoscaler that KEDA makes decides every 15 s, between 0 and 1 KEDA itself at every poll. Source:
/// kedacore/keda at 8b4f083c.
public struct KedaScaledObject: ReplicaScaler {
    public let metric: PodMetric
    public let rule: DesiredReplicas
    /// Whether the autoscaler is told the value of the last poll rather than the present one; `useCachedMetrics`.
    public let usesCachedMetrics: Bool
    public let pollingInterval: Nanoseconds
    public let cooldownPeriod: Nanoseconds
    /// With 0 replicas KEDA asks for this many once a trigger is active.
    public let minimum: Int
    private var limiter: BehaviorLimiter
    private var nextPoll = Nanoseconds(0)
    private var polled = 0.0
    private var lastActive: Nanoseconds?

    public init(
        metric: PodMetric, threshold: Double, usesCachedMetrics: Bool = false, pollingInterval: Nanoseconds = Nanoseconds(seconds: 30),
        cooldownPeriod: Nanoseconds = Nanoseconds(seconds: 300), behavior: ScalingBehavior = ScalingBehavior(),
        replicaRange: ClosedRange<Int>
    ) {
        self.metric = metric
        rule = DesiredReplicas(target: threshold)
        self.usesCachedMetrics = usesCachedMetrics
        self.pollingInterval = pollingInterval
        self.cooldownPeriod = cooldownPeriod
        minimum = replicaRange.lowerBound
        // The autoscaler it makes never goes below 1.
        limiter = BehaviorLimiter(behavior, replicaRange: max(1, minimum)...max(1, replicaRange.upperBound))
    }

    public var name: String { "KEDA \(metric.rawValue) \(rule.target)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 15) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        let current = observation.wanted
        let value = metric.sum(over: observation) + (current == 0 ? Double(observation.waitingAtGateway) : 0)
        if observation.time >= nextPoll {
            nextPoll = observation.time + pollingInterval
            polled = value
            if value > 0 { lastActive = observation.time }
            if let replicas = betweenNoneAndOne(isActive: value > 0, current: current, at: observation.time) { return replicas }
        }
        guard current > 0 else { return 0 }
        let desired = rule.forExternal(sum: usesCachedMetrics ? polled : value, current: current)
        return limiter.limit(desired: desired, current: current, at: observation.time)
    }

    /// What KEDA does itself; `nil` where it leaves the number to the autoscaler.
    private func betweenNoneAndOne(isActive: Bool, current: Int, at time: Nanoseconds) -> Int? {
        if isActive { return current == 0 ? max(1, minimum) : nil }
        guard current > 0, minimum == 0, time - (lastActive ?? Nanoseconds(0)) > cooldownPeriod else { return nil }
        return 0
    }
}
