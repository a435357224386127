/// Percentiles of a series whose neighbours resemble each other.
///
/// The interval of a percentile `p` is that of order statistics, for as many independent values as the series is worth: its length over
/// the inflation (``BatchedMean``) of the series "is this value at or below the percentile".
///
/// Sources: J.-Y. Le Boudec (as ``valuesNeeded(for:confidence:)``) for the ranks; P. Heidelberger and P. A. W. Lewis, Operations Research
/// 32 (1984) 185-209 for percentiles of dependent series by their indicators.
public struct PercentileSeries: Sendable {
    /// The most values that are sorted; more are counted to 0.1 %.
    public static let exactLimit = 1_000_000

    /// Requests.
    public let count: Int
    public let method: PercentileMethod
    /// Ascending; values that are equal, or of one bucket, once with all their weight.
    private let values: [Double]
    /// The weight of all values up to each.
    private let cumulative: [Double]
    private let source: Source

    /// The values of each request, for a second look.
    private enum Source: Sendable {
        case single([Double])
        /// Those of request `i` are at `starts[i]..<starts[i + 1]`.
        case kept(values: [Double], weights: [Double], starts: [Int])
        /// Too many to keep.
        case asked(@Sendable (Int) -> [(value: Double, weight: Double)])
    }

    /// One value for each request, in the order of time.
    public init(_ values: [Double]) {
        count = values.count
        method = .nearestRank
        self.values = values.sorted()
        cumulative = values.indices.map { Double($0 + 1) }
        source = .single(values)
    }

    /// Any number of weighted values for each request, in the order of time; values of one request are not independent of each other.
    ///
    /// - Parameters:
    ///   - count: Requests.
    ///   - members: The values of a request, asked for several times instead of being kept; none negative, weights above zero.
    public init(count: Int, members: @escaping @Sendable (Int) -> [(value: Double, weight: Double)]) {
        self.init(count: count, exactLimit: Self.exactLimit, members: members)
    }

    init(count: Int, exactLimit: Int, members: @escaping @Sendable (Int) -> [(value: Double, weight: Double)]) {
        self.count = count
        var items: [(value: Double, weight: Double)] = []
        var starts = [0]
        var buckets: [Int: (value: Double, weight: Double)] = [:]
        for group in 0..<count {
            let added = members(group)
            if buckets.isEmpty, items.count + added.count <= exactLimit {
                items += added
                starts.append(items.count)
                continue
            }
            if buckets.isEmpty { for item in items { Self.count(item, in: &buckets) } }
            for item in added { Self.count(item, in: &buckets) }
        }
        if buckets.isEmpty {
            method = .nearestRank
            source = .kept(values: items.map(\.value), weights: items.map(\.weight), starts: starts)
        } else {
            method = .hdrHistogram
            source = .asked(members)
            items = Array(buckets.values)
        }
        items.sort { $0.value < $1.value }
        var sum = 0.0
        cumulative = items.map { item in
            sum += item.weight
            return sum
        }
        values = items.map(\.value)
    }

    /// The nearest-rank value of a level with its interval, or why it has none.
    public func estimate(_ level: Percentile, confidence: Double = 0.95) -> PercentileEstimate {
        let needed = valuesNeeded(for: level, confidence: confidence)
        guard count >= needed, let value = value(atShare: level.fraction) else {
            return .unsupported(PercentileShortage(level: level, count: count, effectiveCount: Double(count), needed: needed))
        }
        let effective = effectiveCount(upTo: value)
        guard let ranks = orderStatistics(level, count: Int(effective), confidence: confidence),
            let lower = self.value(atShare: (Double(ranks.lowerBound) - 0.5) / Double(Int(effective))),
            let upper = self.value(atShare: (Double(ranks.upperBound) - 0.5) / Double(Int(effective)))
        else { return .uncertain(value: value, PercentileShortage(level: level, count: count, effectiveCount: effective, needed: needed)) }
        return .supported(
            value: value, interval: ConfidenceInterval(lower: min(lower, value), upper: max(upper, value), confidence: confidence))
    }

    /// The smallest value at which a share of all weight is reached.
    private func value(atShare share: Double) -> Double? {
        guard let total = cumulative.last, total > 0 else { return nil }
        // A billionth less than asked for: 0.95 · 20 is more than 19 in floating point and would go on to the next value.
        let wanted = share * total * (1 - 1e-9)
        return values[min(firstIndex(0...values.count - 1) { cumulative[$0] >= wanted }, values.count - 1)]
    }

    /// How many independent requests say as much about the share of values up to this one, and about that below it: of many equal values
    /// only one of the two tells how alike neighbours are.
    private func effectiveCount(upTo limit: Double) -> Double {
        let (below, upTo, weights) = weights(upTo: limit)
        let inflation = BatchedMean(upTo, weights: weights)?.inflation ?? 1
        let equal = upTo.reduce(0, +) - below.reduce(0, +)
        guard equal > 2 * (cumulative.last ?? 0) / Double(count) else { return Double(count) / inflation }
        return Double(count) / max(inflation, BatchedMean(below, weights: weights)?.inflation ?? 1)
    }

    /// Of each request: the weight of its values below a limit, that of those up to it, and all its weight.
    private func weights(upTo limit: Double) -> (below: [Double], upTo: [Double], all: [Double]?) {
        if case .single(let values) = source { return (values.map { $0 < limit ? 1 : 0 }, values.map { $0 <= limit ? 1 : 0 }, nil) }
        var (below, upTo, all): ([Double], [Double], [Double]) = ([], [], [])
        for group in 0..<count {
            var sums = (below: 0.0, upTo: 0.0, all: 0.0)
            func add(_ value: Double, _ weight: Double) {
                sums.all += weight
                if value <= limit { sums.upTo += weight }
                if value < limit { sums.below += weight }
            }
            switch source {
            case .single: break
            case .kept(let values, let weights, let starts):
                for index in starts[group]..<starts[group + 1] { add(values[index], weights[index]) }
            case .asked(let members): for item in members(group) { add(item.value, item.weight) }
            }
            below.append(sums.below)
            upTo.append(sums.upTo)
            all.append(sums.all)
        }
        return (below, upTo, all)
    }

    /// Adds a value to the bucket of all that share its first ten bits.
    private static func count(_ item: (value: Double, weight: Double), in buckets: inout [Int: (value: Double, weight: Double)]) {
        let key = Int(item.value.bitPattern >> 42)
        // The highest value of a bucket stands for it, as in an HDR histogram.
        buckets[key] = (max(buckets[key]?.value ?? 0, item.value), (buckets[key]?.weight ?? 0) + item.weight)
    }
}
