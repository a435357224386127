import Foundation
import Learning
import Measurements
import Policies
import Testing
import Tuning
import Verification

@testable import Control

/// What a trial that was drawn does beyond what every trial does.
@Suite("A look at a trial of a tuned knob")
struct TunedTrialStepTests {
    static func proposed(_ mode: Policy.Mode = .auto) -> Adjustment {
        let plain = CanaryTrialStepTests.proposed()
        let trial = plain.trial!
        var plan = trial.plan.judging(.latency, worthwhile: 0.03, confidence: 0.9)
        plan.canary?.preperiod = .seconds(120)
        var policy = AdjustmentStepTests.policy(mode)
        policy.verify.onInconclusive = .revert
        return Adjustment(
            id: plain.id, policy: plain.policy, target: plain.target, identity: nil, candidate: plain.candidate, knob: plain.knob,
            kind: .tuned, cycle: nil, triggers: [], terms: Adjustment.Terms(policy, verification: plan), before: plain.before,
            trial: CanaryTrial(podsPerGroup: 2, replicas: 8, plan: plan, forecast: trial.forecast, terms: .tuning),
            tuning: TuningContext(configuration: Configuration(["slots": .integer(2)]), objective: .latency),
            proposedAt: plain.proposedAt, reason: "drawn")
    }

    /// Goes on to a state; groups differ before the change by so much in each draw.
    static func run(
        until state: AdjustmentState, shift: Double, apart: (Int) -> Double = { _ in 0 }, load: LoadReading? = nil
    ) -> (Adjustment, effects: [AdjustmentStep.Effect], second: Int) {
        var (one, second, draws, stage) = (proposed(), 0, 1, CanaryStage?.none)
        var effects: [AdjustmentStep.Effect] = []
        while one.state != state, one.isOpen, second < 9_000 {
            second += 10
            let isApplied = one.trial?.wasApplied == true
            let bucket = CanaryTrialStepTests.bucket(until: second, shift: isApplied ? shift : apart(draws))
            let isEverywhere = one.trial?.wasPromoted == true
            var view = CanaryTrialStepTests.view(
                second, .seen(CanaryTrialStepTests.status(stage), [bucket]), value: isEverywhere ? 4 : 2, marked: isEverywhere)
            view.load = load
            let step = one.step(view)
            one = step.adjustment
            guard let effect = step.effect else { continue }
            effects.append(effect)
            switch effect {
            case .canary(.prepare): stage = .prepared
            case .canary(.apply): stage = .applied
            case .canary(.promote): stage = .promoted
            case .canary(.remove):
                stage = nil
                draws += 1
            case .apply, .unmark: break
            }
        }
        return (one, effects, second)
    }

    @Test("groups that are not alike are drawn again, three times in all, and nothing is changed meanwhile")
    func redrawn() {
        let (proved, effects, _) = Self.run(until: .promoting, shift: -0.3) { $0 < 3 ? 0.5 : 0 }
        #expect(proved.state == .promoting && proved.trial?.progress.groupsDrawn == 3)
        #expect(effects.prefix(5) == [.canary(.prepare), .canary(.remove), .canary(.prepare), .canary(.remove), .canary(.prepare)])
        let (never, tried, _) = Self.run(until: .kept, shift: -0.3) { _ in 0.5 }
        #expect(never.state == .failed && never.verdict == .unmeasured && never.trial?.wasApplied == false)
        #expect(tried.count { $0 == .canary(.prepare) } == 3 && !tried.contains(.canary(.apply)))
    }

    @Test("is kept by its objective, and given up where that hardly fell")
    func objective() {
        let (better, _, _) = Self.run(until: .promoting, shift: -0.3)
        #expect(better.state == .promoting && better.verdict == .improved && better.finding?.objective != nil)
        let (same, _, second) = Self.run(until: .kept, shift: 0)
        #expect(same.state == .rolledBack && same.verdict == .inconclusive && second < 600)
        #expect(same.experimentResult?.effect.map { abs($0.logRatio) < 0.05 } == true)
        let (worse, _, _) = Self.run(until: .kept, shift: 0.3)
        #expect(worse.state == .rolledBack && worse.verdict == .worsened && worse.trial?.wasPromoted == false)
    }

    @Test("stays on probation until a load was seen that is high for the day, but not where nobody follows it")
    func highLoad() {
        let (calm, _, _) = Self.run(until: .kept, shift: -0.3, load: LoadReading(rate: 5, highOfDay: 10))
        #expect(calm.state == .probation && calm.elapsed > .seconds(7_000))
        let (seen, _, _) = Self.run(until: .kept, shift: -0.3, load: LoadReading(rate: 11, highOfDay: 10))
        #expect(seen.state == .kept)
        #expect(Self.run(until: .kept, shift: -0.3).0.state == .kept)
    }

    @Test("ends when trials have cost what they may, and what it showed is learned")
    func spent() {
        let (one, _, second) = Self.run(until: .observing, shift: 0.01)
        var view = CanaryTrialStepTests.view(second + 10, .seen(CanaryTrialStepTests.status(.applied), []))
        view.spending = "trials have spent 30 % of the error budget"
        let step = one.step(view)
        #expect(step.adjustment.state == .rollingBack && step.effect == .canary(.remove) && step.adjustment.verdict == .worsened)
        #expect(step.adjustment.reason == view.spending)
    }

    @Test("waits for approval where the policy says so")
    func approval() {
        let step = Self.proposed(.approve).step(CanaryTrialStepTests.view(0, nil))
        #expect(step.adjustment.state == .awaitingApproval && step.effect == nil)
    }
}
