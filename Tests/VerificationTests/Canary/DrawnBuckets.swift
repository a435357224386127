import Foundation
import Measurements
import Verification

/// Buckets of two groups whose common latency wanders and whose difference has noise that stays for a bucket or two.
struct DrawnBuckets {
    static let start = Timestamp(secondsSinceEpoch: 1_700_000_000)
    static let length = Duration.seconds(10)

    /// Added to the log time per token and to first token of the canary.
    var perToken = 0.0
    var firstToken = 0.0
    var requests = 100
    /// Share of requests that miss the objective, by group.
    var missed = (canary: 0.02, control: 0.02)
    var noise = 0.05
    private var random: Gaussian
    private var common = 0.0
    private var difference = 0.0
    private var made = 0

    init(seed: UInt64) { random = Gaussian(seed: seed) }

    mutating func take(_ count: Int, _ change: (inout CanaryBucket) -> Void = { _ in }) -> [CanaryBucket] {
        (0..<count).map { _ in
            var bucket = next()
            change(&bucket)
            return bucket
        }
    }

    private mutating func next() -> CanaryBucket {
        common = 0.9 * common + 0.1 * random.next()
        difference = 0.4 * difference + noise * random.next()
        let start = Self.start.advanced(by: Self.length * made)
        made += 1
        var bucket = CanaryBucket(start: start, length: Self.length)
        bucket.canary = group(perToken: perToken + difference, firstToken: firstToken + difference, missed: missed.canary)
        bucket.control = group(perToken: 0, firstToken: 0, missed: missed.control)
        return bucket
    }

    private mutating func group(perToken: Double, firstToken: Double, missed: Double) -> GroupBucket {
        var group = GroupBucket()
        group.requests = requests
        group.endToEndSeconds = Double(requests) * 6
        group.inputTokens = requests * 1_000
        group.cachedTokens = requests * 300
        group.judged = requests
        group.missed = min(requests, random.poisson(missed * Double(requests)))
        for _ in 0..<requests {
            let input = Int(exp(6.5 + 0.8 * random.next()))
            group.perToken.add(-3.4 + common + perToken + 0.19 * random.next())
            group.firstToken.add(
                -8 + common + firstToken + log(Double(input)) + 0.3 * random.next(), inputTokens: input, outputTokens: 200)
        }
        return group
    }
}
