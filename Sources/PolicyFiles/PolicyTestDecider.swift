public import Measurements
public import Policies

/// Says what would be recommended at a moment of a policy test; deciding lives elsewhere.
public protocol PolicyTestDecider: Sendable {
    /// The changes that would be recommended, best first; none is a valid answer.
    func recommendations(at moment: PolicyTestMoment) -> [RecommendedChange]
}

/// Everything a decision may look at in a policy test.
public struct PolicyTestMoment: Sendable {
    public var policy: Policy
    public var time: Timestamp
    /// Since the start of the test.
    public var elapsed: Duration
    public var readings: PolicyTestReadings
    /// The value in force of every knob of the policy.
    public var knobs: [String: KnobValue]
    /// In the order of the policy.
    public var triggers: [TriggerStep]

    /// Where one trigger stands, and why.
    public struct TriggerStep: Sendable {
        public var trigger: Trigger
        public var outcome: TriggerOutcome
        public var evaluation: ConditionEvaluation
    }
}

/// A recommendation as a policy test sees it.
public struct RecommendedChange: Sendable, Hashable, CustomStringConvertible {
    public var knob: String
    public var value: KnobValue
    /// `nil` where the values have no order.
    public var direction: Direction?

    public enum Direction: String, Sendable, Hashable, CaseIterable {
        case up, down
    }

    public init(knob: String, value: KnobValue, direction: Direction?) {
        self.knob = knob
        self.value = value
        self.direction = direction
    }

    /// `replicas up to 3`.
    public var description: String { "\(knob)\(direction.map { " " + $0.rawValue } ?? "") to \(value)" }
}
