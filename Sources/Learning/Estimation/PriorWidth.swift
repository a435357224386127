/// How far physics is wrong about a class of actions, learned from how far it was (empirical Bayes).
///
/// With δ̂ fitted almost without a prior and its standard error, `E[δ̂² − se²]` is the variance of what physics is wrong by
/// (C. N. Morris, JASA 78 (1983) 47-55). A class has few actions, so the default counts as so many of them.
struct PriorWidth {
    static let smallest = 0.05
    /// Beyond a threefold error nobody would call it a prediction.
    static let largest = 1.0
    /// Actions that the default is worth.
    static let weightOfDefault = 12.0

    let fallback: Double

    /// - Parameters:
    ///   - wide: Effects fitted with a prior so wide that it does not matter.
    ///   - classes: The class of every action.
    /// - Returns: One deviation an action.
    func widths(_ wide: [FittedEffect], classes: [Int]) -> [Double] {
        var sums: [Int: (excess: Double, count: Double)] = [:]
        for (effect, name) in zip(wide, classes) where effect.count >= 2 {
            let sum = sums[name] ?? (0, 0)
            sums[name] = (sum.excess + effect.excess * effect.excess - effect.variance, sum.count + 1)
        }
        return zip(wide, classes).map { effect, name in
            let sum = sums[name] ?? (0, 0)
            let variance = (Self.weightOfDefault * fallback * fallback + sum.excess) / (Self.weightOfDefault + sum.count)
            let learned = min(max(variance, Self.smallest * Self.smallest).squareRoot(), Self.largest)
            // What physics predicts is wrong by a share of it, however right it was about smaller effects.
            return max(learned, PhysicalPrior.relativeDeviation * abs(effect.predicted))
        }
    }
}
