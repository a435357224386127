/// The 1-based rank of a percentile in a sorted sample: the smallest value with at least that share of the sample at or below it.
///
/// Source: the nearest-rank definition, R. J. Hyndman and Y. Fan, The American Statistician 50 (1996) 361-365, definition 1.
/// - Parameter count: Sample size, at least 1.
/// - Returns: A rank in `1...count`.
public func nearestRank(_ percentile: Percentile, count: Int) -> Int {
    precondition(count >= 1, "a rank needs a sample, got count \(count)")
    // Integer arithmetic: 0.95 * 20 is 19.000000000000004 in floating point and would round up to 20.
    let rank = (percentile.basisPoints * count + 9_999) / 10_000
    return min(max(rank, 1), count)
}
