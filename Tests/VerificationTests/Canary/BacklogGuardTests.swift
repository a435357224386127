import Measurements
import Testing
import Verification

@Suite struct BacklogGuardTests {
    private func evidence(answered: [Int], control: Int = 100, before: [Int] = []) -> CanaryEvidence {
        var evidence = CanaryEvidence()
        evidence.before = buckets(answered: before, control: 100)
        evidence.after = buckets(answered: answered, control: control)
        return evidence
    }

    private func buckets(answered: [Int], control: Int) -> [CanaryBucket] {
        answered.enumerated().map { index, count in
            var bucket = CanaryBucket(start: Timestamp(secondsSinceEpoch: Double(index) * 10), length: .seconds(10))
            bucket.canary.arrivals = 100
            bucket.canary.requests = count
            bucket.control.arrivals = 100
            bucket.control.requests = control
            return bucket
        }
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

    @Test("what comes and goes by chance while both groups are alike is no falling behind after the change either")
    func chance() {
        let wavering = (0..<60).map { [70, 75, 130, 125, 95, 105][$0 % 6] }
        let behind = [100, 80, 85, 80, 90]
        #expect(BacklogGuard().harm(in: evidence(answered: behind, before: [Int](repeating: 100, count: 60))) != nil)
        #expect(BacklogGuard().harm(in: evidence(answered: behind, before: wavering)) == nil)
        #expect(BacklogGuard().harm(in: evidence(answered: [50, 50, 50, 50], before: wavering)) != nil)
    }

    @Test("a control that works off what had piled up in it does not make the canary fall behind")
    func controlCatchesUp() {
        #expect(BacklogGuard().harm(in: evidence(answered: [99, 98, 99, 98], control: 150)) == nil)
    }

    @Test("a canary that works off what had piled up no faster than the control stagnates")
    func stagnates() {
        func settling(_ answered: Int, _ count: Int = 9) -> CanaryEvidence {
            CanaryEvidence(
                before: buckets(answered: [98, 102, 101, 99, 100, 97, 103, 100, 100, 100], control: 100),
                settling: buckets(answered: [Int](repeating: answered, count: count), control: 100))
        }
        #expect(BacklogGuard().stagnation(in: settling(100)) != nil)
        #expect(BacklogGuard().stagnation(in: settling(140)) == nil)
        #expect(BacklogGuard().stagnation(in: settling(100, 8)) == nil)
    }

    @Test("where nobody counts arrivals nothing is said")
    func uncounted() {
        var evidence = evidence(answered: [0, 0, 0, 0])
        evidence.after[2].canary.arrivals = nil
        #expect(BacklogGuard().harm(in: evidence) == nil)
    }
}

@Suite struct MissGuardTests {
    private func harm(canary: Int, control: Int, buckets: Int = 4, judged: Int = 100) -> String? {
        var bucket = CanaryBucket(start: Timestamp(secondsSinceEpoch: 0), length: .seconds(10))
        (bucket.canary.judged, bucket.canary.missed) = (judged, canary)
        (bucket.control.judged, bucket.control.missed) = (judged, control)
        return MissGuard().harm(in: CanaryEvidence(after: [CanaryBucket](repeating: bucket, count: buckets)))
    }

    @Test(
        "a canary that serves many too late while the control does not is harm; a service that serves nobody in time is none of its doing")
    func mostMiss() {
        #expect(harm(canary: 60, control: 10)?.contains("240 of 400") == true)
        #expect(harm(canary: 35, control: 2) != nil && harm(canary: 35, control: 10) == nil)
        #expect(harm(canary: 90, control: 80) == nil)
    }

    /// Of one hundred in each bucket.
    private func buckets(_ count: Int, missedByCanary canary: Int, byControl control: Int) -> [CanaryBucket] {
        (0..<count).map { _ in
            var bucket = CanaryBucket(start: Timestamp(secondsSinceEpoch: 0), length: .seconds(10))
            (bucket.canary.judged, bucket.canary.missed) = (100, canary)
            (bucket.control.judged, bucket.control.missed) = (100, control)
            return bucket
        }
    }

    @Test(
        "a canary that was in time until the change and is late from then on is harmed by it, even where its control was late before and is"
    )
    func lateFromTheChangeOn() {
        func harm(before: (Int, Int), after count: Int, _ after: (Int, Int)) -> String? {
            MissGuard().harm(
                in: CanaryEvidence(
                    before: buckets(60, missedByCanary: before.0, byControl: before.1),
                    settling: buckets(9, missedByCanary: 90, byControl: 0),
                    after: buckets(count, missedByCanary: after.0, byControl: after.1)))
        }
        #expect(harm(before: (0, 90), after: 4, (90, 90))?.contains("360 of 400") == true)
        // A cold start is none; nor is a queue that was there, or a load that has risen for both; and later on the time before means nothing.
        #expect(harm(before: (0, 90), after: 3, (90, 90)) == nil)
        #expect(harm(before: (60, 90), after: 4, (90, 90)) == nil)
        #expect(harm(before: (0, 10), after: 4, (90, 60)) == nil)
        #expect(harm(before: (0, 90), after: 7, (90, 90)) == nil)
        #expect(MissGuard().harm(in: CanaryEvidence(after: buckets(4, missedByCanary: 90, byControl: 90))) == nil)
    }

    @Test("a moment or a handful of requests tells nothing")
    func tooLittle() {
        #expect(harm(canary: 60, control: 10, buckets: 3) == nil)
        #expect(harm(canary: 6, control: 0, judged: 9) == nil)
    }
}
