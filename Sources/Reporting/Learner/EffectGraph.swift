import Control
public import Learning
import Policies

/// What was learned of a deployment, as a graph: an arrow from every action to every outcome it moves.
public struct EffectGraph: Sendable {
    public let deployment: String
    public let learned: LearnedEffects
    /// By action, then by outcome.
    let edges: [Edge]

    struct Edge: Sendable {
        let action: String
        let outcome: Outcome
        let effect: LearnedEffect
        let widening: Double

        /// As a ratio: −0.1 is a fall by 10 %.
        var change: Double { effect.total.relativeChange }
        var interval: ClosedRange<Double> { effect.total.interval90 }
        var probabilityOfFall: Double { effect.total.probabilityOfFall }

        /// `, 3 canaries`; empty without any.
        var canaries: String { effect.canaries.map { ", \($0) canar\($0 == 1 ? "y" : "ies")" } ?? "" }

        /// "very likely falls", "likely rises" or "unclear".
        var words: String {
            let (direction, probability) = probabilityOfFall >= 0.5 ? ("falls", probabilityOfFall) : ("rises", 1 - probabilityOfFall)
            switch probability {
            case 0.95...: return "very likely \(direction)"
            case 0.8..<0.95: return "likely \(direction)"
            default: return "unclear"
            }
        }
    }

    public init(deployment: String, learned: LearnedEffects) {
        self.deployment = deployment
        self.learned = learned
        edges = learned.actions.flatMap { action in
            Outcome.allCases.compactMap { outcome in
                action.effects[outcome].map {
                    Edge(action: action.name, outcome: outcome, effect: $0, widening: learned.accuracy[outcome]?.widening ?? 1)
                }
            }
        }
    }

    var outcomes: [Outcome] { Outcome.allCases.filter { outcome in edges.contains { $0.outcome == outcome } } }

    /// `learned from 12 episodes, 3 holdouts, 2 canaries`; holdouts and canaries are among the episodes.
    var evidence: String {
        let left = learned.leftOut > 0 ? "; \(learned.leftOut) of no use (contaminated, unmeasured or without a prediction)" : ""
        let canaries = learned.canaries.map { ", \($0) canar\($0 == 1 ? "y" : "ies")" } ?? ""
        return "learned from \(learned.episodes) episode\(learned.episodes == 1 ? "" : "s"), "
            + "\(learned.holdouts) holdout\(learned.holdouts == 1 ? "" : "s")" + canaries + left
    }
}
