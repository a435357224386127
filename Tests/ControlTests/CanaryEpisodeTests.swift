import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Testing
import Verification

@testable import Control

/// What the episode of a change that was tried on a canary keeps for the learner.
@Suite("The episode of a canary")
struct CanaryEpisodeTests {
    static let start = AdjustmentStepTests.start

    /// Buckets of ten seconds whose groups differ by `effect` from a time on.
    private static func course(effect: Double, _ change: (inout CanaryBucket) -> Void = { _ in }) -> CanaryCourse {
        var generator = SplitMix64(seed: 11)
        func noise() -> Double { 0.1 * (Double(generator.next() >> 11) * 0x1p-53 - 0.5) }
        let nodes = ["node-1", "node-2"]
        var course = CanaryCourse(plan: VerificationPlan(aim: .lower(.timePerOutputToken)), start: start, nodes: nodes)
        for position in 0..<300 where course.phase != .ended {
            var bucket = CanaryBucket(start: start.advanced(by: .seconds(10 * position)), length: .seconds(10))
            let hasChanged = course.phase != .comparing
            for group in CanaryGroup.allCases {
                let shift = group == .canary && hasChanged ? effect : 0
                bucket[group].requests = 100
                bucket[group].judged = 100
                bucket[group].perToken.add(mean: -3.5 + shift + noise(), count: 100)
                bucket[group].firstToken.add(mean: -0.5 + shift / 2 + noise(), count: 100)
            }
            if course.phase == .observing { change(&bucket) }
            course.observe(bucket)
            if hasChanged { course.applied(at: bucket.end, nodes: nodes) }
        }
        return course
    }

    /// What is to be remembered when an adjustment with this canary has come to its end.
    private static func closure(
        _ course: CanaryCourse?, _ states: [AdjustmentState], _ change: (inout Adjustment) -> Void = { _ in }
    ) throws -> EpisodeClosure {
        let policy = AdjustmentStepTests.policy()
        let plan = VerificationPlan(policy)
        var one = AdjustmentStepTests.proposed(policy)
        one.trial = CanaryTrial(
            podsPerGroup: 2, replicas: 8, plan: plan,
            forecast: plan.forecast(CanaryQuestion(.timePerOutputToken, effect: -0.1, readyReplicas: 8, requestsPerSecond: 40)))
        one.trial?.course = course
        one.finding = course?.finding
        one.verdict = course?.verdict
        change(&one)
        let first = one
        for (position, state) in states.enumerated() { one.move(to: state, at: AdjustmentStepTests.time(600 * position), because: "next") }
        let entry = JournalEntry(
            from: first, to: one, policy: policy, triggers: [:], draw: nil, now: AdjustmentStepTests.time(600 * states.count))
        return try #require(entry.closingEpisode)
    }

    private static let kept: [AdjustmentState] = [.comparing, .applying, .settling, .observing, .promoting, .probation, .kept]
    private static let undone: [AdjustmentState] = [.comparing, .applying, .settling, .observing, .rollingBack, .rolledBack]

    @Test("keeps the effect on each latency that was measured")
    func measured() throws {
        let closure = try Self.closure(Self.course(effect: -0.2), Self.kept)
        #expect(closure.verdict == .improved && closure.quality == 1)
        let tokens = try #require(closure.contrasts[.timePerOutputToken])
        let first = try #require(closure.contrasts[.timeToFirstToken])
        #expect(abs(tokens.logRatio + 0.2) < 0.05 && abs(first.logRatio + 0.1) < 0.05 && closure.contrasts.count == 2, "\(closure)")
        #expect(tokens.standardError > 0 && tokens.standardError < 0.05 && (tokens.lower...tokens.upper).contains(-0.2))
        let harmful = try Self.closure(Self.course(effect: 0.3), Self.undone)
        #expect(harmful.verdict == .worsened && (harmful.contrasts[.timePerOutputToken]?.logRatio ?? 0) > 0.2)
    }

    @Test("keeps what the canary found, also where harm was found on probation or an operator took it back there")
    func probation() throws {
        let course = Self.course(effect: -0.2)
        let quiet = try Self.closure(course, Self.kept)
        let states: [AdjustmentState] = Self.kept.dropLast() + [.rollingBack, .rolledBack]
        let harmed = try Self.closure(course, states) { one in
            one.finding = verify(.temporal(before: one.before, after: []), plan: one.terms.verification)
            one.verdict = .worsened
        }
        #expect(harmed.verdict == .worsened && harmed.contrasts == quiet.contrasts && harmed.effect == quiet.effect && harmed.quality == 1)
        let unwanted = try Self.closure(course, states) { $0.verdict = nil }
        #expect(unwanted.verdict == .unmeasured && unwanted.contrasts == quiet.contrasts)
    }

    @Test("keeps nothing of one that crashed, that an operator ended, or that never began")
    func unmeasured() throws {
        let crashed = Self.course(effect: 0) { $0.canary.restarts = 3 }
        guard case .decided(.worsened, by: .tripwire) = crashed.finding.state else {
            Issue.record("\(crashed.finding.state)")
            return
        }
        #expect(try Self.closure(crashed, Self.undone).contrasts.isEmpty)
        var half = CanaryCourse(plan: VerificationPlan(aim: .lower(.timePerOutputToken)), start: Self.start)
        for bucket in Self.course(effect: -0.2).evidence.before.prefix(20) { half.observe(bucket) }
        let ended = try Self.closure(half, Self.undone)
        #expect(ended.contrasts.isEmpty && ended.quality == 0)
        #expect(try Self.closure(nil, [.comparing, .rollingBack, .failed]).contrasts.isEmpty)
    }
}
