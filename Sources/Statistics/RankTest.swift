/// How two samples differ in rank: whether a value of the second tends to be larger.
///
/// Sources: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947) 50-60, with the correction for ties;
/// N. Cliff, Psychological Bulletin 114 (1993) 494-509 for the effect.
public struct RankTest: Sendable, Hashable {
    /// Mann–Whitney U of the second sample: pairs in which its value is larger, ties counting half.
    public let u: Double
    /// Cliff's delta, in `-1...1`: the chance that a value of the second sample is larger, less the chance that it is smaller.
    public let cliffsDelta: Double
    /// Two-sided, by the normal approximation with the correction for continuity; for independent values only.
    public let p: Double

    /// - Returns: `nil` where a sample is empty.
    public init?(_ first: [Double], _ second: [Double]) {
        guard !first.isEmpty, !second.isEmpty else { return nil }
        let pooled = (first.map { ($0, false) } + second.map { ($0, true) }).sorted { $0.0 < $1.0 }
        var rankSum = 0.0
        var ties = 0.0
        var start = 0
        while start < pooled.count {
            var end = start
            var seconds = 0
            while end < pooled.count, pooled[end].0 == pooled[start].0 {
                if pooled[end].1 { seconds += 1 }
                end += 1
            }
            let size = Double(end - start)
            rankSum += Double(seconds) * (Double(start + 1) + Double(end)) / 2
            ties += size * size * size - size
            start = end
        }
        let (n, m) = (Double(first.count), Double(second.count))
        u = rankSum - m * (m + 1) / 2
        cliffsDelta = 2 * u / (n * m) - 1
        let all = n + m
        let variance = n * m / 12 * (all + 1 - ties / (all * max(1, all - 1)))
        let distance = max(0, abs(u - n * m / 2) - 0.5)
        p = variance > 0 ? min(1, 2 * standardNormalCumulative(-distance / variance.squareRoot())) : 1
    }
}

/// The p-values of a family of tests, raised so that the chance of any false finding stays below the level asked of each.
///
/// Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
/// - Parameter p: Each in `0...1`.
/// - Returns: In the same order, each at least as large.
public func holmAdjusted(_ p: [Double]) -> [Double] {
    var adjusted = p
    var highest = 0.0
    for (step, index) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated() {
        highest = max(highest, min(1, Double(p.count - step) * p[index]))
        adjusted[index] = highest
    }
    return adjusted
}
