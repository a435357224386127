import FoundationEssentials
import Learning
public import Measurements
import Policies
public import Verification

/// What is known when an adjustment is looked at.
public struct AdjustmentView: Sendable, Hashable {
    public var now: Timestamp
    public var sight: Sight
    /// Whole blocks that began after the newest one it has.
    public var blocks: [LatencyBlock]
    /// What there is of its canary, and what its groups did since the newest bucket it has; `nil` where it has none.
    public var canary: CanarySight?
    /// What an operator asked of it; the newest counts.
    public var request: Request?
    /// Replicas that the plan asks for beyond those that run, a sentence: demand does not wait for a comparison.
    public var demand: String?
    /// The load now and of the last day; `nil` where it is not followed.
    public var load: LoadReading?
    /// Trials have cost what they may cost, a sentence: this one ends.
    public var spending: String?
    /// So many targets look bad at once that the measurements are doubted; time does not pass for the comparison.
    public var doubtsMeasurements: Bool

    public init(
        now: Timestamp, sight: Sight, blocks: [LatencyBlock] = [], canary: CanarySight? = nil, request: Request? = nil,
        doubtsMeasurements: Bool = false
    ) {
        self.now = now
        self.sight = sight
        self.blocks = blocks
        self.canary = canary
        self.request = request
        self.doubtsMeasurements = doubtsMeasurements
    }

    public enum Sight: Sendable, Hashable {
        case seen(TargetObservation)
        /// The target could not be reached; a sentence.
        case unseen(String)
        /// There is no such target any more; a sentence.
        case gone(String)
    }

    public enum CanarySight: Sendable, Hashable {
        case seen(CanaryStatus, [CanaryBucket])
        /// A sentence.
        case unseen(String)
    }

    public enum Request: Sendable, Hashable {
        case approve, reject, rollback
    }
}

/// What follows from a look: the adjustment as it is to be journaled, and then, only after that, a side effect.
public struct AdjustmentStep: Sendable, Hashable {
    public var adjustment: Adjustment
    public var effect: Effect?
    public var events: [ControlEvent]

    /// What is to be done once the adjustment is on disk.
    public enum Effect: Sendable, Hashable {
        case apply(ChangeOrder.Direction)
        /// Brings the canary a step further; asked for again until it is there.
        case canary(CanaryAction)
        /// Takes the mark off the target.
        case unmark
    }
}

extension Adjustment {
    /// Sends of one state that a conflict may cost.
    static let mostConflicts = 5

    /// Looks at the adjustment and says what comes next. Pure.
    public func step(_ view: AdjustmentView) -> AdjustmentStep {
        var next = AdjustmentStepper(self, view)
        next.take()
        return AdjustmentStep(adjustment: next.adjustment, effect: next.effect, events: next.events)
    }

    /// Whether what an operator asked at this look was taken in.
    func hears(_ view: AdjustmentView) -> Bool {
        guard isOpen, state != .awaitingApproval else { return true }
        if case .unseen = view.sight { return false }
        if let trial, trial.isUnderWay(in: state) {
            if case .seen? = view.canary { return true }
            return false
        }
        return true
    }

    /// Takes in how a side effect went. Pure.
    /// - Parameter failure: `nil` where it was done.
    public func settleEffect(_ effect: AdjustmentStep.Effect, failure: AdjusterError?, at now: Timestamp) -> AdjustmentStep {
        var next = AdjustmentStepper(self, AdjustmentView(now: now, sight: .unseen("")))
        next.settle(effect, failure)
        return AdjustmentStep(adjustment: next.adjustment, effect: next.effect, events: next.events)
    }

    /// What the target must hold while the change is in force, and what before it.
    func relation(to observation: TargetObservation) -> Relation {
        guard observation.identity == identity || identity == nil else { return .replaced }
        guard let value = observation.values[knob.name]?.value else { return .unreadable }
        let isOurs = observation.mark?.adjustment == id
        if candidate.from.isSame(as: candidate.to) { return value.isSame(as: candidate.to) ? .after : .foreign(value) }
        if value.isSame(as: candidate.to) { return isOurs ? .after : .sameByAnother }
        guard value.isSame(as: candidate.from) else { return .foreign(value) }
        return isOurs && observation.markCameWithValue ? .setBack : .before(marked: isOurs)
    }

    enum Relation: Equatable {
        /// The old value is in force.
        case before(marked: Bool)
        /// The old value is in force again, and the target bears our mark: the new one was, and somebody set it back.
        case setBack
        /// The new value is in force, and it is ours.
        case after
        /// The new value is in force, but the target does not bear our mark.
        case sameByAnother
        case foreign(KnobValue)
        /// The value in force cannot be read.
        case unreadable
        /// Another target bears the name.
        case replaced
    }
}
