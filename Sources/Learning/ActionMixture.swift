public import Statistics

/// From what actions are drawn: mostly the best one, sometimes deliberately nothing, seldom any that is safe.
///
/// `e(a) = (1 − ε − η)·1[a = best] + η·1[a = no-op] + ε / |safe|` (control dossier §3.7). The shares are explicit, so that the chance of every
/// action is known exactly and nothing has to be estimated from repeated draws.
public struct ActionMixture: Sendable, Hashable {
    /// η, in `0...0.5`: how often nothing is done, so that effects can be told from chance.
    public let holdout: Double
    /// ε, in `0...0.5`: how often any of the safe actions is taken.
    public let exploration: Double

    /// Shares outside of `0...0.5` are cut to it; one that is no number is 0.
    public init(holdout: Double, exploration: Double = 0) {
        self.holdout = Self.share(holdout)
        self.exploration = Self.share(exploration)
    }

    /// While the objective burns nothing is left to chance (pitfall P17).
    public static let urgent = ActionMixture(holdout: 0)

    /// The chance of every action; they sum to 1.
    /// - Parameters:
    ///   - best: The action that promises most; `nil` where none is worth it, and doing nothing is the best.
    ///   - safe: What may be explored; without any, ε goes to the best.
    public func distribution(best: String?, safe: [String]) -> [String: Double] {
        let safe = Set(safe)
        let explored = safe.isEmpty ? 0 : exploration
        let best = best ?? EpisodeRecord.noOperation
        var shares: [String: Double] = [EpisodeRecord.noOperation: holdout]
        for action in safe { shares[action, default: 0] += explored / Double(safe.count) }
        shares[best, default: 0] += 1 - holdout - explored
        return shares
    }

    /// Draws one action with the chances of ``distribution(best:safe:)``, which come from the state decided on, before the draw (pitfall P19).
    public func draw(best: String?, safe: [String], using generator: inout SplitMix64) -> Propensities {
        let shares = distribution(best: best, safe: safe)
        let point = generator.uniform()
        // Doing nothing comes first, then the others by name: the same seed draws the same action.
        let order = shares.keys.sorted { ($0 != EpisodeRecord.noOperation ? 1 : 0, $0) < ($1 != EpisodeRecord.noOperation ? 1 : 0, $1) }
        var sum = 0.0
        var chosen: String?
        for action in order where chosen == nil {
            sum += shares[action] ?? 0
            if point < sum { chosen = action }
        }
        // Rounding may leave a sliver above the sum; it belongs to the last action with a chance.
        let fallback = order.last { (shares[$0] ?? 0) > 0 } ?? EpisodeRecord.noOperation
        guard let propensities = try? Propensities(chosen: chosen ?? fallback, distribution: shares) else {
            preconditionFailure("shares \(holdout) and \(exploration) over \(safe.count) actions give no propensities")
        }
        return propensities
    }

    private static func share(_ value: Double) -> Double { value.isFinite ? min(max(value, 0), 0.5) : 0 }
}
