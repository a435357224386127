/// Count, mean, variance and extremes of a stream, in one pass and mergeable.
///
/// Source: B. P. Welford, Technometrics 4 (1962) 419-420; merging after T. F. Chan, G. H. Golub, R. J. LeVeque (1979).
public struct RunningMoments: Sendable, Hashable {
    public private(set) var count = 0
    public private(set) var mean = 0.0
    public private(set) var minimum = Double.infinity
    public private(set) var maximum = -Double.infinity
    private var sumOfSquaredDeviations = 0.0

    public init() {}

    /// Adds one finite value; not finite is a caller's bug and traps in debug builds.
    @inlinable public mutating func record(_ value: Double) {
        assert(value.isFinite, "moments take finite values, got \(value)")
        update(value)
    }

    @usableFromInline mutating func update(_ value: Double) {
        count += 1
        let deviation = value - mean
        mean += deviation / Double(count)
        sumOfSquaredDeviations += deviation * (value - mean)
        if value < minimum { minimum = value }
        if value > maximum { maximum = value }
    }

    /// Adds all values another stream saw.
    public mutating func merge(_ other: RunningMoments) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        let total = count + other.count
        let distance = other.mean - mean
        let share = Double(other.count) / Double(total)
        sumOfSquaredDeviations += other.sumOfSquaredDeviations + distance * distance * Double(count) * share
        mean += distance * share
        count = total
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }

    /// Sum of all values.
    public var sum: Double { mean * Double(count) }

    /// Population standard deviation, as benchmark tools report it; `nil` without values.
    public var standardDeviation: Double? {
        count > 0 ? (sumOfSquaredDeviations / Double(count)).squareRoot() : nil
    }

    /// Sample variance (divisor `count - 1`); `nil` below two values.
    public var sampleVariance: Double? {
        count > 1 ? sumOfSquaredDeviations / Double(count - 1) : nil
    }
}
