/// Where a series leaves its start-up behind, by MSER-5: the prefix is cut whose loss makes the mean of the rest best known.
///
/// Means of five neighbours each are taken; of all prefixes the one is cut that minimizes the sum of squared deviations of the rest over
/// the square of its length. A cut in the second half says that the series had not settled.
///
/// Source: K. P. White, Simulation 69 (1997) 323-334; K. P. White, M. J. Cobb, S. C. Spratt, WSC 2000, 755-760 (batches of 5).
public struct StartUpTruncation: Sendable, Hashable, Codable {
    /// Values to be discarded from the start; 0 where the series has no start-up.
    public var discarded: Int
    /// Whether the series settled in its first half.
    public var isReached: Bool

    /// - Returns: `nil` below 50 values: ten means say nothing.
    public init?(_ values: [Double]) {
        let size = 5
        let means = stride(from: 0, to: values.count - size + 1, by: size).map { start in
            values[start..<start + size].reduce(0, +) / Double(size)
        }
        guard means.count >= 10 else { return nil }
        // From the end, so that each rest is the one before and a value more.
        var rest = RunningMoments()
        var best = (score: Double.infinity, cut: 0)
        for cut in means.indices.reversed() {
            rest.record(means[cut])
            // The last few means may lie close to each other by chance.
            guard rest.count >= 5, let variance = rest.sampleVariance else { continue }
            let score = variance * Double(rest.count - 1) / Double(rest.count * rest.count)
            if score <= best.score { best = (score, cut) }
        }
        isReached = best.cut <= means.count / 2
        discarded = best.cut * size
    }
}
