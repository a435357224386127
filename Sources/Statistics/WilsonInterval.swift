/// The Wilson score interval of a success rate; stays inside `0...1` and holds for few trials.
///
/// Source: E. B. Wilson, JASA 22 (1927) 209-212, doi:10.1080/01621459.1927.10502953.
/// - Parameters:
///   - share: Of successes, in `0...1`.
///   - trials: At least 1; not necessarily whole, where trials that resemble each other count for less.
public func wilsonInterval(share: Double, trials: Double, confidence: Double = 0.95) -> ConfidenceInterval {
    precondition((0...1).contains(share) && trials >= 1, "no interval of \(share) in \(trials) trials")
    let z = standardNormalQuantile(0.5 + confidence / 2)
    let weight = z * z / trials
    let center = (share + weight / 2) / (1 + weight)
    let half = z / (1 + weight) * (share * (1 - share) / trials + weight / (4 * trials)).squareRoot()
    return ConfidenceInterval(lower: max(0, center - half), upper: min(1, center + half), confidence: confidence)
}

/// The interval of the share of ones in a series of zeros and ones, in the order of time, whose neighbours may resemble each other.
///
/// Wilson's, for as many independent trials as the series is worth by ``BatchedMean``.
/// - Returns: `nil` for an empty series.
public func shareInterval(_ outcomes: [Double], confidence: Double = 0.95) -> ConfidenceInterval? {
    guard !outcomes.isEmpty else { return nil }
    let share = outcomes.reduce(0, +) / Double(outcomes.count)
    let trials = max(1, Double(outcomes.count) / (BatchedMean(outcomes)?.inflation ?? 1))
    return wilsonInterval(share: share, trials: trials, confidence: confidence)
}
