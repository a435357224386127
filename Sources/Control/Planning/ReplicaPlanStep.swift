import Measurements
import Policies
public import Scaling

/// What planning the replicas came to at one tick.
public enum ReplicaPlanStep: Sendable, Codable, Hashable {
    case planned(ReplicaPlan)
    /// Nothing can be said, and what runs stays.
    case held(Hold)

    /// Why there is no plan.
    public enum Hold: Sendable, Codable, Hashable {
        /// No source told of the requests of a period.
        case nothingHeard
        /// The first period is not over yet.
        case gathering
        /// The source does not tell these.
        case missing([ServiceLoad.Figure])
        /// Nothing was heard for so long that what came then says little about now.
        case silence(seconds: Double)
        /// The target does not tell how many replicas are asked for, or how many of them serve.
        case targetUnknown
        /// This version knows no such profile.
        case unknownProfile(String)
        /// The journal cannot tell what was learned before; a sentence.
        case journalFailed(String)
        /// The policy limits no time per output token.
        case noObjective
    }

    /// The plan's own sentence, or why there is none.
    public var explanation: String {
        switch self {
        case .planned(let plan): plan.description
        case .held(let hold): "no plan, and what runs stays: \(hold.explanation)"
        }
    }
}

extension ReplicaPlanStep.Hold {
    /// A clause.
    public var explanation: String {
        switch self {
        case .nothingHeard:
            "no source tells how many requests come; a source prometheus or scrape with the preset vllm does"
        case .gathering: "the first period is not over yet"
        case .missing(let figures): "\(figures.map(\.words).joined(separator: ", ")) is not known"
        case .silence(let seconds):
            "what came was told for \(FigureText.duration(.seconds(fractional: seconds.rounded()))) as one, and nothing of when it came"
        case .targetUnknown: "the target does not tell how many replicas are asked for and how many of them serve"
        case .unknownProfile(let name): "no engine profile is named '\(name)'"
        case .journalFailed(let why): "what was learned before cannot be read: \(why)"
        case .noObjective: "the objective has no 'tpot'"
        }
    }
}
