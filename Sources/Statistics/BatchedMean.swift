/// A mean, or a ratio of two sums, of a series whose neighbours resemble each other, and how far it can be trusted.
///
/// Requests that wait in one queue are alike: a thousand of them say less than a thousand independent ones. The series is cut into up to
/// ``maximumBatches`` batches of neighbours, whose totals are nearly independent; what likeness is left between neighbouring batches is
/// taken for that of an autoregression of order 1 and corrected for.
///
/// Sources: R. W. Conway, Management Science 10 (1963) 47-61 (batches); A. Tafazzoli and J. R. Wilson, IIE Transactions 43 (2011)
/// 110-128, §2.3 (what is left between batches); W. G. Cochran, Sampling Techniques, 3rd ed. 1977, §6.3 (ratios).
public struct BatchedMean: Sendable, Hashable {
    /// More batches would be shorter and more alike; fewer make a poorer estimate of the variance.
    public static let maximumBatches = 32

    /// Sum of the values over the sum of the weights.
    public let mean: Double
    /// Variance of ``mean`` as an estimate.
    public let variance: Double
    /// How many times larger the variance is than that of as many independent values; at least 1.
    public let inflation: Double
    public let batches: Int

    /// - Parameters:
    ///   - values: In the order of time, finite. For a ratio: the numerators.
    ///   - weights: The denominators, none negative; 1 each where not given.
    /// - Returns: `nil` below two values, or where all weights are zero.
    public init?(_ values: [Double], weights: [Double]? = nil) {
        let count = values.count
        precondition(weights.map { $0.count == count } ?? true, "\(weights?.count ?? 0) weights for \(count) values")
        let total = weights.map { $0.reduce(0, +) } ?? Double(count)
        guard count >= 2, total > 0 else { return nil }
        let mean = values.reduce(0, +) / total
        let batches = min(Self.maximumBatches, count)
        var sums = [Double](repeating: 0, count: batches)
        var squares = 0.0
        for (index, value) in values.enumerated() {
            let residual = value - mean * (weights?[index] ?? 1)
            sums[index * batches / count] += residual
            squares += residual * residual
        }
        let independent = squares * Double(count) / Double(count - 1)
        let batched = sums.reduce(0) { $0 + $1 * $1 } * Double(batches) / Double(batches - 1) * Self.correction(for: sums)
        self.mean = mean
        self.batches = batches
        // Batches that vary less than chance would have it promise nothing: the next run's may not.
        inflation = independent > 0 ? max(1, batched / independent) : 1
        variance = max(independent, batched) / (total * total)
    }

    /// - Parameter confidence: In `0...1`, both ends excluded.
    public func interval(confidence: Double = 0.95) -> ConfidenceInterval {
        let quantile = studentQuantile(0.5 + confidence / 2, degreesOfFreedom: Double(batches - 1))
        let half = quantile * variance.squareRoot()
        return ConfidenceInterval(lower: mean - half, upper: mean + half, confidence: confidence)
    }

    /// `(1 + ρ) / (1 − ρ)` for the likeness `ρ` of neighbouring batches, taken as at least 0 and at most 0.9.
    private static func correction(for sums: [Double]) -> Double {
        let squares = sums.reduce(0) { $0 + $1 * $1 }
        guard squares > 0, sums.count >= 8 else { return 1 }
        let products = zip(sums, sums.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
        let likeness = min(max(products / squares, 0), 0.9)
        return (1 + likeness) / (1 - likeness)
    }
}
