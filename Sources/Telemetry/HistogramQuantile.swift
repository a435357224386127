/// A bucket of a cumulative histogram.
public struct CumulativeBucket: Sendable, Hashable {
    /// Inclusive; `+Inf` for the last.
    public var upperBound: Double
    /// Observations up to the bound, or their rate.
    public var count: Double

    public init(upperBound: Double, count: Double) {
        self.upperBound = upperBound
        self.count = count
    }
}

/// What `histogram_quantile` of Prometheus makes of classic buckets: linear between the bounds of the bucket the quantile falls into; the
/// lowest bucket starts at zero where its bound is positive; what falls into the `+Inf` bucket becomes the highest finite bound.
///
/// Source: `BucketQuantile` in promql/quantile.go of Prometheus, https://prometheus.io/docs/prometheus/latest/querying/functions/.
/// - Parameter quantile: Within `0...1`; below gives −∞, above +∞, NaN gives NaN.
/// - Parameter buckets: In any order. Buckets of one bound are added up, and counts that fall are raised to the count before them.
/// - Returns: NaN without a `+Inf` bucket, with fewer than two buckets and without observations.
public func histogramQuantile(_ quantile: Double, _ buckets: [CumulativeBucket]) -> Double {
    if quantile.isNaN { return .nan }
    if quantile < 0 { return -.infinity }
    if quantile > 1 { return .infinity }
    let buckets = monotonic(coalesced(buckets))
    guard buckets.count >= 2, let last = buckets.last, last.upperBound == .infinity, last.count != 0, !last.count.isNaN else { return .nan }
    let rank = quantile * last.count
    guard let index = buckets.dropLast().firstIndex(where: { $0.count >= rank }) else { return buckets[buckets.count - 2].upperBound }
    let bucket = buckets[index]
    guard index > 0 else { return bucket.upperBound <= 0 ? bucket.upperBound : bucket.upperBound * (rank / bucket.count) }
    let before = buckets[index - 1]
    return before.upperBound + (bucket.upperBound - before.upperBound) * ((rank - before.count) / (bucket.count - before.count))
}

private func coalesced(_ buckets: [CumulativeBucket]) -> [CumulativeBucket] {
    var result: [CumulativeBucket] = []
    for bucket in buckets.sorted(by: { $0.upperBound < $1.upperBound }) {
        if let last = result.last, last.upperBound == bucket.upperBound {
            result[result.count - 1].count += bucket.count
        } else {
            result.append(bucket)
        }
    }
    return result
}

/// Counts that differ by rounding become equal; counts that fall are raised.
private func monotonic(_ buckets: [CumulativeBucket]) -> [CumulativeBucket] {
    guard var previous = buckets.first?.count else { return [] }
    var result = buckets
    for index in result.indices.dropFirst() where result[index].count != previous {
        let count = result[index].count
        if count < previous || abs(count - previous) <= 1e-12 * min(abs(count) + abs(previous), .greatestFiniteMagnitude) {
            result[index].count = previous
        } else {
            previous = count
        }
    }
    return result
}
