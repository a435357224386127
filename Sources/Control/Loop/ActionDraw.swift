import FoundationEssentials
public import Learning
import Policies
import Statistics

/// Whether a recommended change is made or, now and then, deliberately not.
public struct ActionDraw: Sendable, Hashable {
    public var propensities: Propensities
    /// The objective is burning: nothing is left to chance, and the episode says so.
    public var isUrgent: Bool
    public var seed: UInt64

    public var isHoldout: Bool { propensities.chosen == EpisodeRecord.noOperation }

    /// Draws with the chance of a holdout that the policy asks for; none where a limit is missed by half or more, or an operator asked.
    ///
    /// The probabilities come from the state decided on, before the draw (control dossier §3.7, pitfalls P17 and P19).
    /// - Parameter seed: Of the generator; kept with the episode.
    init(_ recommendation: Candidate, policy: Policy, objectives: [ObjectiveReport], seed: UInt64, isForced: Bool) {
        isUrgent = objectives.contains { $0.isMissedByHalf }
        self.seed = seed
        let mixture = isForced || isUrgent ? ActionMixture.urgent : ActionMixture(holdout: policy.learning.holdout)
        var generator = SplitMix64(seed: seed)
        propensities = mixture.draw(best: recommendation.actionName, safe: [], using: &generator)
    }
}

extension ObjectiveReport {
    fileprivate var isMissedByHalf: Bool {
        guard met == false, let observed, limit > 0 else { return false }
        switch subject {
        case .atMost: return observed >= 1.5 * limit
        case .atLeast: return observed <= limit / 1.5
        case .attainment: return observed < 0.5
        }
    }
}
