import Foundation
import Learning
import Measurements
import Policies
import Testing
import Tuning

@testable import Control

@Suite("Tuning the knobs of a policy")
struct KnobTuningTests {
    private func tuning(_ policy: Policy = TunedSamples.policy()) -> KnobTuning { KnobTuning(policy, target: "llm/chat") }

    private func draw(_ step: TuningStep) -> TuningDraw? {
        if case .drawn(let draw) = step { draw } else { nil }
    }

    @Test("draws one knob's change, and the same one until it is carried out")
    func draws() throws {
        let policy = TunedSamples.policy()
        var tuning = tuning(policy)
        let first = try #require(draw(tuning.step(TunedSamples.view(), policy: policy)))
        #expect(first.incumbent == TunedSamples.configuration && first.choice?.knobs(differingIn: first.incumbent).count == 1)
        #expect(first.options.count == 3, "two other numbers of sequences and one of tokens")
        for second in stride(from: 15, to: 600, by: 15) {
            let again = tuning.step(TunedSamples.view(second), policy: policy)
            #expect(draw(again) == first)
        }
        tuning.begin(at: TunedSamples.now)
        let meanwhile = tuning.step(TunedSamples.view(600, hasOpen: true), policy: policy)
        #expect(meanwhile == .held(.underWay))
        // What is under way is not drawn again, and another draw has another seed.
        let next = tuning.step(TunedSamples.view(700), policy: policy)
        #expect(try #require(draw(next)).seed != first.seed)
    }

    @Test("tries nothing where a value, the replicas or the owner speak against it, and says so")
    func holds() {
        let policy = TunedSamples.policy()
        var tuning = tuning(policy)
        var owned = TunedSamples.state()
        owned.foreignOwners = ["maxNumSeqs": "kubectl"]
        let holds: [(KnobTuning.View, TuningStep.Hold)] = [
            (TunedSamples.view(state: TunedSamples.state(tokens: nil)), .valuesUnknown(["maxNumBatchedTokens"])),
            (TunedSamples.view(ready: nil), .replicasUnknown), (TunedSamples.view(ready: 3), .refused(.tooFewReplicas(3))),
            (TunedSamples.view(state: owned), .ownedByAnother(knob: "maxNumSeqs", owner: "kubectl")),
        ]
        for (view, hold) in holds {
            let step = tuning.step(view, policy: policy)
            #expect(step == .held(hold))
        }
    }

    @Test("what the target did not take a while ago is left out with its reason")
    func infeasible() throws {
        let policy = TunedSamples.policy()
        var tuning = tuning(policy)
        let past = InfeasibleChange(
            knob: "maxNumSeqs", to: .integer(64), until: TunedSamples.now.advanced(by: .seconds(60)), reason: "a quota")
        let step = tuning.step(TunedSamples.view(infeasible: [past]), policy: policy)
        let drawn = try #require(draw(step))
        let left = drawn.options.filter { $0.exclusion != nil }
        #expect(left.map(\.configuration) == [TunedSamples.configuration.setting("maxNumSeqs", to: .integer(64))])
        #expect(left.first?.exclusion == .obstacle("it did not work a while ago: a quota"))
    }

    @Test("learns from a trial once, whatever the journal tells again, and from what is stored of it alone")
    func learnsOnce() throws {
        var tuning = tuning()
        let one = TunedSamples.finished(1, at: 100)
        #expect(one.trial?.course == nil && one.trial?.closedAccount != nil)
        let stored = try CanonicalJSON.decode(Adjustment.self, from: try CanonicalJSON.encode(one))
        let now = TunedSamples.now.advanced(by: .seconds(200))
        let isNew = tuning.learn([stored], at: now)
        #expect(isNew)
        let rows = tuning.memory.tuner.effects.rows
        #expect(rows.count == 1 && abs((rows.first?.effect.logRatio ?? 0) + 0.2) < 0.05)
        #expect(rows.first?.to == TunedSamples.configuration.setting("maxNumSeqs", to: .integer(32)))
        let isNewAgain = tuning.learn([stored, one], at: now)
        #expect(!isNewAgain && tuning.memory.tuner.effects.rows.count == 1)
        let step = tuning.step(TunedSamples.view(300), policy: TunedSamples.policy())
        #expect(step == .held(.refused(.coolingDown(until: TunedSamples.now.advanced(by: .seconds(700))))))
    }

    @Test("a controller that was killed between the end of a trial and learning from it learns it once all the same")
    func killed() throws {
        let policy = TunedSamples.policy()
        var tuning = tuning(policy)
        _ = tuning.learn([TunedSamples.finished(1)], at: TunedSamples.now)
        let stored = try StoredTuner(tuning.memory, at: TunedSamples.now)
        // Learned, but not kept: forgotten with the process.
        let journal = [TunedSamples.finished(1), TunedSamples.finished(2, at: 50, effect: 0.1)]
        _ = tuning.learn(journal, at: TunedSamples.now.advanced(by: .seconds(60)))
        var second = KnobTuning(policy, target: "llm/chat", memory: try stored.memory())
        #expect(second.memory.tuner.effects.rows.count == 1)
        _ = second.learn(journal, at: TunedSamples.now.advanced(by: .seconds(60)))
        #expect(second.memory == tuning.memory && second.memory.tuner.effects.rows.count == 2)
    }

    @Test("what was disturbed, or ended by an operator, teaches no effect; a change that others had tried does")
    func others() {
        var tuning = tuning()
        let adjustments = [
            TunedSamples.finished(1, verdict: .superseded), TunedSamples.finished(2, verdict: nil),
            TunedSamples.finished(3, verdict: .unmeasured), TunedSamples.finished(4, state: .kept, verdict: .improved, kind: .forced),
        ]
        _ = tuning.learn(adjustments, at: TunedSamples.now)
        #expect(tuning.memory.tuner.effects.rows.count == 1)
        #expect(adjustments[3].experimentResult?.inForce["maxNumSeqs"] == .integer(32))
        #expect(adjustments[0].experimentResult?.inForce == TunedSamples.configuration)
    }

    @Test("trials may spend their part of the error budget of a day, and then one under way ends")
    func budget() throws {
        let policy = TunedSamples.policy()
        var tuning = tuning(policy)
        func block(_ index: Int) -> LatencyBlock {
            LatencyBlock(start: TunedSamples.now.advanced(by: .seconds(15 * index)), length: .seconds(15), requests: 500)
        }
        tuning.count([block(0)], at: TunedSamples.now)
        tuning.count([block(0), block(1)], at: TunedSamples.now)
        // A fifth of one in a hundred of 500 is one.
        let cheap = TunedSamples.finished(1, excess: 0), dear = TunedSamples.finished(2, excess: 8)
        #expect(cheap.trial?.closedAccount?.excessMisses == 0 && dear.trial?.closedAccount?.excessMisses == 8)
        _ = tuning.learn([cheap], at: TunedSamples.now)
        guard case .drawn = tuning.step(TunedSamples.view(700), policy: policy) else { Issue.record("held"); return }
        _ = tuning.learn([dear], at: TunedSamples.now)
        guard case .held(.refused(.budgetSpent(let share, let most))) = tuning.step(TunedSamples.view(1_400), policy: policy) else {
            Issue.record("it goes on")
            return
        }
        #expect(share > 1.5 && most == 0.2)
    }

    @Test("damaged, of another version or too large, what was learned is not gone on with")
    func unusable() throws {
        let stored = try StoredTuner(tuning().memory, at: TunedSamples.now)
        #expect(try stored.memory() == tuning().memory)
        for (document, checksum, expected) in [
            (stored.document, stored.checksum ^ 1, "damaged"),
            (Data("{}".utf8), StoredPlanner.checksum(of: Data("{}".utf8)), "another version"),
            (Data(count: StoredTuner.mostBytes + 1), 0, "bytes"),
        ] {
            let one = StoredTuner(time: TunedSamples.now, document: document, checksum: checksum)
            let error = #expect(throws: StoredPlanner.Unusable.self) { try one.memory() }
            #expect(error?.description.contains(expected) == true)
        }
    }
}
