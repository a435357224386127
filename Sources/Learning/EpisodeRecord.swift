public import FoundationEssentials
public import Measurements
public import Policies

/// A change, or a deliberate no-op, with the state it was made in, the chance it had, and what came of it.
///
/// Holdouts are episodes like any other: the action is ``noOperation`` and the windows are the same.
public struct EpisodeRecord: Sendable, Hashable, Identifiable {
    /// The action of a holdout.
    public static let noOperation = "noop"

    public var id: UUID
    /// Workload this was done to, e.g. `llm/chat-8b`.
    public var deployment: String
    public var decidedAt: Timestamp
    public var mode: Mode
    /// What was drawn, and from what.
    public var propensities: Propensities
    /// Drawn without randomization, because the objective was burning: enters models with less weight.
    public var isUrgent: Bool
    /// Name of the trigger that asked for it.
    public var trigger: String?
    /// The values that fired the trigger; never an outcome or a baseline, because they were selected for being extreme.
    public var triggerOutcomes: OutcomeValues
    public var from: [String: KnobValue]
    public var to: [String: KnobValue]
    /// Digest of the configuration after the change.
    public var configurationDigest: String
    /// Digest of model, engine and its version: effects do not carry over between engines.
    public var engineDigest: String
    public var policyVersion: String
    /// Of the generator the action was drawn with.
    public var seed: UInt64?
    public var canaryReplicas: Int
    public var controlReplicas: Int
    public var before: EpisodeWindow
    public var predictions: EpisodePredictions
    /// The episode this one continues.
    public var parent: UUID?
    /// `nil` while the episode is open.
    public var closure: EpisodeClosure?

    public init(id: UUID, deployment: String, decidedAt: Timestamp, mode: Mode, propensities: Propensities) {
        self.id = id
        self.deployment = deployment
        self.decidedAt = decidedAt
        self.mode = mode
        self.propensities = propensities
        isUrgent = false
        triggerOutcomes = OutcomeValues()
        from = [:]
        to = [:]
        configurationDigest = ""
        engineDigest = ""
        policyVersion = ""
        canaryReplicas = 0
        controlReplicas = 0
        before = EpisodeWindow()
        predictions = EpisodePredictions()
    }

    /// The action that was drawn.
    public var action: String { propensities.chosen }

    /// How the effect is told from chance.
    public enum Mode: String, Sendable, Codable, Hashable, CaseIterable {
        /// A part of the replicas is changed and compared with an equal part that is not.
        case canary
        /// Everything is changed and compared with the time before.
        case temporal
        /// Nothing is changed, deliberately.
        case holdout
        /// A change made by somebody else is watched.
        case observe
    }
}

/// What came of an episode.
public struct EpisodeClosure: Sendable, Hashable {
    public var time: Timestamp
    public var verdict: Verdict
    /// Why watching ended, e.g. `confidence sequence excluded zero`.
    public var stopReason: String
    public var after: EpisodeWindow
    /// `nil` where nothing could be measured.
    public var effect: MeasuredEffect?
    /// What two groups beside each other showed, one with the change and one without; empty where no canary was judged by its latencies.
    public var contrasts: [Outcome: MeasuredEffect]
    /// Time left out after the change.
    public var settle: Duration
    public var window: Duration
    /// Requests behind the figures.
    public var requestCount: Int
    public var contamination: Contamination
    /// Weight of the episode in `0...1`.
    public var quality: Double

    public init(time: Timestamp, verdict: Verdict, stopReason: String, after: EpisodeWindow = EpisodeWindow()) {
        self.time = time
        self.verdict = verdict
        self.stopReason = stopReason
        self.after = after
        contrasts = [:]
        settle = .zero
        window = .zero
        requestCount = 0
        contamination = []
        quality = 1
    }
}

/// What the comparison after a change says.
public enum Verdict: String, Sendable, Codable, Hashable, CaseIterable {
    case improved, worsened, inconclusive
    /// There was no data to compare: not the same as worse.
    case unmeasured
    /// Somebody else changed the target meanwhile.
    case superseded
}

/// What else happened during an episode and blurs its effect.
public struct Contamination: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Another configuration or replica change.
    public static let otherChange = Contamination(rawValue: 1 << 0)
    /// A new version of engine or model.
    public static let newVersion = Contamination(rawValue: 1 << 1)
    public static let nodeLoss = Contamination(rawValue: 1 << 2)
    public static let errorStorm = Contamination(rawValue: 1 << 3)
    /// More than a fifth of the buckets have no data.
    public static let metricGap = Contamination(rawValue: 1 << 4)
    /// Load outside of what past episodes have seen.
    public static let unsupportedLoad = Contamination(rawValue: 1 << 5)
}

/// What a learner needs of a closed episode, and nothing more: thousands are read for one decision.
public struct EpisodeSample: Sendable, Hashable, Identifiable {
    public var id: UUID
    public var decidedAt: Timestamp
    public var action: String
    public var mode: EpisodeRecord.Mode
    public var isUrgent: Bool
    /// Above 0, at most 1.
    public var propensity: Double
    /// In `0...1`.
    public var quality: Double
    public var contamination: Contamination
    public var verdict: Verdict
    public var requestCount: Int
    public var before: EpisodeWindow
    public var after: EpisodeWindow
    public var predictions: EpisodePredictions
    public var effect: MeasuredEffect?
    /// As ``EpisodeClosure/contrasts``.
    public var contrasts: [Outcome: MeasuredEffect]

    public init(
        id: UUID, decidedAt: Timestamp, action: String, mode: EpisodeRecord.Mode, isUrgent: Bool, propensity: Double, quality: Double,
        contamination: Contamination, verdict: Verdict, requestCount: Int, before: EpisodeWindow, after: EpisodeWindow,
        predictions: EpisodePredictions, effect: MeasuredEffect?, contrasts: [Outcome: MeasuredEffect] = [:]
    ) {
        self.id = id
        self.decidedAt = decidedAt
        self.action = action
        self.mode = mode
        self.isUrgent = isUrgent
        self.propensity = propensity
        self.quality = quality
        self.contamination = contamination
        self.verdict = verdict
        self.requestCount = requestCount
        self.before = before
        self.after = after
        self.predictions = predictions
        self.effect = effect
        self.contrasts = contrasts
    }
}
