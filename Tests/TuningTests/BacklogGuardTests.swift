import Measurements
import Testing
import Tuning
import Verification

@Suite struct BacklogGuardTests {
    private func evidence(answered: [Int], control: Int = 100) -> CanaryEvidence {
        var evidence = CanaryEvidence()
        for (index, count) in answered.enumerated() {
            var bucket = CanaryBucket(start: Timestamp(secondsSinceEpoch: Double(index) * 10), length: .seconds(10))
            bucket.canary.arrivals = 100
            bucket.canary.requests = count
            bucket.control.arrivals = 100
            bucket.control.requests = control
            evidence.after.append(bucket)
        }
        return evidence
    }

    @Test("a canary that answers less than comes to it, minute after minute, falls behind")
    func fallsBehind() {
        #expect(BacklogGuard().harm(in: evidence(answered: [100, 80, 85, 80, 90]))?.contains("65 of 400") == true)
    }

    @Test("one that once took longer, one whose control falls behind as well, and one that was hardly seen do not")
    func keepsUp() {
        #expect(BacklogGuard().harm(in: evidence(answered: [20, 100, 100, 100])) == nil)
        #expect(BacklogGuard().harm(in: evidence(answered: [80, 80, 80, 80], control: 80)) == nil)
        #expect(BacklogGuard().harm(in: evidence(answered: [0, 0, 0])) == nil)
        #expect(BacklogGuard().harm(in: evidence(answered: [99, 98, 99, 98])) == nil)
    }

    @Test("where nobody counts arrivals nothing is said")
    func uncounted() {
        var evidence = evidence(answered: [0, 0, 0, 0])
        evidence.after[2].canary.arrivals = nil
        #expect(BacklogGuard().harm(in: evidence) == nil)
    }
}
