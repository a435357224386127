import Foundation
import Learning
import Measurements
import Testing
import Verification

@Suite struct CanaryComparisonTests {
    static let plan = VerificationPlan(aim: .lower(.timePerOutputToken))

    /// - Parameter change: Of the generator, after 60 buckets alike.
    static func evidence(seed: UInt64 = 1, after count: Int = 180, _ change: (inout DrawnBuckets) -> Void = { _ in }) -> CanaryEvidence {
        var drawn = DrawnBuckets(seed: seed)
        let before = drawn.take(60)
        change(&drawn)
        return CanaryEvidence(before: before, after: drawn.take(count))
    }

    static func bytes(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(value)
    }

    @Test("a verdict stays, to the byte, however many buckets follow, and none comes before it")
    func prefixes() throws {
        let evidence = Self.evidence { $0.perToken = 0.2 }
        let all = verify(evidence, plan: Self.plan)
        #expect(all.state == .decided(.worsened, by: .harm(.timePerOutputToken)) && all.mode == .canary)
        let decidedAfter = Int(all.observed.inSeconds / 10)
        #expect(decidedAfter >= Self.plan.canaryTerms.minimumBuckets)
        for count in 0..<decidedAfter + 3 {
            var shorter = evidence
            shorter.after = Array(evidence.after.prefix(count))
            let finding = verify(.canary(shorter), plan: Self.plan)
            if count < decidedAfter { #expect(finding.verdict == nil) } else { #expect(try Self.bytes(finding) == Self.bytes(all)) }
        }
        #expect(try JSONDecoder().decode(VerificationFinding.self, from: Self.bytes(all)) == all)
    }

    @Test("what two groups differ by before the change is no effect of it", arguments: [-0.08, 0.08])
    func differentHardware(difference: Double) {
        var drawn = DrawnBuckets(seed: 3)
        drawn.perToken = difference
        drawn.firstToken = difference
        let evidence = CanaryEvidence(before: drawn.take(60), after: drawn.take(180))
        let finding = verify(evidence, plan: Self.plan)
        #expect(finding.state == .decided(.inconclusive, by: .timeLimit))
        #expect(abs((finding[.timePerOutputToken]?.groups?.difference ?? 9) - difference) < 0.03)
    }

    @Test("the deviation of a bucket is Newey's and West's, by the definition")
    func longRunVariance() throws {
        let before = Self.evidence().before
        let differences = before.map { bucket in
            bucket.canary.perToken.sum / Double(bucket.canary.perToken.count) - bucket.control.perToken.sum
                / Double(bucket.control.perToken.count)
        }
        let finding = verify(CanaryEvidence(before: before), plan: Self.plan)
        let count = Double(differences.count)
        let mean = differences.reduce(0, +) / count
        func covariance(_ lag: Int) -> Double {
            (lag..<differences.count).reduce(0) { $0 + (differences[$1] - mean) * (differences[$1 - lag] - mean) } / count
        }
        let sum = covariance(0) + 2 * (1...4).reduce(0) { $0 + (1 - Double($1) / 5) * covariance($1) }
        let groups = try #require(finding[.timePerOutputToken]?.groups)
        #expect(abs(groups.bucketDeviation - (sum * (count + 1) / (count - 1)).squareRoot()) < 1e-9)
        #expect(abs(groups.difference - mean) < 1e-9)
    }

    /// The deviation of one bucket that is found where sixty differences each keep a share of the one before them.
    private func deviation(correlation: Double, seed: UInt64, whitens: Bool) throws -> Double {
        var random = Gaussian(seed: seed)
        var difference = 0.0
        let buckets = (0..<60).map { position in
            difference = correlation * difference + 0.1 * random.next()
            var bucket = CanaryBucket(start: DrawnBuckets.start.advanced(by: .seconds(10 * position)), length: .seconds(10))
            for _ in 0..<10 {
                bucket.canary.perToken.add(difference)
                bucket.control.perToken.add(0)
            }
            return bucket
        }
        var plan = Self.plan
        var terms = plan.canaryTerms
        terms.whitens = whitens
        plan.canary = terms
        return try #require(verify(CanaryEvidence(before: buckets), plan: plan)[.timePerOutputToken]?.groups?.bucketDeviation)
    }

    @Test("where differences are alike for minutes, whitening sees it; where they are not it changes little")
    func whitening() throws {
        func mean(_ correlation: Double, _ whitens: Bool) throws -> Double {
            try (1...40).reduce(0) { try $0 + deviation(correlation: correlation, seed: $1, whitens: whitens) / 40 }
        }
        let truly = 0.1 / (1 - 0.8)
        #expect(try mean(0.8, false) < 0.65 * truly && mean(0.8, true) > 0.7 * truly && mean(0.8, true) < 1.2 * truly)
        #expect(try mean(0, true) < 1.2 * 0.1 && mean(0, true) >= mean(0, false))
        #expect(try deviation(correlation: 0, seed: 1, whitens: true) >= deviation(correlation: 0, seed: 1, whitens: false))
    }

    @Test("what prompts explain of the time to first token is taken from it")
    func lengths() throws {
        func deviation(ofPrompts spread: Double) throws -> Double {
            var random = Gaussian(seed: 5)
            let buckets = (0..<60).map { position in
                var bucket = CanaryBucket(start: DrawnBuckets.start.advanced(by: .seconds(10 * position)), length: .seconds(10))
                for group in CanaryGroup.allCases {
                    for _ in 0..<40 {
                        let input = Int(exp(6 + spread * random.next()))
                        bucket[group].firstToken.add(
                            log(Double(input)) + 0.1 * random.next(), inputTokens: input, outputTokens: 100)
                        bucket[group].perToken.add(-3)
                    }
                }
                return bucket
            }
            let finding = verify(CanaryEvidence(before: buckets), plan: Self.plan)
            return try #require(finding[.timeToFirstToken]?.groups?.bucketDeviation)
        }
        #expect(try deviation(ofPrompts: 1) < 1.1 * deviation(ofPrompts: 0.01))
    }

    @Test("a benefit is kept, one not worth having is not, however sure it is")
    func benefit() {
        let benefit = verify(Self.evidence { ($0.perToken, $0.firstToken) = (-0.15, -0.15) }, plan: Self.plan)
        #expect(benefit.state == .decided(.improved, by: .benefit(.timePerOutputToken)) && benefit.observed >= .seconds(120))
        #expect(benefit.explanation.hasPrefix("Better: beside the control group the time per output token fell by more than 2.91 %"))
        let small = verify(Self.evidence { ($0.perToken, $0.firstToken) = (-0.02, -0.02) }, plan: Self.plan)
        #expect(small.state == .decided(.inconclusive, by: .timeLimit) && small.observed == .seconds(1_800))
    }

    @Test("a benefit after a noisy time is told by its own noise, once there are enough buckets of it")
    func quietAfterNoise() {
        var drawn = DrawnBuckets(seed: 4)
        drawn.noise = 0.15
        let before = drawn.take(60)
        (drawn.noise, drawn.perToken, drawn.firstToken) = (0.05, -0.2, -0.2)
        let finding = verify(CanaryEvidence(before: before, after: drawn.take(60)), plan: Self.plan)
        #expect(finding.verdict == .improved && finding.observed > .seconds(120) && finding.observed <= .seconds(240))
    }

    @Test("a gain in the aimed metric does not excuse harm to another")
    func noExcuse() {
        let finding = verify(Self.evidence { ($0.perToken, $0.firstToken) = (-0.2, 0.25) }, plan: Self.plan)
        #expect(finding.state == .decided(.worsened, by: .harm(.timeToFirstToken)))
    }

    @Test("a change made to save money is kept once it is proved not to harm")
    func holdLatency() {
        let plan = VerificationPlan(aim: .holdLatency)
        #expect(verify(Self.evidence(), plan: plan).state == .decided(.improved, by: .noHarm))
        #expect(verify(Self.evidence { $0.perToken = 0.2 }, plan: plan).verdict == .worsened)
    }

    @Test("requests that miss their objective speak for themselves, where means hide them")
    func missed() {
        let finding = verify(Self.evidence { $0.missed.canary = 0.2 }, plan: Self.plan)
        guard case .decided(.worsened, by: .missedObjective(let odds)) = finding.state else {
            Issue.record("expected missed objectives to decide, got \(finding.state)")
            return
        }
        #expect(odds >= 300 && finding.observed <= .seconds(300) && finding.explanation.contains("missed their objective more often"))
    }

    @Test("of canaries that miss no more than their control group, at most one in a hundred is taken back for it")
    func missedAlike() {
        var takenBack = 0
        for seed in 1...UInt64(100) {
            var drawn = DrawnBuckets(seed: seed)
            drawn.requests = 20
            drawn.missed = (0.05, 0.05)
            let evidence = CanaryEvidence(before: drawn.take(60), after: drawn.take(60))
            if verify(evidence, plan: Self.plan).verdict == .worsened { takenBack += 1 }
        }
        #expect(takenBack <= 1)
    }

    @Test("buckets without requests cost time, not truth; none at all is not measured")
    func gaps() {
        var evidence = Self.evidence { $0.perToken = 0.2 }
        for position in stride(from: 1, to: evidence.after.count, by: 3) {
            evidence.after[position].canary.perToken = LogSum()
            evidence.after[position].canary.firstToken = AdjustableSum()
        }
        #expect(verify(evidence, plan: Self.plan).verdict == .worsened)
        let empty = evidence.after.map { CanaryBucket(start: $0.start, length: $0.length) }
        let finding = verify(CanaryEvidence(before: evidence.before, after: empty), plan: Self.plan)
        #expect(finding.state == .decided(.unmeasured, by: .tooLittleData))
    }
}
