public import Learning
public import Measurements
public import Policies

/// Everything one cycle saw, as a value: deciding on it again gives the same decision, bit for bit.
public struct Snapshot: Sendable, Codable, Hashable {
    public var policy: String
    /// The moment decided for: the clock of a live cycle, the newest measurement of an imported run.
    public var time: Timestamp
    public var sources: [SourceDescription]
    /// Everything in the longest window.
    public var window: WindowStatistics
    /// The shortest time to first token ever seen, in seconds: what it takes without waiting.
    public var fastestTimeToFirstToken: Double?
    /// The same by model, provider and endpoint.
    public var groups: [GroupStatistics]
    /// The tool's own figures; they answer only for what was not measured request by request.
    public var reported: ReportedResults?
    public var anomalies: [Anomaly]
    public var bottleneck: Bottleneck
    /// Answers to every question the policy's conditions and objective ask.
    public var readings: [RecordedReading]
    public var state: TargetState
    public var history: ControlHistory
    /// What planning the replicas came to; `nil` where none are planned, or nobody was there to plan them.
    public var plan: ReplicaPlanStep?
    /// What tuning the knobs came to; `nil` where none are tuned, or nobody was there to tune them.
    public var tuning: TuningStep?
    /// A run shorter than a window or hold time is evaluated as a whole; its length.
    public var wholeRun: Duration?

    public init(policy: String, time: Timestamp, window: WindowStatistics, bottleneck: Bottleneck) {
        self.policy = policy
        self.time = time
        self.window = window
        self.bottleneck = bottleneck
        sources = []
        groups = []
        anomalies = []
        readings = []
        state = TargetState()
        history = ControlHistory()
    }
}

/// Where measurements came from.
public struct SourceDescription: Sendable, Codable, Hashable {
    /// File name or source name.
    public var name: String
    /// E.g. `guidellm 0.8.1`.
    public var tool: String
    /// Digest of the content, hexadecimal.
    public var digest: String
    public var runs: [SourceRun]
    /// Records that were bad and left out.
    public var skipped: Int

    public init(name: String, tool: String, digest: String, runs: [SourceRun], skipped: Int = 0) {
        self.name = name
        self.tool = tool
        self.digest = digest
        self.runs = runs
        self.skipped = skipped
    }
}

/// The statistics of one model, provider and endpoint.
public struct GroupStatistics: Sendable, Codable, Hashable {
    public var key: GroupKey
    public var statistics: WindowStatistics

    public init(key: GroupKey, statistics: WindowStatistics) {
        self.key = key
        self.statistics = statistics
    }
}

/// A question and the answer it got.
public struct RecordedReading: Sendable, Codable, Hashable {
    public var query: MetricQuery
    public var window: Duration
    public var reading: Reading

    public init(query: MetricQuery, window: Duration, reading: Reading) {
        self.query = query
        self.window = window
        self.reading = reading
    }
}

/// The settings in force at the target.
public struct TargetState: Sendable, Hashable {
    /// By knob name; a knob that is not in here has no known value.
    public var values: [String: KnobState]
    /// Knobs somebody else is in charge of, and who.
    public var foreignOwners: [String: String]

    public init(values: [String: KnobState] = [:], foreignOwners: [String: String] = [:]) {
        self.values = values
        self.foreignOwners = foreignOwners
    }
}

extension TargetState: Codable {
    private enum CodingKeys: CodingKey {
        case values, foreignOwners
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        values = try container.decode([String: KnobState].self, forKey: .values)
        // Cycles from before live targets were read have none.
        foreignOwners = try container.decodeIfPresent([String: String].self, forKey: .foreignOwners) ?? [:]
    }
}

/// A setting and how it is known.
public struct KnobState: Sendable, Codable, Hashable {
    public var value: KnobValue
    public var origin: Origin

    public init(_ value: KnobValue, origin: Origin) {
        self.value = value
        self.origin = origin
    }

    public enum Origin: String, Sendable, Codable, Hashable {
        /// Given by the operator for this run.
        case given
        /// Read from a manifest of the target.
        case manifest
        /// Read from the running target.
        case live
        /// The policy's `default`, because the target does not say.
        case assumed
    }
}

/// What happened before and limits what may happen now.
public struct ControlHistory: Sendable, Hashable {
    /// By trigger name.
    public var triggers: [String: TriggerState]
    /// Oldest first.
    public var changes: [PastChange]
    /// Replica counts that were asked for, oldest first.
    public var replicaRecommendations: [ReplicaRecommendation]
    /// Changes the target would not take, oldest first.
    public var infeasible: [InfeasibleChange]
    /// What earlier episodes say of this deployment's actions; `nil` where there are none.
    public var learned: LearnedEffects?

    public init() {
        triggers = [:]
        changes = []
        replicaRecommendations = []
        infeasible = []
    }
}

extension ControlHistory: Codable {
    private enum CodingKeys: CodingKey {
        case triggers, changes, replicaRecommendations, infeasible, learned
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        triggers = try values.decode([String: TriggerState].self, forKey: .triggers)
        changes = try values.decode([PastChange].self, forKey: .changes)
        replicaRecommendations = try values.decode([ReplicaRecommendation].self, forKey: .replicaRecommendations)
        // Cycles of dry runs from before targets were changed have none.
        infeasible = try values.decodeIfPresent([InfeasibleChange].self, forKey: .infeasible) ?? []
        learned = try values.decodeIfPresent(LearnedEffects.self, forKey: .learned)
    }
}

/// A change that a target refused or could not carry, not to be tried again for a while.
public struct InfeasibleChange: Sendable, Codable, Hashable {
    public var knob: String
    public var to: KnobValue
    public var until: Timestamp
    /// A sentence.
    public var reason: String
    /// How often in a row it was made and could not be measured; `nil` where that is not why.
    public var unmeasured: Int?

    public init(knob: String, to: KnobValue, until: Timestamp, reason: String) {
        self.knob = knob
        self.to = to
        self.until = until
        self.reason = reason
    }
}

/// A change that was carried out.
public struct PastChange: Sendable, Codable, Hashable {
    public var time: Timestamp
    public var knob: String
    public var role: Knob.Role
    public var from: KnobValue
    public var to: KnobValue
    public var rolledBack: Bool

    public init(time: Timestamp, knob: String, role: Knob.Role, from: KnobValue, to: KnobValue, rolledBack: Bool = false) {
        self.time = time
        self.knob = knob
        self.role = role
        self.from = from
        self.to = to
        self.rolledBack = rolledBack
    }
}

/// How many replicas a cycle asked for, whatever came of it.
public struct ReplicaRecommendation: Sendable, Codable, Hashable {
    public var time: Timestamp
    public var replicas: Int

    public init(time: Timestamp, replicas: Int) {
        self.time = time
        self.replicas = replicas
    }
}
