import Foundation
import Learning
import Measurements
import Testing
import Tuning
import Verification

@Suite struct TuningObjectiveTests {
    private func finding(_ first: Double, _ gap: Double, halfWidth: Double = 0.02) -> VerificationFinding {
        let metrics = [(ComparedMetric.timeToFirstToken, first), (.timePerOutputToken, gap)].map { metric, effect in
            var found = MetricFinding(metric: metric, isJudged: true, margin: 0.1, before: .init(), after: .init())
            found.effect = EffectEstimate(logRatio: effect, deviation: 0.01)
            found.interval = effect - halfWidth...effect + halfWidth
            found.after.used = metric == .timeToFirstToken ? 14 : 20
            found.before.used = 55
            found.groups = .init(difference: 0.04, standardError: 0.01, bucketDeviation: 0.1)
            return found
        }
        return VerificationFinding(
            state: .watching(.init(blocks: 14, blocksNeeded: 8, remaining: .seconds(60))), mode: .canary, metrics: metrics,
            errors: .init(requestsBefore: 0, failedBefore: 0, requests: 0, failed: 0, tolerated: 0.01), observed: .seconds(140),
            explanation: "as it is")
    }

    @Test("one latency may be bought with another, as the weights say")
    func trade() throws {
        let reading = try #require(TuningObjective.latency.comparison(finding(-0.4, 0.1)))
        #expect(abs(reading.effect.logRatio + 0.15) < 1e-12 && abs(reading.effect.deviation - 0.01) < 1e-12)
        #expect(reading.pairs == 14 && reading.harm == nil && reading.isNotHarmed)
    }

    @Test("a rise of the whole that is proved is harm, and one that is possible is not yet none")
    func harm() throws {
        #expect(try #require(TuningObjective.latency.comparison(finding(0.1, 0.06))).harm?.contains("6.0 %") == true)
        let unsure = try #require(TuningObjective.latency.comparison(finding(0.0, 0.0, halfWidth: 0.06)))
        #expect(unsure.harm == nil && !unsure.isNotHarmed)
    }

    @Test("two pairs of buckets prove no harm, however far apart they are")
    func tooFewPairs() {
        var early = finding(1, 1)
        for index in early.metrics.indices { early.metrics[index].after.used = TuningObjective.fewestPairs - 1 }
        #expect(TuningObjective.latency.comparison(early)?.harm == nil)
        for index in early.metrics.indices { early.metrics[index].after.used = TuningObjective.fewestPairs }
        #expect(TuningObjective.latency.comparison(early)?.harm != nil)
    }

    @Test("what a comparison has decided for harm is harm; what was not measured is nothing")
    func decided() {
        var worse = finding(0, 0)
        worse.state = .decided(.worsened, by: .missedObjective(odds: 200))
        #expect(TuningObjective.latency.comparison(worse)?.harm == "as it is")
        var unmeasured = finding(0, 0)
        unmeasured.metrics.removeLast()
        #expect(TuningObjective.latency.comparison(unmeasured) == nil)
    }

    @Test("groups that ought to be alike are read from the time before")
    func alike() throws {
        let reading = try #require(TuningObjective.latency.alike(finding(0, 0), buckets: 60))
        #expect(abs(reading.difference.logRatio - 0.04) < 1e-12 && abs(reading.coverage - 55.0 / 60) < 1e-12)
    }

    @Test("the plan leaves good ends to the objective and keeps the room each metric has")
    func plan() {
        let plan = TuningObjective.latency.plan(terms: ExperimentTerms(), room: [.timePerOutputToken: 0.3])
        #expect(plan.canaryMargin(of: .timePerOutputToken) == 0.3 && plan.canaryMargin(of: .timeToFirstToken) < 0.06)
        #expect(plan.canaryTerms.whitens && !VerificationPlan().canaryTerms.whitens)
        #expect(plan.minimumBenefit > 1e6 && plan.timeLimit > ExperimentTerms().observation.duration)
    }

    @Test("a decision is explained with what was weighed, what was left out and why, and words that mean what they say")
    func explanation() throws {
        var tuner = KnobTuner(grid: TuningWorld.large.grid, incumbent: TuningWorld.large.start)
        let good = TuningWorld.configuration(512, 64)
        tuner.close(
            ExperimentResult(
                from: TuningWorld.large.start, tried: good, inForce: TuningWorld.large.start, wasApplied: true,
                effect: .init(logRatio: -0.6, deviation: 0.03)), at: Timestamp(secondsSinceEpoch: 0))
        tuner.close(
            ExperimentResult(
                from: TuningWorld.large.start, tried: TuningWorld.configuration(8_192, 32), inForce: TuningWorld.large.start,
                wasApplied: true, failure: .outOfMemory), at: Timestamp(secondsSinceEpoch: 0))
        let situation = TuningSituation(now: Timestamp(secondsSinceEpoch: 10_000), readyReplicas: 8, requestsPerSecond: 50)
        guard case .draw(let draw) = tuner.decide(situation, seed: 2) else {
            Issue.record("held")
            return
        }
        let explanation = TuningExplanation(draw, why: "ttft p95 is 2.4 s and may be 2 s", replicasPerGroup: 2, limits: tuner.limits)
        #expect(explanation.options.first?.action == "\(good)" && explanation.options.first?.words == "very likely")
        #expect(explanation.excluded.contains { $0.action.contains("8192") && $0.reason.contains("ran out of memory") })
        #expect(explanation.verification.forecast?.longestDuration != nil && explanation.verification.stopRule.contains("90.0 %"))
        #expect(explanation.options.count + explanation.excluded.count == 23)
        #expect(try JSONDecoder().decode(TuningExplanation.self, from: JSONEncoder().encode(explanation)) == explanation)
    }
}
