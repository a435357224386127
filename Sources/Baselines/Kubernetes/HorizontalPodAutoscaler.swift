public import Measurements
public import Scaling

/// Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) on a metric of the pods, synchronised every 15 s.
public struct HorizontalPodAutoscaler: ReplicaScaler {
    public let metric: PodMetric
    public let rule: DesiredReplicas
    private var limiter: BehaviorLimiter

    public init(metric: PodMetric, rule: DesiredReplicas, behavior: ScalingBehavior = ScalingBehavior(), replicaRange: ClosedRange<Int>) {
        self.metric = metric
        self.rule = rule
        limiter = BehaviorLimiter(behavior, replicaRange: replicaRange)
    }

    public var name: String { "HPA \(metric.rawValue) \(rule.target)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 15) }

    /// Pods that are starting run a container that has no metrics yet: they are missing, not unready.
    public mutating func replicas(after observation: ScalingObservation) -> Int {
        let values = observation.replicas.map { metric.value(of: $0) }
        let current = observation.wanted
        guard let desired = rule.forPods(values, missing: observation.starting, current: current) else { return current }
        return limiter.limit(desired: desired, current: current, at: observation.time)
    }
}
