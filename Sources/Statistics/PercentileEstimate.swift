/// A percentile of a sample, with its interval; or why it has none.
public enum PercentileEstimate: Sendable, Hashable {
    /// - Parameter interval: Both its ends are values of the sample.
    case supported(value: Double, interval: ConfidenceInterval)
    /// Enough values, and yet so alike to their neighbours that the interval would lack an end: a burst of slow requests is one event.
    case uncertain(value: Double, PercentileShortage)
    /// Too few values, however independent: what stands at the rank says nothing of the percentile.
    case unsupported(PercentileShortage)

    /// `nil` where the sample does not support the percentile.
    public var value: Double? {
        switch self {
        case .supported(let value, _), .uncertain(let value, _): value
        case .unsupported: nil
        }
    }

    public var interval: ConfidenceInterval? { if case .supported(_, let interval) = self { interval } else { nil } }

    /// What is missing for an interval.
    public var shortage: PercentileShortage? {
        switch self {
        case .supported: nil
        case .uncertain(_, let shortage), .unsupported(let shortage): shortage
        }
    }
}

/// How many values a percentile would have needed.
public struct PercentileShortage: Sendable, Hashable, Codable, CustomStringConvertible {
    public var level: Percentile
    /// Values in the sample.
    public var count: Int
    /// As many independent values say as much.
    public var effectiveCount: Double
    /// The fewest independent values that support the level.
    public var needed: Int

    public init(level: Percentile, count: Int, effectiveCount: Double, needed: Int) {
        self.level = level
        self.count = count
        self.effectiveCount = effectiveCount
        self.needed = needed
    }

    /// `p99 needs 368 requests, there are 120` or `p99 needs 368 independent requests; 500 requests that resemble their neighbours …`.
    public var description: String {
        if count < needed { return "\(level) needs \(needed) requests, there \(count == 1 ? "is" : "are") \(count)" }
        let worth = Int(min(max(effectiveCount, 0), 1e15))
        return "\(level) needs \(needed) independent requests; \(count) that resemble their neighbours count as \(worth)"
    }
}

/// The fewest independent values for which a percentile has an interval with two ends: `1 − p^n − (1 − p)^n`, the chance that the true
/// percentile lies between the smallest and the largest value, is high enough on either side.
///
/// At 95 %: 6 for the median, 36 for P90, 72 for P95, 368 for P99 and 3 688 for P99.9.
/// Source: J.-Y. Le Boudec, Performance Evaluation of Computer and Communication Systems, 2010, §2.2.2 and appendix A.
/// - Parameter level: Of 0 and 100 % no finite number of values is enough.
public func valuesNeeded(for level: Percentile, confidence: Double = 0.95) -> Int {
    let rarer = max(level.fraction, 1 - level.fraction)
    guard rarer < 1 else { return .max }
    return Int((naturalLogarithm((1 - confidence) / 2) / naturalLogarithm(rarer)).rounded(.up))
}

/// The 1-based ranks between which a percentile of the population lies with at least the confidence asked for, each tail holding at
/// most half of the rest.
///
/// - Returns: `nil` where the sample is too small.
func orderStatistics(_ level: Percentile, count: Int, confidence: Double) -> ClosedRange<Int>? {
    guard count >= valuesNeeded(for: level, confidence: confidence) else { return nil }
    let tail = (1 - confidence) / 2
    // P(X ≤ k) of a binomial X is I_{1−p}(n − k, k + 1).
    func cumulative(_ k: Int) -> Double {
        k < 0 ? 0 : k >= count ? 1 : incompleteBeta(1 - level.fraction, Double(count - k), Double(k + 1))
    }
    let lower = firstIndex(0...count) { cumulative($0) > tail }
    let upper = firstIndex(0...count) { cumulative($0) >= 1 - tail } + 1
    guard lower >= 1, upper <= count else { return nil }
    return lower...upper
}

/// The first whole number for which a condition holds that goes on to hold.
func firstIndex(_ range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
        let middle = (low + high) / 2
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
}
