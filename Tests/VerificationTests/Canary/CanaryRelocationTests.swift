import Foundation
import Learning
import Measurements
import Testing
import Verification

@Suite struct CanaryRelocationTests {
    @Test(
        "a replica that came back on its node did not move, each node once; one of which nobody knows did",
        arguments: [
            (["a", "b"], ["b", "a"], 0, 2), (["a", "b"], ["a", "c"], 1, 2), (["a", "a"], ["a", "b"], 1, 2),
            (["a", nil], ["a", nil], 1, 2),
            (["a", "b"], ["a"], 1, 2), ([], [], 1, 1),
        ] as [([String?], [String?], Int, Int)])
    func nodes(before: [String?], after: [String?], moved: Int, replicas: Int) {
        #expect(CanaryRelocation(from: before, to: after) == CanaryRelocation(moved: moved, of: replicas))
    }

    static func finding(_ effect: Double, moved: Int? = nil, hardwareDeviation: Double? = nil) -> VerificationFinding {
        var plan = CanaryCourseTests.plan
        plan.canary = CanaryTerms()
        plan.canary?.hardwareDeviation = hardwareDeviation
        var evidence = CanaryComparisonTests.evidence(seed: 30) { ($0.perToken, $0.firstToken) = (effect, effect) }
        evidence.relocation = moved.map { CanaryRelocation(moved: $0, of: 2) }
        return verify(evidence, plan: plan)
    }

    @Test("an effect that other nodes may have made is not believed, unless the replicas kept theirs")
    func believed() {
        #expect(Self.finding(-0.08, moved: 0).verdict == .improved && Self.finding(0.1, moved: 0).verdict == .worsened)
        #expect(Self.finding(-0.08, moved: 2).verdict == .inconclusive && Self.finding(0.1, moved: 2).verdict == .inconclusive)
        #expect(Self.finding(0.35, moved: 2).verdict == .worsened)
        #expect(Self.finding(-0.08, moved: 2, hardwareDeviation: 0).verdict == .improved)
    }

    @Test("the more of its replicas moved, the less sure the effect is; that is told")
    func deviation() throws {
        let deviations = try [0, 1, 2].map { moved in
            try #require(Self.finding(-0.01, moved: moved)[.timePerOutputToken]?.effect?.deviation)
        }
        let kept = deviations[0] * deviations[0]
        #expect(abs((deviations[1] * deviations[1] - kept).squareRoot() - 0.055 / 2.0.squareRoot()) < 1e-9)
        #expect(abs((deviations[2] * deviations[2] - kept).squareRoot() - 0.055) < 1e-9)
        let told = "1 of the canary's 2 replicas came back on other nodes with the change, which alone moves its latencies by 3.89 % or so."
        #expect(Self.finding(-0.01, moved: 1).explanation.hasSuffix(told))
        #expect(!Self.finding(-0.01, moved: 0).explanation.contains("nodes"))
    }

    /// A course whose change has just been applied after a short comparison.
    static func course(before: [String?]?, after: [String?]?) -> CanaryCourse {
        var plan = CanaryCourseTests.plan
        plan.canary = CanaryTerms()
        plan.canary?.preperiod = .seconds(100)
        var drawn = DrawnBuckets(seed: 31)
        var course = CanaryCourse(plan: plan, start: DrawnBuckets.start, nodes: before)
        for bucket in drawn.take(10, CanaryCourseTests.ready(3, 3)) { course.observe(bucket) }
        course.applied(at: DrawnBuckets.start.advanced(by: .seconds(100)), nodes: after)
        return course
    }

    @Test("where nodes are not told, before or with the change, all replicas count as on other nodes")
    func untold() {
        let nodes = ["a", "b", "c"]
        #expect(Self.course(before: nodes, after: ["c", "d", "a"]).evidence.relocation == CanaryRelocation(moved: 1, of: 3))
        for (before, after) in [(nodes, nil), (nil, nodes), (nil, nil)] as [([String]?, [String]?)] {
            #expect(Self.course(before: before, after: after).evidence.relocation == CanaryRelocation(moved: 3, of: 3))
        }
    }

    @Test("nodes are kept with a course, and one stored without them is read")
    func stored() throws {
        let course = Self.course(before: ["a", nil, "c"], after: ["a", "b", "c"])
        #expect(course.evidence.relocation == CanaryRelocation(moved: 1, of: 3))
        #expect(try JSONDecoder().decode(CanaryCourse.self, from: JSONEncoder().encode(course)) == course)
        var fields = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(CanaryEvidence())) as? [String: Any])
        fields["relocation"] = nil
        let evidence = try JSONDecoder().decode(CanaryEvidence.self, from: JSONSerialization.data(withJSONObject: fields))
        #expect(evidence.relocation == nil)
    }
}
