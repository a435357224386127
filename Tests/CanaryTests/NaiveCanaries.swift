import Foundation

@testable import Verification

/// What others do with the same requests, to see that the worlds are hard.
enum NaiveCanaries {
    /// A z-test of single requests, looked at after every bucket: calls it harm when the canary's mean is significantly (1 %) higher.
    static func singleRequestsLookWorse(_ buckets: [(canary: [Double], control: [Double])]) -> Bool {
        var (canary, control) = (Sums(), Sums())
        for bucket in buckets {
            for value in bucket.canary { canary.add(value) }
            for value in bucket.control { control.add(value) }
            guard canary.count >= 100, control.count >= 100 else { continue }
            let error = (canary.variance / canary.count + control.variance / control.count).squareRoot()
            if (canary.mean - control.mean) / error > 2.326 { return true }
        }
        return false
    }

    /// The same confidence sequence on the difference after the change alone, without what was there before it.
    static func levelsLookWorse(_ metric: ComparedMetric, _ buckets: [CanaryBucket], margin: Double) -> Bool {
        let sequence = ConfidenceSequence(alpha: 0.01, tightestAfter: 20)
        var all = AdjustableSum()
        for bucket in buckets { all.add(bucket.control.firstToken) }
        let lengths = LengthAdjustment(all)
        func level(_ group: GroupBucket) -> Double? {
            switch metric {
            case .timeToFirstToken: group.firstToken.count >= 3 ? lengths.mean(of: group.firstToken) : nil
            case .timePerOutputToken: group.perToken.count >= 3 ? group.perToken.sum / Double(group.perToken.count) : nil
            }
        }
        var differences: [Double] = []
        for bucket in buckets {
            guard let canary = level(bucket.canary), let control = level(bucket.control) else { continue }
            differences.append(canary - control)
            guard differences.count >= 8 else { continue }
            let mean = differences.reduce(0, +) / Double(differences.count)
            let deviation = longRunVariance(differences).squareRoot()
            if mean - deviation * sequence.distance(after: differences.count) > margin { return true }
        }
        return false
    }

    /// By the definition, in one go.
    static func longRunVariance(_ values: [Double], lags: Int = 4) -> Double {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        func covariance(_ lag: Int) -> Double {
            guard lag < values.count else { return 0 }
            return (lag..<values.count).reduce(0) { $0 + (values[$1] - mean) * (values[$1 - lag] - mean) } / count
        }
        let sum = (1...lags).reduce(covariance(0)) { $0 + 2 * (1 - Double($1) / Double(lags + 1)) * covariance($1) }
        return max(0, sum) * (count + 1) / (count - 1)
    }

    private struct Sums {
        var count = 0.0
        var sum = 0.0
        var squares = 0.0
        var mean: Double { sum / count }
        var variance: Double { max(0, squares / count - mean * mean) }

        mutating func add(_ value: Double) {
            count += 1
            sum += value
            squares += value * value
        }
    }
}
