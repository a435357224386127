import FoundationEssentials
public import Learning
import Policies
import Statistics
import Tuning

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

    /// What a tuner drew, by the names that effects are learned under.
    init?(_ draw: TuningDraw, grid: TuningGrid) {
        var names = [EpisodeRecord.noOperation: EpisodeRecord.noOperation]
        for option in draw.options {
            guard let knob = option.configuration.knobs(differingIn: draw.incumbent).first, let to = option.configuration[knob],
                let from = draw.incumbent[knob]
            else { continue }
            let steps = grid.steps(of: knob, from: from, to: to)
            names["\(option.configuration)"] = Candidate(knob: knob, role: .other, from: from, to: to, step: steps).actionName
        }
        var distribution: [String: Double] = [:]
        for (action, probability) in draw.propensities.distribution { distribution[names[action] ?? action, default: 0] += probability }
        let chosen = draw.propensities.chosen
        guard let propensities = try? Propensities(chosen: names[chosen] ?? chosen, distribution: distribution) else { return nil }
        self.propensities = propensities
        isUrgent = draw.isUrgent
        seed = draw.seed
    }
}

extension ObjectiveReport {
    var isMissedByHalf: Bool {
        guard met == false, let observed, limit > 0 else { return false }
        switch subject {
        case .atMost: return observed >= 1.5 * limit
        case .atLeast: return observed <= limit / 1.5
        case .attainment: return observed < 0.5
        }
    }
}
