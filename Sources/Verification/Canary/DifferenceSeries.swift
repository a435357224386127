/// The mean of differences that are correlated over a few buckets, with its long-run variance; each costs the same however many came before.
///
/// Long-run variance with Bartlett's weights over four lags (W. K. Newey, K. D. West, Econometrica 55 (1987) 703-708), times
/// (n + 1)/(n − 1) as few differences look less variable than they are.
struct DifferenceSeries: Sendable {
    static let lags = 4
    /// Neighbours are not taken to be correlated more than this: nothing would be certain any more.
    private static let strongestCorrelation = 0.9

    private let whitens: Bool

    private(set) var count = 0
    /// Sums are of differences less the first one.
    private var origin = 0.0
    private var sum = 0.0
    /// `products[k]` sums `y_t · y_{t−k}`.
    private var products = [Double](repeating: 0, count: lags + 2)
    /// The first and the last differences, at most one more than there are lags.
    private var first: [Double] = []
    private var last: [Double] = []

    /// - Parameter whitens: See ``CanaryTerms/whitens``.
    init(whitens: Bool = false) { self.whitens = whitens }

    mutating func add(_ difference: Double) {
        if count == 0 { origin = difference }
        let value = difference - origin
        count += 1
        sum += value
        products[0] += value * value
        for (back, earlier) in last.reversed().enumerated() { products[back + 1] += value * earlier }
        if first.count <= Self.lags { first.append(value) }
        last.append(value)
        if last.count > Self.lags + 1 { last.removeFirst() }
    }

    /// 0 where there are none.
    var mean: Double { count > 0 ? origin + sum / Double(count) : 0 }

    /// Of one difference; `nil` below two.
    var longRunVariance: Double? {
        guard count >= 2 else { return nil }
        let covariances = (0...Self.lags + 1).map(covariance(lag:))
        let variance = max(Self.weighted(covariances), whitens ? Self.whitened(covariances) : 0)
        return variance * Double(count + 1) / Double(count - 1)
    }

    /// Of differences so many apart; 0 where there are none.
    private func covariance(lag: Int) -> Double {
        guard lag < count else { return 0 }
        let count = Double(self.count)
        let center = sum / count
        guard lag > 0 else { return max(0, products[0] / count - center * center) }
        let ends = first.prefix(lag).reduce(0, +) + last.suffix(lag).reduce(0, +)
        return (products[lag] - center * (2 * sum - ends) + (count - Double(lag)) * center * center) / count
    }

    /// - Parameter covariances: By lag, from 0 on; at least as many as there are weights.
    private static func weighted(_ covariances: [Double]) -> Double {
        max(0, (1...lags).reduce(covariances[0]) { $0 + 2 * (1 - Double($1) / Double(lags + 1)) * covariances[$1] })
    }

    /// What correlation over more than the lags leaves unseen is seen once that of neighbours is taken out, and put back into the sum (D. W. K.
    /// Andrews, J. C. Monahan, Econometrica 60 (1992) 953-966).
    private static func whitened(_ covariances: [Double]) -> Double {
        guard covariances[0] > 0 else { return 0 }
        let correlation = min(max(0, covariances[1] / covariances[0]), strongestCorrelation)
        let ofResiduals = (0...lags).map { lag in
            (1 + correlation * correlation) * covariances[lag] - correlation * (covariances[lag + 1] + covariances[abs(lag - 1)])
        }
        return weighted(ofResiduals) / ((1 - correlation) * (1 - correlation))
    }
}
