/// How many times fell below which bounds, as an engine's metrics tell it: quantiles are as coarse as the buckets.
public struct LatencyCounts: Sendable, Codable, Hashable {
    /// Of the buckets, seconds, rising; one bucket more is for what is longer.
    public let upperBounds: [Double]
    /// One for each bucket.
    public private(set) var counts: [Int]

    /// Of vLLM's `time_to_first_token_seconds`.
    public static let firstTokenBounds = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2_560,
    ]
    /// Of vLLM's `time_per_output_token_seconds`.
    public static let gapBounds = [
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
    ]

    public init(upperBounds: [Double]) {
        self.upperBounds = upperBounds
        counts = Array(repeating: 0, count: upperBounds.count + 1)
    }

    public mutating func add(_ seconds: Double) { counts[upperBounds.firstIndex { seconds <= $0 } ?? upperBounds.count] += 1 }

    /// Takes in counts of the same buckets; otherwise traps.
    public mutating func add(_ other: LatencyCounts) {
        precondition(upperBounds == other.upperBounds, "counts of \(other.counts.count) buckets are added to \(counts.count) others")
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// As Prometheus's `histogram_quantile`: straight within a bucket, and the last bound for what is beyond it.
    /// - Parameter share: `0...1`.
    /// - Returns: `nil` where nothing was counted.
    public func quantile(_ share: Double) -> Double? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below = 0
        for (index, count) in counts.enumerated() {
            if Double(below + count) >= rank, count > 0 {
                guard index < upperBounds.count else { return upperBounds.last }
                let lower = index > 0 ? upperBounds[index - 1] : 0
                return lower + (upperBounds[index] - lower) * (rank - Double(below)) / Double(count)
            }
            below += count
        }
        return upperBounds.last
    }
}
