import Foundation
import Learning
import Measurements
import Testing
import Tuning
import Verification

@Suite struct TuningExplanationTests {
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
