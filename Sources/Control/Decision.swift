public import Learning
public import Measurements
public import Policies
public import Tuning

/// What to do about a snapshot, and why.
public struct Decision: Sendable, Codable, Hashable {
    public var policy: String
    public var time: Timestamp
    public var outcome: Outcome
    public var triggers: [TriggerReport]
    public var objectives: [ObjectiveReport]
    /// Best first.
    public var recommendations: [Recommendation]
    public var excluded: [ExcludedCandidate]
    /// What is planned for the replicas and why, or why there is no plan, in a sentence; `nil` where the policy plans none.
    public var plan: String?
    /// What is tried of the knobs that are tuned, or why nothing is; `nil` where the policy tunes none.
    public var tuning: TuningReport?
    /// Trigger states after this evaluation, for the next one.
    public var nextTriggers: [String: TriggerState]

    public enum Outcome: String, Sendable, Codable, Hashable {
        /// No trigger fired: nothing needs to change.
        case nothingToDo
        /// A trigger fired, and at least one change is worth making.
        case recommend
        /// A trigger fired, but no change is allowed or worth making.
        case hold
        /// Too little is known to say.
        case unknown
    }
}

/// What tuning came to, with what was weighed.
public struct TuningReport: Sendable, Codable, Hashable {
    /// Without its full stop.
    public var sentence: String
    /// `nil` where nothing was weighed.
    public var explanation: TuningExplanation?
    /// What is to be tried, or a holdout: a change of a value to itself. `nil` for neither.
    public var proposal: Candidate?

    public init(sentence: String, explanation: TuningExplanation? = nil, proposal: Candidate? = nil) {
        self.sentence = sentence
        self.explanation = explanation
        self.proposal = proposal
    }
}

/// What became of one trigger, and on what grounds.
public struct TriggerReport: Sendable, Codable, Hashable {
    public var name: String
    public var type: TriggerType
    public var outcome: TriggerOutcome
    public var evaluation: ConditionEvaluation

    public init(name: String, type: TriggerType, outcome: TriggerOutcome, evaluation: ConditionEvaluation) {
        self.name = name
        self.type = type
        self.outcome = outcome
        self.evaluation = evaluation
    }
}

/// One limit of the objective and how it is kept.
public struct ObjectiveReport: Sendable, Codable, Hashable {
    public var subject: Subject
    /// In the unit of the subject.
    public var limit: Double
    /// `nil` where it is not known.
    public var observed: Double?
    /// `nil` where it is not known.
    public var met: Bool?
    /// Why it is not known.
    public var unknown: Reading.Unknown?

    public init(subject: Subject, limit: Double, observed: Double? = nil, met: Bool? = nil, unknown: Reading.Unknown? = nil) {
        self.subject = subject
        self.limit = limit
        self.observed = observed
        self.met = met
        self.unknown = unknown
    }

    public enum Subject: Sendable, Codable, Hashable {
        /// A figure that must not be above its limit.
        case atMost(MetricQuery)
        /// A figure that must not be below its limit.
        case atLeast(MetricQuery)
        /// Share of the judged requests that met every latency limit.
        case attainment(Compliance)
    }

    public enum Kind: String, Sendable, Codable, Hashable {
        case latency, throughput, tokensPerSecond, errorRate, attainment
    }
}

/// A change worth making.
public struct Recommendation: Sendable, Codable, Hashable {
    public var candidate: Candidate
    public var category: Category
    public var effect: PredictedEffect
    public var utility: Utility
    /// Names of the triggers that ask for it.
    public var triggers: [String]
    /// The rules that propose it, each with the circumstance that made it apply.
    public var rules: [RuleFinding]
    /// Plain sentences with the numbers.
    public var rationale: String
    public var rollback: String

    /// Names as in the feedback schema.
    public enum Category: String, Sendable, Codable, Hashable {
        case scaling, configuration, resourceAllocation = "resource_allocation", caching, batching, quantization
    }
}

/// A rule that applied.
public struct RuleFinding: Sendable, Codable, Hashable {
    public var rule: String
    public var statement: String
    public var circumstance: String

    public init(rule: String, statement: String, circumstance: String) {
        self.rule = rule
        self.statement = statement
        self.circumstance = circumstance
    }
}

/// A change that was considered and left, and why.
public struct ExcludedCandidate: Sendable, Codable, Hashable {
    public var knob: String
    public var from: KnobValue?
    public var to: KnobValue?
    public var reason: Reason
    /// A sentence with the numbers.
    public var explanation: String

    public init(knob: String, from: KnobValue? = nil, to: KnobValue? = nil, reason: Reason, explanation: String) {
        self.knob = knob
        self.from = from
        self.to = to
        self.reason = reason
        self.explanation = explanation
    }

    /// A closed set: reports group by it.
    public enum Reason: String, Sendable, Codable, Hashable {
        case valueUnknown, atLimit, outsideBounds, noRule, notWorthIt, tooRisky, cooldown, budget, stabilization, rateLimit, outranked
        /// Somebody else is in charge of the setting.
        case ownedByAnother
        /// The target refused it, or could not carry it, a while ago.
        case infeasible
    }
}
