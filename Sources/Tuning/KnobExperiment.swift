public import FoundationEssentials
import Learning
public import Measurements
public import Verification

/// One experiment on a part of the replicas, from its draw to its end: a value that is kept before every side effect.
///
/// ```
/// planned → alike → applying → settling → observing → promoting → probation → releasing → closed
///             │         └─────────┴───────────┴───────────┴───────────┴──→ reverting ──↑
///             └→ releasing (nothing was changed)
/// ```
/// What is done follows from what is seen and not from what was done before, so that a restart between writing and acting loses nothing: a side
/// effect that does not show itself is asked for again. All side effects may be repeated.
public struct KnobExperiment: Sendable, Codable, Hashable, Identifiable {
    public let id: UUID
    public let draw: TuningDraw
    /// Replicas of the canary, and as many of the control.
    public let groupSize: Int
    public let terms: ExperimentTerms
    /// From the limits of the tuner that drew it.
    public let minimumWorthwhileEffect: Double
    public let confidence: Double
    public internal(set) var state: State
    /// When ``state`` was entered.
    public internal(set) var since: Timestamp
    /// Of the side effect last asked for in this state.
    var lastAttempt: Timestamp?
    var attempts = 0
    /// How many times groups were drawn, this time included.
    var groupsDrawn = 1
    /// The last that was measured of the change.
    public internal(set) var comparison: ComparisonReading?
    /// High load as it was when the change came everywhere; requests per second.
    var loadToSee: Double?
    var sawHighLoad = false
    /// Whether the change may have come to an engine.
    public internal(set) var wasApplied = false

    public enum State: Sendable, Codable, Hashable {
        case planned
        /// Both groups run the old configuration.
        case alike
        case applying
        case settling
        case observing
        /// The change goes to this share of the replicas.
        case promoting(share: Double)
        case probation
        case reverting(Reversal)
        /// All is decided and done, but for the groups.
        case releasing(Ending)
        case closed(Ending)
    }

    /// Why a change is taken back.
    public enum Reversal: Sendable, Codable, Hashable {
        case tripwire(Tripwire)
        case harm(String)
        /// The time is over and the benefit is not proved, or it hardly can be any more: no change without proof.
        case unproved
        /// What runs is neither the old nor the new configuration.
        case foreignConfiguration(Configuration)
        /// A state lasted twice as long as it may.
        case overdue(String)
        case disturbed(String)
        case budgetSpent
        /// The pool as a whole has become worse.
        case poolWorsened

        var failure: FailureLabels.Kind? {
            switch self {
            case .tripwire(.outOfMemory): .outOfMemory
            case .tripwire(.crashLoop), .tripwire(.rolloutFailed): .crash
            case .tripwire, .harm, .unproved, .foreignConfiguration, .overdue, .disturbed, .budgetSpent, .poolWorsened: nil
            }
        }
    }

    public enum Ending: Sendable, Codable, Hashable {
        case kept
        case rolledBack(Reversal)
        /// A holdout, watched to its end.
        case heldOut
        /// Given up before anything was changed.
        case aborted(String)
    }

    /// - Parameter size: At least 1, as ``TuningLimits/canarySize(ready:)`` gives it.
    public init(id: UUID, draw: TuningDraw, groupSize size: Int, terms: ExperimentTerms = .init(), limits: TuningLimits, at now: Timestamp)
    {
        precondition(size >= 1, "a group of \(size) replicas")
        self.id = id
        self.draw = draw
        groupSize = size
        self.terms = terms
        minimumWorthwhileEffect = limits.minimumWorthwhileEffect
        confidence = limits.confidence
        state = .planned
        since = now
    }

    public var from: Configuration { draw.incumbent }
    /// As ``from`` for a holdout.
    public var tried: Configuration { draw.choice ?? draw.incumbent }
    public var isHoldout: Bool { draw.choice == nil }

    /// How long groups are compared before the change: as the terms say, or longer where only that makes the effect that is hoped for visible.
    public var timeAlike: Nanoseconds {
        max(terms.alike, draw.forecast.map { Nanoseconds(seconds: $0.preperiod.inSeconds) } ?? terms.alike)
    }

    /// Requests that missed their objective because of the experiment, for ``ExplorationBudget``: the canary's misses beyond the control's, below
    /// zero where it missed less. None while both groups are alike: what they differ by then is the replicas' doing. None once the change has
    /// left the canary either, because there is nothing to compare with any more.
    /// - Parameter bucket: Of the time up to the look that led to ``state``.
    public func excessMisses(in bucket: CanaryBucket) -> Double {
        switch state {
        case .applying, .settling, .observing, .reverting: break
        case .planned, .alike, .promoting, .probation, .releasing, .closed: return 0
        }
        guard bucket.control.judged > 0 else { return Double(bucket.canary.missed) }
        let usual = Double(bucket.control.missed) / Double(bucket.control.judged)
        return Double(bucket.canary.missed) - usual * Double(bucket.canary.judged)
    }

    /// What is to be learned; `nil` while the experiment runs.
    public var result: ExperimentResult? {
        guard case .closed(let ending) = state else { return nil }
        var result = ExperimentResult(
            from: from, tried: tried, inForce: ending == .kept ? tried : from, wasApplied: wasApplied, isUrgent: draw.isUrgent)
        // Of disturbed experiments only that an engine failed is worth knowing.
        if case .rolledBack(let reversal) = ending { result.failure = reversal.failure }
        if !isHoldout, ending.isMeasured { result.effect = comparison?.effect }
        return result
    }
}

extension KnobExperiment.Ending {
    var isMeasured: Bool {
        switch self {
        case .kept, .rolledBack(.harm), .rolledBack(.unproved), .rolledBack(.tripwire), .rolledBack(.budgetSpent),
            .rolledBack(.poolWorsened):
            true
        case .rolledBack(.foreignConfiguration), .rolledBack(.overdue), .rolledBack(.disturbed), .heldOut, .aborted: false
        }
    }
}

/// What an experiment wants done; each may be done again without harm.
public enum ExperimentEffect: Sendable, Codable, Hashable {
    /// A canary and a control of so many replicas each, drawn at random, with equal shares of the requests.
    case formGroups(size: Int)
    /// A configuration for the canary.
    case applyToCanary(Configuration)
    /// A configuration for this share of all replicas.
    case promote(Configuration, share: Double)
    /// A configuration for all replicas.
    case restore(Configuration)
    /// No groups any more.
    case releaseGroups
}
