import Foundation
import Learning
import Measurements
import Testing
import Verification

@Suite struct CanaryCourseTests {
    static let plan = VerificationPlan(aim: .lower(.timePerOutputToken))

    static func ready(_ canary: Int, _ control: Int) -> (inout CanaryBucket) -> Void {
        { ($0.canary.readyReplicas, $0.control.readyReplicas) = (canary, control) }
    }

    /// A course that has been applied, and the generator to go on with.
    static func applied(_ change: (inout CanaryBucket) -> Void = { _ in }) -> (CanaryCourse, DrawnBuckets) {
        var drawn = DrawnBuckets(seed: 21)
        var course = CanaryCourse(plan: plan, start: DrawnBuckets.start)
        for bucket in drawn.take(60, change) { course.observe(bucket) }
        course.applied(at: DrawnBuckets.start.advanced(by: .seconds(600)))
        return (course, drawn)
    }

    @Test("compares for ten minutes, is applied, warms, settles for half a minute, observes and ends")
    func phases() {
        var drawn = DrawnBuckets(seed: 20)
        var course = CanaryCourse(plan: Self.plan, start: DrawnBuckets.start)
        course.applied(at: DrawnBuckets.start)
        #expect(course.phase == .comparing, "nobody asked for it")
        var phases: [CanaryCourse.Phase] = []
        for position in 0..<300 where course.phase != .ended {
            if position == 70 {
                course.applied(at: DrawnBuckets.start.advanced(by: .seconds(700)))
                (drawn.perToken, drawn.firstToken) = (-0.15, -0.15)
            }
            course.observe(drawn.take(1)[0])
            phases.append(course.phase)
        }
        #expect(phases.firstIndex(of: .applying) == 59 && phases.firstIndex(of: .settling) == 72)
        #expect(phases.firstIndex(of: .observing) == 75 && course.verdict == .improved)
        #expect(course.evidence.before.count == 60 && course.evidence.applying.count == 10 && course.evidence.settling.count == 6)
        let ended = course
        course.observe(drawn.take(1)[0])
        #expect(course == ended)
    }

    @Test("one that was stored and read back goes on as if nothing had happened")
    func resumed() throws {
        var (course, drawn) = Self.applied()
        drawn.perToken = 0.3
        for bucket in drawn.take(200) {
            course = try JSONDecoder().decode(CanaryCourse.self, from: JSONEncoder().encode(course))
            course.observe(bucket)
            if course.phase == .ended { break }
        }
        #expect(course.verdict == .worsened)
    }

    @Test("waits until the canary's cache is warm, two minutes at most", arguments: [(3, 3), (8, 10), (60, 12)])
    func warmUp(cold buckets: Int, settledAfter: Int) {
        var (course, drawn) = Self.applied()
        for position in 0..<settledAfter {
            #expect(course.phase == .warming, "after \(position) buckets")
            course.observe(drawn.take(1) { if position < buckets - 3 || buckets > 10 { $0.canary.cachedTokens = 0 } }[0])
        }
        #expect(course.phase == (buckets == 8 ? .warming : .settling))
    }

    @Test("groups that differ by a fifth before the change are not compared")
    func notComparable() {
        var drawn = DrawnBuckets(seed: 22)
        drawn.perToken = 0.2
        var course = CanaryCourse(plan: Self.plan, start: DrawnBuckets.start)
        for bucket in drawn.take(60) { course.observe(bucket) }
        guard case .decided(.unmeasured, by: .notComparable(.timePerOutputToken, _)) = course.finding.state else {
            Issue.record("expected groups that cannot be compared, got \(course.finding.state)")
            return
        }
        #expect(course.phase == .ended && course.finding.explanation.contains("choose other replicas"))
    }

    @Test("too few buckets with requests before the change end a canary before anything is changed")
    func coverage() {
        var drawn = DrawnBuckets(seed: 23)
        var course = CanaryCourse(plan: Self.plan, start: DrawnBuckets.start)
        for (position, bucket) in drawn.take(60).enumerated() {
            course.observe(position % 3 == 0 ? CanaryBucket(start: bucket.start, length: bucket.length) : bucket)
        }
        #expect(course.finding.state == .decided(.unmeasured, by: .tooLittleData) && course.evidence.applying.isEmpty)
    }

    @Test("a group that loses or gains replicas ends the canary, before the change and after it; while it is applied they come and go")
    func groupsChanged() {
        var drawn = DrawnBuckets(seed: 24)
        var comparing = CanaryCourse(plan: Self.plan, start: DrawnBuckets.start)
        for bucket in drawn.take(5, Self.ready(2, 2)) + drawn.take(1, Self.ready(2, 1)) { comparing.observe(bucket) }
        #expect(comparing.finding.state == .decided(.unmeasured, by: .groupsChanged))

        for groups in [(1, 2), (2, 1), (3, 3)] {
            var (course, drawn) = Self.applied(Self.ready(2, 2))
            for bucket in drawn.take(6, Self.ready(1, 2)) + drawn.take(3, Self.ready(2, 2)) { course.observe(bucket) }
            #expect(course.phase == .observing && course.verdict == nil)
            course.observe(drawn.take(1, Self.ready(groups.0, groups.1))[0])
            #expect(course.finding.state == .decided(.unmeasured, by: .groupsChanged), "\(groups)")
        }
    }
}
