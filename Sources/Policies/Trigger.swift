/// A condition, how long it must hold, and how long to leave the target alone afterwards.
public struct Trigger: Sendable, Codable, Hashable {
    public var name: String
    public var type: TriggerType
    public var condition: Condition
    /// Span of measurements each evaluation looks at.
    public var window: Duration
    /// How long the condition must hold without a break before the trigger fires.
    public var holdFor: Duration
    /// Fewer samples behind a figure make it unknown.
    public var minSamples: Int
    /// Quiet time after any adjustment this trigger caused.
    public var cooldown: Duration
    /// Quiet time after an adjustment of this trigger was rolled back; never shorter than ``cooldown``.
    public var cooldownAfterRollback: Duration
    /// When a scheduled trigger comes due; its condition must hold as well.
    public var schedule: Policy.Schedule?

    public init(name: String, type: TriggerType, condition: Condition) {
        self.name = name
        self.type = type
        self.condition = condition
        window = .seconds(300)
        holdFor = .zero
        minSamples = 30
        cooldown = .seconds(600)
        cooldownAfterRollback = .seconds(1_800)
    }
}

/// The kind of concern a trigger stands for; it selects which rules propose changes.
public enum TriggerType: String, Sendable, Codable, Hashable, CaseIterable {
    case latencyThreshold, throughputThreshold, errorRateThreshold, resourceUtilization, slaViolation, costEfficiency, scheduled
}

/// What must be so for a trigger to fire.
public indirect enum Condition: Sendable, Codable, Hashable {
    case leaf(Leaf)
    case and([Condition])
    case or([Condition])
    case not(Condition)

    /// A comparison of one figure with a threshold.
    public struct Leaf: Sendable, Codable, Hashable {
        /// The name in the policy file, e.g. `p95LatencyExceeds`.
        public var name: String
        public var test: Test
        /// 1-based line of the leaf in its file, for explanations; `nil` for conditions built in code.
        public var line: Int?

        public init(name: String, test: Test, line: Int? = nil) {
            self.name = name
            self.test = test
            self.line = line
        }
    }

    public enum Test: Sendable, Codable, Hashable {
        /// Strictly above or below; the threshold is in the unit of the query. `window` overrides the trigger's.
        case compare(MetricQuery, Comparison, threshold: Double, window: Duration?)
        /// Both windows burn faster than the factor.
        case burnRate(short: Duration, long: Duration, factor: Double)
    }

    public enum Comparison: String, Sendable, Codable, Hashable {
        case above, below
        /// At or above, for counts ("3 consecutive failures").
        case atLeast
    }
}
