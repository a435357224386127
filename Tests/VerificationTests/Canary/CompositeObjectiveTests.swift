import Learning
import Measurements
import Testing

@testable import Verification

@Suite struct CompositeObjectiveTests {
    private func finding(_ first: Double, _ gap: Double, halfWidth: Double = 0.02, pairs: Int = 24) -> [MetricFinding] {
        [(ComparedMetric.timeToFirstToken, first), (.timePerOutputToken, gap)].map { metric, effect in
            var found = MetricFinding(metric: metric, isJudged: true, margin: 0.1, before: .init(), after: .init())
            found.effect = EffectEstimate(logRatio: effect, deviation: 0.01)
            found.interval = effect - halfWidth...effect + halfWidth
            found.after.used = metric == .timeToFirstToken ? pairs : 30
            found.before.used = 55
            found.groups = .init(difference: 0.04, standardError: 0.01, bucketDeviation: 0.1)
            return found
        }
    }

    private static let plan = VerificationPlan().judging(.latency, worthwhile: 0.03, confidence: 0.9)

    @Test("one latency may be bought with another, as the weights say")
    func trade() throws {
        let found = try #require(CompositeObjective.latency.finding(finding(-0.4, 0.1)))
        #expect(abs(found.effect.logRatio + 0.15) < 1e-12 && abs(found.effect.deviation - 0.01) < 1e-12)
        #expect(found.pairs == 24 && !found.isHarm(.latency) && found.isImprovement(Self.plan))
    }

    @Test("a rise of the whole that is proved is harm, and one that is possible is not yet none")
    func harm() throws {
        #expect(try #require(CompositeObjective.latency.finding(finding(0.1, 0.06))).isHarm(.latency))
        let unsure = try #require(CompositeObjective.latency.finding(finding(0.0, 0.0, halfWidth: 0.06)))
        #expect(!unsure.isHarm(.latency) && unsure.interval.upperBound > CompositeObjective.latency.nonInferiority)
        #expect(!unsure.isImprovement(Self.plan))
    }

    @Test("two pairs of buckets prove no harm, however far apart they are, nor a dozen less one a benefit")
    func tooFewPairs() {
        let fewest = CompositeObjective.fewestPairs
        #expect(CompositeObjective.latency.finding(finding(1, 1, pairs: fewest - 1))?.isHarm(.latency) == false)
        #expect(CompositeObjective.latency.finding(finding(1, 1, pairs: fewest))?.isHarm(.latency) == true)
        #expect(CompositeObjective.latency.finding(finding(-1, -1, pairs: 11))?.isImprovement(Self.plan) == false)
    }

    @Test(
        "what hardly can be worthwhile is given up, though not by the first buckets; what looks good for two minutes is looked at for longer"
    )
    func patience() throws {
        let fewest = ObjectiveFinding.pairsToGiveUp
        #expect(CompositeObjective.latency.finding(finding(0.02, 0.02, pairs: fewest))?.isHopeless(Self.plan) == true)
        #expect(CompositeObjective.latency.finding(finding(0.02, 0.02, pairs: fewest - 1))?.isHopeless(Self.plan) == false)
        #expect(CompositeObjective.latency.finding(finding(-0.03, -0.03, pairs: 20))?.isHopeless(Self.plan) == false)
        #expect(CompositeObjective.latency.finding(finding(-0.3, -0.3, pairs: 12))?.isImprovement(Self.plan) == false)
        #expect(Self.plan.canaryTerms.whitens && !VerificationPlan().canaryTerms.whitens)
    }

    @Test("what was not measured is nothing")
    func unmeasured() {
        var unmeasured = finding(0, 0)
        unmeasured.removeLast()
        #expect(CompositeObjective.latency.finding(unmeasured) == nil)
        // A metric without a weight is not waited for.
        #expect(CompositeObjective(ttft: 1, tpot: 0).finding(unmeasured) != nil)
    }

    @Test("groups that ought to be alike are read from the time before")
    func alike() throws {
        let difference = try #require(CompositeObjective.latency.difference(finding(0, 0)))
        #expect(abs(difference.logRatio - 0.04) < 1e-12 && abs(difference.deviation - 0.01) < 1e-12)
    }

    @Test("the plan leaves the end to the objective, keeps the room each metric has, and weights sum to 1")
    func plan() {
        var base = VerificationPlan()
        base.headroom = [.timePerOutputToken: 0.3]
        let plan = base.judging(CompositeObjective(ttft: 3, tpot: 1), worthwhile: 0.03, confidence: 0.9)
        #expect(plan.canaryMargin(of: .timePerOutputToken) == 0.3 && plan.canaryMargin(of: .timeToFirstToken) < 0.06)
        #expect(plan.objective?.ttft == 0.75 && plan.objective?.heaviest == .timeToFirstToken)
        #expect(plan.judged.count == 2 && plan.minimumBenefit == 0.03 && abs(plan.benefitAlpha - 0.1) < 1e-12)
    }
}
