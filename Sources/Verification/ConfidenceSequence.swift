import Statistics

/// How far a mean may be from what it estimates, at every look together.
///
/// Source: the one-sided asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, Annals of
/// Statistics 52 (2024) 2613-2640.
public struct ConfidenceSequence: Sendable, Hashable {
    /// Probability of ever missing on one side; in `0..<0.5`.
    public let alpha: Double
    /// Number of terms for which the bound is tightest, above 0.
    public let tightestAfter: Double

    public init(alpha: Double, tightestAfter: Double) {
        self.alpha = alpha
        self.tightestAfter = tightestAfter
    }

    /// The distance from the mean of so many terms, at least 1, to either bound, in long-run standard deviations of one term.
    public func distance(after terms: Int) -> Double {
        let count = Double(terms)
        let spread = -2 * naturalLogarithm(alpha)
        let scale = (spread + naturalLogarithm(1 + spread)) / tightestAfter
        let boundary =
            2 * (count * scale + 1) / (count * count * scale)
            * naturalLogarithm(1 + (count * scale + 1).squareRoot() / (2 * alpha))
        return boundary.squareRoot()
    }

    /// Of the standard normal distribution, for 0.5 %: what was estimated before the first look is allowed for with it.
    static let quantileOfBefore = 2.576
}
