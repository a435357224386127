public import Measurements
public import Scaling

/// AIBrix's application-specific pod autoscaler on the mean of a metric, every 10 s.
///
/// Source: vllm-project/aibrix pkg/controller/podautoscaler, `algorithm/apa.go` and `stabilizeRecommendation`. Within its cooldown windows it
/// takes the extreme in the direction of the change, so that a window makes it change more, not less: reproduced as it is.
public struct AIBrixPodAutoscaler: ReplicaScaler {
    public let metric: PodMetric
    public let rule: AIBrixRule
    /// Seconds.
    public let upCooldown: Double
    public let downCooldown: Double
    private var recommendations: [Recommendation] = []

    private struct Recommendation: Sendable {
        var time: Nanoseconds
        var replicas: Int
    }

    public init(metric: PodMetric, rule: AIBrixRule, upCooldown: Double = 0, downCooldown: Double = 300) {
        self.metric = metric
        self.rule = rule
        self.upCooldown = upCooldown
        self.downCooldown = downCooldown
    }

    public var name: String { "AIBrix APA \(metric.rawValue) \(rule.target)" }
    public var period: Nanoseconds { Nanoseconds(seconds: 10) }

    public mutating func replicas(after observation: ScalingObservation) -> Int {
        let current = observation.wanted
        guard observation.ready > 0 else { return current }
        let desired = rule.desired(value: metric.sum(over: observation) / Double(observation.ready), current: current)
        recommendations.append(Recommendation(time: observation.time, replicas: desired))
        recommendations.removeAll { $0.time <= observation.time - Nanoseconds(seconds: max(upCooldown, downCooldown)) }
        guard desired != current else { return current }
        let window = Nanoseconds(seconds: desired > current ? upCooldown : downCooldown)
        let recent = recommendations.filter { $0.time > observation.time - window }.map(\.replicas)
        return (desired > current ? recent.max() : recent.min()) ?? desired
    }
}

/// How many replicas AIBrix's autoscaler wants for the mean of a metric.
public struct AIBrixRule: Sendable, Hashable {
    /// Above 0.
    public var target: Double
    public var toleranceUp = 0.1
    public var toleranceDown = 0.1
    /// At most so many times more, or fewer, in one step.
    public var maximumScaleUpRate = 2.0
    public var maximumScaleDownRate = 2.0

    public init(target: Double) { self.target = target }

    public func desired(value: Double, current: Int) -> Int {
        let ratio = value / target
        let count = Double(current)
        let wanted = (count * ratio).rounded(.up)
        if ratio > 1 + toleranceUp { return Int(min(wanted, (maximumScaleUpRate * count).rounded(.up))) }
        if ratio < 1 - toleranceDown { return Int(max(wanted, (count / maximumScaleDownRate).rounded(.down))) }
        return current
    }
}
