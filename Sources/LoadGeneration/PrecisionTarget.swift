import Statistics

/// How well the mean of a latency is to be known before a stage may end.
public struct PrecisionTarget: Sendable, Hashable {
    public enum Latency: String, Sendable, Hashable, CaseIterable {
        case timeToFirstToken, endToEnd
    }
    /// Counted from the intended start where there is a schedule.
    public var latency: Latency
    /// Half the width of the 95 % interval over the mean, above 0.
    public var relativeHalfWidth: Double
    /// Answers before the rule is asked at all.
    public var minimumRequests: Int

    public init(_ latency: Latency = .timeToFirstToken, relativeHalfWidth: Double, minimumRequests: Int = 100) {
        self.latency = latency
        self.relativeHalfWidth = relativeHalfWidth
        self.minimumRequests = minimumRequests
    }
}

/// The mean of a series whose neighbours resemble each other, and an interval that respects it: the series is cut into batches, and their
/// means are nearly independent. Batches double in length as the series grows, so that there are always 16 to 31, in constant memory.
///
/// Source: A. M. Law, Simulation Modeling and Analysis, 5th ed., section 9.5.3 (batch means).
public struct BatchMeans: Sendable, Hashable {
    private var means: [Double] = []
    private var batchLength = 1
    private var sum = 0.0
    private var fill = 0
    /// Values seen.
    public private(set) var count = 0

    static let fewest = 16

    public init() {}

    /// - Parameter value: Finite; others are left out.
    public mutating func record(_ value: Double) {
        guard value.isFinite else { return }
        count += 1
        sum += value
        fill += 1
        guard fill == batchLength else { return }
        means.append(sum / Double(batchLength))
        (sum, fill) = (0, 0)
        if means.count == 2 * Self.fewest { joinPairs() }
    }

    /// The mean of the whole batches; `nil` before there are 16.
    public var mean: Double? {
        means.count >= Self.fewest ? means.reduce(0, +) / Double(means.count) : nil
    }

    /// Half the width of the 95 % confidence interval of the mean; `nil` before there are 16 batches.
    public var halfWidth: Double? {
        guard let mean else { return nil }
        let freedom = Double(means.count - 1)
        let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / freedom
        return Self.studentQuantile(freedom) * (variance / Double(means.count)).squareRoot()
    }

    /// Whether a target is met.
    public func meets(_ target: PrecisionTarget) -> Bool {
        guard count >= target.minimumRequests, let mean, let halfWidth, mean > 0 else { return false }
        return halfWidth / mean <= target.relativeHalfWidth
    }

    private mutating func joinPairs() {
        means = stride(from: 0, to: means.count, by: 2).map { (means[$0] + means[$0 + 1]) / 2 }
        batchLength *= 2
    }

    /// The 97.5 % quantile of Student's t, to 0.0002 from 15 degrees of freedom on.
    ///
    /// Source: M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 26.7.5.
    static func studentQuantile(_ freedom: Double) -> Double {
        let z = 1.959_963_985
        let first = (z * z * z + z) / 4
        let second = (5 * power(z, 5) + 16 * power(z, 3) + 3 * z) / 96
        return z + first / freedom + second / (freedom * freedom)
    }
}
