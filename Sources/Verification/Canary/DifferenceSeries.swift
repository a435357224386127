/// The mean of differences that are correlated over a few buckets, with its long-run variance; each costs the same however many came before.
///
/// Long-run variance with Bartlett's weights over four lags (W. K. Newey, K. D. West, Econometrica 55 (1987) 703-708), times
/// (n + 1)/(n − 1) as few differences look less variable than they are.
struct DifferenceSeries: Sendable {
    static let lags = 4

    private(set) var count = 0
    /// Sums are of differences less the first one.
    private var origin = 0.0
    private var sum = 0.0
    /// `products[k]` sums `y_t · y_{t−k}`.
    private var products = [Double](repeating: 0, count: lags + 1)
    /// The first and the last differences, at most as many as there are lags.
    private var first: [Double] = []
    private var last: [Double] = []

    mutating func add(_ difference: Double) {
        if count == 0 { origin = difference }
        let value = difference - origin
        count += 1
        sum += value
        products[0] += value * value
        for (back, earlier) in last.reversed().enumerated() { products[back + 1] += value * earlier }
        if first.count < Self.lags { first.append(value) }
        last.append(value)
        if last.count > Self.lags { last.removeFirst() }
    }

    /// 0 where there are none.
    var mean: Double { count > 0 ? origin + sum / Double(count) : 0 }

    /// Of one difference; `nil` below two.
    var longRunVariance: Double? {
        guard count >= 2 else { return nil }
        let count = Double(self.count)
        let center = sum / count
        var variance = max(0, products[0] / count - center * center)
        for lag in 1...Self.lags where lag < self.count {
            let ends = first.prefix(lag).reduce(0, +) + last.suffix(lag).reduce(0, +)
            let covariance = (products[lag] - center * (2 * sum - ends) + (count - Double(lag)) * center * center) / count
            variance += 2 * (1 - Double(lag) / Double(Self.lags + 1)) * covariance
        }
        return max(0, variance) * (count + 1) / (count - 1)
    }
}
