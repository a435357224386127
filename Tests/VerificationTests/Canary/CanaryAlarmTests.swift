import Foundation
import Learning
import Measurements
import Testing
import Verification

/// What needs no statistics ends a canary within one bucket.
@Suite struct CanaryAlarmTests {
    static let plan = VerificationPlan(aim: .lower(.timePerOutputToken))

    static func finding(after calm: Int = 0, _ change: @escaping (inout CanaryBucket) -> Void) -> VerificationFinding {
        var drawn = DrawnBuckets(seed: 11)
        let before = drawn.take(60)
        let after = drawn.take(calm) + drawn.take(20, change)
        return verify(CanaryEvidence(before: before, after: after), plan: plan)
    }

    enum Disaster: CaseIterable {
        case crash, outOfMemory, rolloutFailed, errorStorm, preemptions

        func strike(_ bucket: inout CanaryBucket) {
            switch self {
            case .crash: bucket.canary.restarts = 1
            case .outOfMemory: bucket.canary.wasKilledForMemory = true
            case .rolloutFailed: bucket.canary.rolloutFailed = true
            case .errorStorm: bucket.canary.failed = 30
            case .preemptions: (bucket.canary.preemptions, bucket.control.preemptions) = (400, 1)
            }
        }
    }

    @Test(
        "AT-V7: a crash, a kill for memory, a failed rollout, an error storm or thrashing is taken back at the next look",
        arguments: Disaster.allCases, [0, 40])
    func disaster(_ disaster: Disaster, calm: Int) {
        let finding = Self.finding(after: calm, disaster.strike)
        guard case .decided(.worsened, by: .tripwire) = finding.state else {
            Issue.record("expected a tripwire, got \(finding.state)")
            return
        }
        #expect(finding.observed == .seconds(10 * (calm + 1)), "\(finding.explanation)")
    }

    @Test("a canary that answers nothing for 30 s while its control group does is taken back")
    func silence() {
        let finding = Self.finding { $0.canary = GroupBucket() }
        #expect(finding.state == .decided(.worsened, by: .tripwire(.stalled(for: .seconds(30)))))
        let night = Self.finding { ($0.canary, $0.control) = (GroupBucket(), GroupBucket()) }
        #expect(night.verdict == nil, "no request came to either")
    }

    @Test("an outage that strikes both groups alike is not the canary's fault", arguments: [0, 60])
    func commonOutage(calm: Int) {
        let finding = Self.finding(after: calm) { ($0.canary.failed, $0.control.failed) = (50, 50) }
        #expect(finding.verdict != .worsened, "\(finding.explanation)")
    }

    @Test("tripwires hold while the change is applied and settles, silence only once it is applied")
    func early() {
        var drawn = DrawnBuckets(seed: 12)
        let before = drawn.take(60)
        let crashed = drawn.take(1) { $0.canary.restarts = 1 }
        let silent = drawn.take(9) { $0.canary = GroupBucket() }
        #expect(verify(CanaryEvidence(before: before, applying: crashed), plan: Self.plan).verdict == .worsened)
        #expect(verify(CanaryEvidence(before: before, applying: silent), plan: Self.plan).verdict == nil)
        #expect(verify(CanaryEvidence(before: before, settling: silent), plan: Self.plan).verdict == .worsened)
    }
}
