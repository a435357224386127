import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Testing
import Tuning

@testable import Control

@Suite("What is tried, in a decision")
struct TunedDecisionTests {
    private func decision(
        _ policy: Policy, _ step: TuningStep?, _ change: (inout Snapshot) -> Void = { _ in }
    ) throws -> Decision {
        let window = WindowStatistics(StatisticsAccumulator())
        var snapshot = Snapshot(policy: policy.name, time: TunedSamples.now, window: window, bottleneck: window.bottleneck)
        snapshot.state = TunedSamples.state()
        snapshot.tuning = step
        change(&snapshot)
        let decision = decide(snapshot, under: policy)
        let record = CycleRecord(
            id: UUID(), origin: .run, toolVersion: "test", policy: policy, snapshot: snapshot, decision: decision)
        let copy = try CanonicalJSON.decode(CycleRecord.self, from: try CanonicalJSON.encode(record))
        #expect(try replay(copy) == .identical)
        return decision
    }

    private func drawn(_ policy: Policy = TunedSamples.policy()) throws -> TuningDraw {
        var tuning = KnobTuning(policy, target: "llm/chat")
        let step = tuning.step(TunedSamples.view(), policy: policy)
        guard case .drawn(let draw) = step else { throw Nothing(step: step) }
        return draw
    }

    private struct Nothing: Error {
        let step: TuningStep
    }

    @Test("what was drawn is a recommendation, with its probability, what was weighed, and how it ends")
    func trial() throws {
        let draw = try drawn()
        let decision = try decision(TunedSamples.policy(), .drawn(draw))
        let wish = try #require(decision.recommendations.first)
        #expect(decision.outcome == .recommend && decision.recommendations.count == 1 && decision.tuning?.proposal == wish.candidate)
        #expect(draw.choice?[wish.candidate.knob] == wish.candidate.to && abs(wish.candidate.step) == 1)
        #expect(wish.rationale.contains("on a part of the replicas, drawn with") && wish.rationale.contains("otherwise taken back"))
        #expect(decision.tuning?.explanation?.options.count == draw.options.count)
        #expect(decision.reasons.contains { $0.hasPrefix("Weighed of 3: ") })
        #expect(decision.tuning?.explanation?.propensity == draw.propensities.probability)
    }

    @Test("a holdout changes nothing and recommends nothing, and is proposed all the same")
    func holdout() throws {
        var policy = TunedSamples.policy()
        policy.learning.holdout = 0.5
        var tuning = KnobTuning(policy, target: "llm/chat")
        var second = 0
        var found: TuningDraw?
        while found == nil, second < 100_000 {
            if case .drawn(let draw) = tuning.step(TunedSamples.view(second), policy: policy), draw.choice == nil { found = draw }
            tuning.begin(at: TunedSamples.now.advanced(by: .seconds(second)))
            second += 4_000
        }
        let draw = try #require(found)
        let decision = try decision(policy, .drawn(draw))
        let proposal = try #require(decision.tuning?.proposal)
        #expect(proposal.from == proposal.to && proposal.step == 0 && decision.recommendations.isEmpty)
        #expect(decision.outcome == .nothingToDo)
    }

    @Test("nothing is tried while a trigger or a plan asks for something, nor beyond the budgets")
    func givesWay() throws {
        let draw = try drawn()
        var policy = TunedSamples.policy()
        policy.budgets.adjustments = Policy.EventBudget(count: 1, window: .seconds(3_600))
        let spent = try decision(policy, .drawn(draw)) { snapshot in
            snapshot.history.changes = [
                PastChange(
                    time: TunedSamples.now.advanced(by: .seconds(-60)), knob: "maxNumSeqs", role: .concurrency, from: .integer(8),
                    to: .integer(16))
            ]
        }
        #expect(spent.outcome == .hold && spent.tuning?.proposal == nil && spent.excluded.map(\.reason) == [.budget])
    }

    @Test("a dry run tries nothing and says why; holds say theirs")
    func nothing() throws {
        let dry = try decision(TunedSamples.policy(), nil)
        #expect(dry.outcome == .nothingToDo && dry.reasons.first == "tuning: \(TunedTrial.dryRun).")
        let held = try decision(TunedSamples.policy(), .held(.valuesUnknown(["maxNumSeqs"])))
        #expect(held.reasons.first == "tuning: nothing is tried: the value in force of maxNumSeqs is not known.")
        var policy = TunedSamples.policy()
        policy.tune = nil
        #expect(try decision(policy, nil).tuning == nil)
    }
}
