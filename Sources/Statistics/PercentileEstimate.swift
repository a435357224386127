/// A percentile that a sample supports, with its interval; or why it does not.
public enum PercentileEstimate: Sendable, Hashable {
    /// - Parameter interval: Both its ends are values of the sample.
    case supported(value: Double, interval: ConfidenceInterval)
    /// Too few values: the interval would have no upper or no lower end.
    case unsupported(PercentileShortage)

    public var value: Double? { if case .supported(let value, _) = self { value } else { nil } }
    public var interval: ConfidenceInterval? { if case .supported(_, let interval) = self { interval } else { nil } }
    public var shortage: PercentileShortage? { if case .unsupported(let shortage) = self { shortage } else { nil } }
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
        return "\(level) needs \(needed) independent requests; \(count) that resemble their neighbours count as \(Int(effectiveCount))"
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

/// Percentiles of a series whose neighbours resemble each other.
///
/// The interval of a percentile `p` is that of order statistics, for as many independent values as the series is worth: its length over
/// the inflation (``BatchMeans``) of the series "is this value at or below the percentile".
///
/// Sources: J.-Y. Le Boudec (as ``valuesNeeded(for:confidence:)``) for the ranks; P. Heidelberger and P. A. W. Lewis, Operations Research
/// 32 (1984) 185-209 for percentiles of dependent series by their indicators.
public struct PercentileSeries: Sendable {
    private let items: [(value: Double, weight: Double, group: Int)]
    private let total: Double
    private let groupWeights: [Double]

    /// One value for each request, in the order of time.
    public init(_ values: [Double]) {
        items = values.enumerated().map { ($1, 1, $0) }.sorted { $0.value < $1.value }
        total = Double(values.count)
        groupWeights = []
        count = values.count
    }

    /// Any number of weighted values for each request, in the order of time; values of one request are not independent of each other.
    public init(groups: [[(value: Double, weight: Double)]]) {
        var items: [(value: Double, weight: Double, group: Int)] = []
        items.reserveCapacity(groups.reduce(0) { $0 + $1.count })
        for (group, members) in groups.enumerated() { for member in members { items.append((member.value, member.weight, group)) } }
        items.sort { $0.value < $1.value }
        self.items = items
        groupWeights = groups.map { $0.reduce(0) { $0 + $1.weight } }
        total = groupWeights.reduce(0, +)
        count = groups.count
    }

    /// Requests.
    public let count: Int

    /// The nearest-rank value of a level with its interval, or why there is none.
    public func estimate(_ level: Percentile, confidence: Double = 0.95) -> PercentileEstimate {
        let needed = valuesNeeded(for: level, confidence: confidence)
        guard count >= 2, total > 0, let position = position(atShare: level.fraction) else {
            return .unsupported(PercentileShortage(level: level, count: count, effectiveCount: Double(count), needed: needed))
        }
        let effective = effectiveCount(upTo: position)
        guard effective >= Double(needed), let ranks = orderStatistics(level, count: Int(effective), confidence: confidence) else {
            return .unsupported(PercentileShortage(level: level, count: count, effectiveCount: effective, needed: needed))
        }
        let size = Double(Int(effective))
        guard let lower = self.position(atShare: (Double(ranks.lowerBound) - 0.5) / size),
            let upper = self.position(atShare: (Double(ranks.upperBound) - 0.5) / size)
        else { return .unsupported(PercentileShortage(level: level, count: count, effectiveCount: effective, needed: needed)) }
        return .supported(
            value: items[position].value,
            interval: ConfidenceInterval(lower: items[lower].value, upper: items[upper].value, confidence: confidence))
    }

    /// The sorted place at which a share of all weight is reached.
    private func position(atShare share: Double) -> Int? {
        guard !items.isEmpty else { return nil }
        // A billionth less than asked for: 0.95 · 20 is more than 19 in floating point and would go on to the next value.
        let wanted = share * total * (1 - 1e-9)
        if groupWeights.isEmpty { return min(max(Int(wanted.rounded(.up)) - 1, 0), items.count - 1) }
        var sum = 0.0
        for (index, item) in items.enumerated() {
            sum += item.weight
            if sum >= wanted { return index }
        }
        return items.count - 1
    }

    /// How many independent requests say as much about the share of values up to a place.
    private func effectiveCount(upTo position: Int) -> Double {
        var below = [Double](repeating: 0, count: count)
        let value = items[position].value
        for item in items {
            guard item.value <= value else { break }
            below[item.group] += item.weight
        }
        let indicator = BatchMeans(below, weights: groupWeights.isEmpty ? nil : groupWeights)
        return Double(count) / (indicator?.inflation ?? 1)
    }
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
private func firstIndex(_ range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
        let middle = (low + high) / 2
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
}
