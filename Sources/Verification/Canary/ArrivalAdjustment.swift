import Statistics

/// What chance in the sharing out of requests explains of a difference between two groups, by least squares before the change.
///
/// With equal shares drawn by request, now one group gets more to do and now the other, and most of the noise of small groups is that. What
/// comes to a group depends on the draw and not on its settings, so that nothing of the change's effect is explained away. (Buckets, not
/// requests, are the unit; else as ``LengthAdjustment``.)
struct ArrivalAdjustment {
    /// Log ratios of canary to control: arrivals and prompt tokens that came, in the bucket and in the one before it.
    typealias Regressors = [Double]

    static let count = 4
    private let slopes: [Double]
    /// What fitting took from the variance before the change, as a factor of at least 1.
    let inflation: Double

    /// - Parameter points: Buckets before the change with their differences. Too few, or one without arrivals told, explain nothing.
    init(_ points: [(regressors: Regressors?, difference: Double)]) {
        let known = points.compactMap { point in point.regressors.map { ([1] + $0, point.difference) } }
        let width = Self.count + 1
        var normal = [Double](repeating: 0, count: width * width)
        var moments = [Double](repeating: 0, count: width)
        for (row, difference) in known {
            for i in 0..<width {
                moments[i] += row[i] * difference
                for j in 0..<width { normal[i * width + j] += row[i] * row[j] }
            }
        }
        for i in 1..<width { normal[i * width + i] += Self.ridge * Double(known.count) }
        let isEnough = known.count == points.count && known.count >= Self.fewestBuckets
        let solution = isEnough ? CholeskyFactor(normal, width: width)?.solve(moments) : nil
        let found = solution.flatMap { $0.allSatisfy(\.isFinite) ? $0 : nil }
        slopes = found.map { Array($0[1...]) } ?? []
        inflation = slopes.isEmpty ? 1 : Double(known.count) / Double(known.count - width)
    }

    private static let fewestBuckets = 20
    private static let ridge = 1e-4

    /// What is expected of the difference; 0 where nothing is known.
    func expected(_ regressors: Regressors?) -> Double {
        guard let regressors, !slopes.isEmpty else { return 0 }
        return zip(slopes, regressors).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// `nil` where nobody told what came. Where the bucket before is not known, it counts as this one.
    static func regressors(of bucket: CanaryBucket, after previous: CanaryBucket?) -> Regressors? {
        guard let now = ratios(bucket) else { return nil }
        return now + (previous.flatMap(ratios) ?? now)
    }

    private static func ratios(_ bucket: CanaryBucket) -> [Double]? {
        guard let canary = bucket.canary.arrivals, let control = bucket.control.arrivals,
            let canaryTokens = bucket.canary.arrivedInputTokens, let controlTokens = bucket.control.arrivedInputTokens
        else { return nil }
        func ratio(_ one: Int, _ other: Int, _ added: Double) -> Double {
            naturalLogarithm((Double(max(0, one)) + added) / (Double(max(0, other)) + added))
        }
        return [ratio(canary, control, 1), ratio(canaryTokens, controlTokens, 1_000)]
    }
}
