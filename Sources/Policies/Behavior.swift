/// Limits on how fast replicas change, with the semantics of a HorizontalPodAutoscaler's `behavior`.
public struct Behavior: Sendable, Codable, Hashable {
    public var scaleUp: ScalingRules
    public var scaleDown: ScalingRules

    /// The defaults of autoscaling/v2: up at once by the larger of 4 pods and 100 % per 15 s; down by 100 % per 15 s after 300 s of stability.
    public init() {
        scaleUp = ScalingRules(
            stabilizationWindow: .zero, selectPolicy: .max,
            policies: [
                ScalingPolicy(type: .pods, value: 4, period: .seconds(15)), ScalingPolicy(type: .percent, value: 100, period: .seconds(15)),
            ])
        scaleDown = ScalingRules(
            stabilizationWindow: .seconds(300), selectPolicy: .max,
            policies: [ScalingPolicy(type: .percent, value: 100, period: .seconds(15))])
    }

    public struct ScalingRules: Sendable, Codable, Hashable {
        public var stabilizationWindow: Duration
        public var selectPolicy: SelectPolicy
        public var policies: [ScalingPolicy]

        public init(stabilizationWindow: Duration, selectPolicy: SelectPolicy, policies: [ScalingPolicy]) {
            self.stabilizationWindow = stabilizationWindow
            self.selectPolicy = selectPolicy
            self.policies = policies
        }
    }

    public struct ScalingPolicy: Sendable, Codable, Hashable {
        public var type: PolicyType
        /// Pods, or percent of the replicas at the start of the period; at least 1.
        public var value: Int
        public var period: Duration

        public init(type: PolicyType, value: Int, period: Duration) {
            self.type = type
            self.value = value
            self.period = period
        }
    }

    public enum PolicyType: String, Sendable, Codable, Hashable, CaseIterable {
        case pods = "Pods"
        case percent = "Percent"
    }

    public enum SelectPolicy: String, Sendable, Codable, Hashable, CaseIterable {
        case max = "Max"
        case min = "Min"
        case disabled = "Disabled"
    }
}
