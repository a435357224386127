import Learning
import Measurements
import Policies
public import Tuning

/// What tuning the knobs came to at one tick.
public enum TuningStep: Sendable, Codable, Hashable {
    /// A trial, or a holdout.
    case drawn(TuningDraw)
    /// Nothing promises enough, and nothing is done for a while.
    case resting(TuningDraw)
    /// Nothing is tried now.
    case held(Hold)

    /// Why nothing is tried now.
    public enum Hold: Sendable, Codable, Hashable {
        case refused(TuningRefusal)
        /// A change is under way.
        case underWay
        /// The values in force of these knobs are not known.
        case valuesUnknown([String])
        /// Somebody else sets a knob.
        case ownedByAnother(knob: String, owner: String)
        /// The target does not tell how many replicas are ready.
        case replicasUnknown
        /// The journal cannot tell what was learned before; a sentence.
        case journalFailed(String)
    }

    /// A sentence without its full stop.
    public var explanation: String {
        switch self {
        case .drawn(let draw):
            draw.choice.map { "\($0) is tried, drawn with \(FigureText.percent(draw.propensities.probability))" }
                ?? "nothing is changed on purpose, drawn with \(FigureText.percent(draw.propensities.probability))"
        case .resting(let draw): "nothing that may be tried promises enough over \(draw.incumbent)"
        case .held(let hold): "nothing is tried: \(hold.explanation)"
        }
    }
}

extension TuningStep.Hold {
    /// A clause.
    public var explanation: String {
        switch self {
        case .refused(let refusal): refusal.explanation
        case .underWay: "a change is under way"
        case .valuesUnknown(let knobs): "the value in force of \(knobs.joined(separator: ", ")) is not known"
        case .ownedByAnother(let knob, let owner): "\(owner) sets \(knob); two controllers of one setting fight"
        case .replicasUnknown: "the target does not tell how many replicas are ready"
        case .journalFailed(let why): "what was learned before cannot be read: \(why)"
        }
    }
}

extension TuningRefusal {
    /// A clause.
    public var explanation: String {
        switch self {
        case .coolingDown(let end): "the last trial is not long over; not before \(end)"
        case .enoughBegun(let count): "as many trials as may be, \(count), have begun of late"
        case .budgetSpent(let share, let most):
            "trials have spent \(FigureText.percent(min(share, 100))) of the error budget of the last day, and may spend \(FigureText.percent(most))"
        case .tooFewReplicas(let count): "two groups beside a rest take four ready replicas, and there are \(count)"
        case .cannotBeTold(let refusal): refusal.explanation
        }
    }
}
