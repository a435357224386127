import FoundationEssentials
import Learning
import Measurements
import Policies
import Testing
import Verification

@testable import Control

/// Single looks at a change that is tried on a part of the replicas, as values.
@Suite("A look at a canary")
struct CanaryTrialStepTests {
    static func status(_ stage: CanaryStage?, rollout: TargetObservation.Rollout = .settled) -> CanaryStatus {
        let id = AdjustmentStepTests.proposed().id
        let mark = stage.map {
            CanaryMark(
                experiment: id, policy: "chat", knob: "slots", from: .integer(2), to: .integer(4), podsPerGroup: 2, replicas: 8, stage: $0)
        }
        var status = CanaryStatus(mark: mark, rollout: rollout)
        func pods(_ group: String, _ count: Int) -> [CanaryPod] {
            (0..<count).map { CanaryPod(name: "\(group)-\($0)", address: nil, node: "node-\(group)-\($0)", isReady: true, isCurrent: true) }
        }
        if stage != nil {
            status.canary = pods("canary", 2)
            status.control = pods("control", 2)
        }
        status.rest = pods("chat", stage == nil ? 8 : 4)
        return status
    }

    static func view(
        _ second: Int, _ canary: AdjustmentView.CanarySight?, value: Int = 2, marked: Bool = false, request: AdjustmentView.Request? = nil
    ) -> AdjustmentView {
        AdjustmentView(
            now: AdjustmentStepTests.time(second), sight: .seen(AdjustmentStepTests.observation(value, marked: marked)), canary: canary,
            request: request)
    }

    static func proposed(_ policy: Policy = AdjustmentStepTests.policy()) -> Adjustment {
        let plain = AdjustmentStepTests.proposed(policy)
        var plan = plain.terms.verification
        plan.aim = .lower(.timePerOutputToken)
        plan.timeLimit = .seconds(600)
        plan.canary = CanaryTerms()
        plan.canary?.preperiod = .seconds(120)
        let forecast = plan.forecast(CanaryQuestion(.timePerOutputToken, effect: 0.15, readyReplicas: 8, requestsPerSecond: 40))
        return Adjustment(
            id: plain.id, policy: plain.policy, target: plain.target, identity: nil, candidate: plain.candidate, knob: plain.knob,
            kind: .decided, cycle: nil, triggers: ["slow"], terms: plain.terms, before: plain.before,
            trial: CanaryTrial(podsPerGroup: 2, replicas: 8, plan: plan, forecast: forecast), proposedAt: plain.proposedAt, reason: "slow")
    }

    static func comparing() -> Adjustment {
        let step = proposed().step(view(0, nil))
        #expect(step.adjustment.state == .comparing && step.effect == .canary(.prepare))
        #expect(step.events.map(\.kind) == [.canaryBegun])
        return step.adjustment
    }

    @Test("what is not there yet is asked for again, and given up after the progress deadline; nothing was changed then")
    func deadline() {
        var one = Self.comparing()
        var second = 0
        while one.state == .comparing, second < 2_000 {
            second += 15
            let step = one.step(Self.view(second, .seen(Self.status(.prepared, rollout: .progressing("1 of 2 pods")), [])))
            #expect(step.effect == (step.adjustment.state == .comparing ? .canary(.prepare) : .canary(.remove)))
            one = step.adjustment
        }
        #expect(one.state == .rollingBack && one.verdict == .unmeasured && one.reason.hasSuffix("within 10m: 1 of 2 pods"))
        let still = one.step(Self.view(second + 15, .seen(Self.status(.removing), [])))
        #expect(still.adjustment.state == .rollingBack && still.effect == .canary(.remove))
        let gone = one.step(Self.view(second + 30, .seen(Self.status(nil), [])))
        #expect(gone.adjustment.state == .failed && gone.effect == nil && gone.events.map(\.kind) == [.adjustmentFailed])
    }

    @Test("while nothing can be seen of it no time passes, and nothing is asked for")
    func unseen() {
        var one = Self.comparing()
        for second in stride(from: 15, through: 3_000, by: 15) {
            let step = one.step(Self.view(second, .unseen("no answer")))
            #expect(step.effect == nil)
            one = step.adjustment
        }
        #expect(one.state == .comparing && one.elapsed == .zero && one.lastProblem == "no answer")
    }

    @Test("a target that refuses to take the groups away is asked again after a pause, and blocks what else is to be done to it")
    func refusedRemoval() {
        let leaving = Self.comparing().step(Self.view(15, .seen(Self.status(.prepared), []), request: .rollback)).adjustment
        #expect(leaving.state == .rollingBack)
        let refused = leaving.settleEffect(.canary(.remove), failure: .refused("403"), at: AdjustmentStepTests.time(15))
        #expect(refused.adjustment.state == .rollbackFailed && refused.events.map(\.kind) == [.rollbackFailed])
        #expect(refused.adjustment.isOpen)
        let early = refused.adjustment.step(Self.view(30, .seen(Self.status(.prepared), [])))
        #expect(early.effect == nil && early.adjustment.state == .rollbackFailed)
        let again = refused.adjustment.step(Self.view(60, .seen(Self.status(.prepared), [])))
        #expect(again.effect == .canary(.remove) && again.adjustment.state == .rollingBack)
    }

    @Test("what refuses to be made is given up; what another interferes with, yielded", arguments: [true, false])
    func refusedMaking(isRefusal: Bool) {
        let failure: AdjusterError = isRefusal ? .refused("403: no") : .changedByAnother(found: nil, "it was scaled")
        let step = Self.comparing().settleEffect(.canary(.prepare), failure: failure, at: AdjustmentStepTests.time(1))
        #expect(step.adjustment.state == .rollingBack && step.effect == .canary(.remove))
        let gone = step.adjustment.step(Self.view(15, .seen(Self.status(nil), []))).adjustment
        #expect(gone.state == (isRefusal ? .failed : .superseded))
        // Answers that may mean anything are left to the next look.
        for passing in [AdjusterError.unreachable("no"), .outcomeUnknown("cut"), .conflict("409"), .fenced("old")] {
            let same = Self.comparing().settleEffect(.canary(.prepare), failure: passing, at: AdjustmentStepTests.time(1))
            #expect(same.adjustment.state == .comparing && same.effect == nil && same.adjustment.lastProblem != nil)
        }
    }

    /// Goes on until a state, with buckets as a canary would give them whose change shifts log latency.
    static func run(
        until state: AdjustmentState, shift: Double, policy: Policy = AdjustmentStepTests.policy(), canaryRequests: Int = 20
    ) -> (Adjustment, second: Int) {
        var one = proposed(policy)
        var second = 0
        while one.state != state, one.isOpen, second < 6_000 {
            second += 10
            let isApplied = one.trial?.wasApplied == true
            var stage = CanaryStage.prepared
            if isApplied { stage = .applied }
            if one.trial?.wasPromoted == true { stage = .promoted }
            var bucket = bucket(until: second, shift: isApplied ? shift : 0)
            if isApplied { bucket.canary.requests = canaryRequests }
            one = one.step(view(second, .seen(status(stage), [bucket]))).adjustment
        }
        return (one, second)
    }

    static func bucket(until second: Int, shift: Double) -> CanaryBucket {
        var bucket = CanaryBucket(start: AdjustmentStepTests.time(second - 10), length: .seconds(10))
        let wobble = [0.01, -0.02, 0.03, -0.01, 0][second / 10 % 5]
        for (group, level) in [(CanaryGroup.canary, shift + wobble), (.control, 0)] {
            bucket[group].requests = 20
            bucket[group].readyReplicas = 2
            bucket[group].perToken.add(mean: -3.5 + level, count: 20)
            bucket[group].firstToken.add(mean: -0.5 + level, count: 20)
        }
        return bucket
    }

    @Test("only what was proved goes on to the other replicas")
    func proof() {
        let (better, _) = Self.run(until: .promoting, shift: -0.2)
        #expect(better.state == .promoting && better.verdict == .improved && better.trial?.wasPromoted == true)
        let (worse, second) = Self.run(until: .rollingBack, shift: 0.2)
        #expect(worse.state == .rollingBack && worse.verdict == .worsened && worse.trial?.wasPromoted == false)
        let gone = worse.step(Self.view(second + 10, .seen(Self.status(nil), []))).adjustment
        #expect(gone.state == .rolledBack && gone.finding != nil)
        var policy = AdjustmentStepTests.policy()
        policy.verify.onInconclusive = .revert
        let (same, _) = Self.run(until: .rollingBack, shift: 0, policy: policy)
        #expect(same.state == .rollingBack && same.verdict == .inconclusive && same.trial?.wasPromoted == false)
    }

    @Test("with onInconclusive: keep, what proved neither goes on as well")
    func inconclusive() {
        var policy = AdjustmentStepTests.policy()
        policy.verify.onInconclusive = .keep
        let (same, _) = Self.run(until: .promoting, shift: 0, policy: policy)
        #expect(same.state == .promoting && same.verdict == .inconclusive)
    }

    @Test("a promotion that somebody sets back is theirs; one whose rollout fails is taken back everywhere")
    func promotion() {
        let (one, second) = Self.run(until: .promoting, shift: -0.2)
        let setBack = one.step(Self.view(second + 10, .seen(Self.status(nil), []), value: 2, marked: true)).adjustment
        #expect(setBack.state == .superseded)
        let done = one.step(Self.view(second + 10, .seen(Self.status(nil), []), value: 4, marked: true)).adjustment
        #expect(done.state == .probation && done.trial?.areGroupsGone == true)
        let failing = one.step(
            Self.view(second + 10, .seen(Self.status(.promoted, rollout: .failed("crash loop")), []), value: 4, marked: true))
        // The old value comes back while both groups still serve; then they go.
        #expect(failing.adjustment.state == .rollingBack && failing.effect == .apply(.back))
        let back = failing.adjustment.settleEffect(.apply(.back), failure: nil, at: AdjustmentStepTests.time(second + 10)).adjustment
        #expect(back.state == .rollingBack)
        let leaving = back.step(Self.view(second + 20, .seen(Self.status(.promoted), []), value: 2))
        #expect(leaving.adjustment.state == .rollingBack && leaving.effect == .canary(.remove))
        let gone = leaving.adjustment.step(Self.view(second + 30, .seen(Self.status(nil), []), value: 2)).adjustment
        #expect(gone.state == .rolledBack)
    }

    @Test("a canary that gets fewer of the requests than its control is no proof")
    func shares() {
        let (one, _) = Self.run(until: .rollingBack, shift: -0.2, canaryRequests: 8)
        #expect(one.state == .rollingBack && one.verdict == .unmeasured && one.reason.contains("fewer of the requests"), "\(one.reason)")
        #expect(one.trial?.wasPromoted == false)
    }

    @Test(
        "groups whose mark is gone, or another's, or being taken away, are measured no further: the change is yielded",
        arguments: ["no mark", "another's", "removing"])
    func groupsLost(how: String) throws {
        let (one, second) = Self.run(until: .observing, shift: -0.2)
        var status = Self.status(how == "removing" ? .removing : .applied)
        if how == "no mark" { status.mark = nil }
        if how == "another's" { status.mark?.experiment = UUID() }
        let step = one.step(Self.view(second + 10, .seen(status, [Self.bucket(until: second + 10, shift: -0.2)])))
        #expect(step.adjustment.state == .rollingBack && step.adjustment.verdict == .superseded && step.effect == .canary(.remove))
        #expect(step.adjustment.trial?.course?.evidence == one.trial?.course?.evidence)
        // What another has there is theirs, and not waited for.
        if how == "removing" { status.mark = nil }
        let gone = step.adjustment.step(Self.view(second + 20, .seen(status, [])))
        #expect(gone.adjustment.state == .superseded)
    }

    @Test("a failure of replicas without the change does not speak against it; a target out of sight ends nothing")
    func othersFail() {
        let failing = Self.comparing().step(Self.view(15, .seen(Self.status(.prepared, rollout: .failed("crash loop")), []))).adjustment
        #expect(failing.state == .rollingBack && failing.verdict == .unmeasured)
        let (one, second) = Self.run(until: .observing, shift: 0)
        let unseen = one.step(
            AdjustmentView(
                now: AdjustmentStepTests.time(second + 60), sight: .unseen("no answer"),
                blocks: (0..<6).map { AdjustmentStepTests.block(second + 10 * $0, requests: 20, failed: 18) }, request: .rollback))
        #expect(unseen.adjustment.state == .observing && unseen.effect == nil && unseen.adjustment.lastProblem == "no answer")
        #expect(!unseen.adjustment.hears(AdjustmentView(now: AdjustmentStepTests.time(0), sight: .unseen("no answer"), request: .rollback)))
    }

    @Test("a probation ends as kept after half an hour, and at once where all replicas turn out worse")
    func probation() {
        let (one, start) = Self.run(until: .promoting, shift: -0.2)
        var kept = one.step(Self.view(start + 10, .seen(Self.status(nil), []), value: 4, marked: true)).adjustment
        let begun = kept
        var second = start + 10
        while kept.state == .probation, second < start + 3_000 {
            second += 15
            kept = kept.step(Self.view(second, nil, value: 4, marked: true)).adjustment
        }
        #expect(kept.state == .kept && second - start >= 1_800 && second - start < 1_860)
        let bad = (8..<14).map { AdjustmentStepTests.block(start + 15 * $0, requests: 20, failed: 18) }
        var view = Self.view(start + 15 * 14, nil, value: 4, marked: true)
        view.blocks = bad
        let worse = begun.step(view)
        #expect(worse.adjustment.state == .rollingBack && worse.effect == .apply(.back) && worse.adjustment.verdict == .worsened)
    }

    @Test("demand beyond what runs does not wait for a comparison, on a part of the replicas or on all")
    func demand() {
        let (one, second) = Self.run(until: .observing, shift: -0.2)
        var view = Self.view(second + 10, .seen(Self.status(.applied), []))
        view.demand = "the plan asks for 9 replicas, and 8 run"
        let step = one.step(view)
        #expect(step.adjustment.state == .rollingBack && step.effect == .canary(.remove) && step.adjustment.verdict == .unmeasured)
        #expect(step.adjustment.reason == view.demand)
        // What was proved is carried to its end.
        let (proved, later) = Self.run(until: .promoting, shift: -0.2)
        view = Self.view(later + 10, .seen(Self.status(.promoted), []), value: 4, marked: true)
        view.demand = "the plan asks for 9 replicas, and 8 run"
        #expect(proved.step(view).adjustment.state == .promoting)
        var everywhere = AdjustmentStepTests.look(900, .seen(AdjustmentStepTests.observation(4)))
        everywhere.demand = view.demand
        let kept = AdjustmentStepTests.observing().step(everywhere)  // This policy keeps what nobody could measure.
        #expect(kept.adjustment.state == .kept && kept.adjustment.verdict == .unmeasured)
    }

    @Test("a finished one is stored without what its groups did, and read back the same")
    func stored() throws {
        let (one, _) = Self.run(until: .observing, shift: -0.2)
        let copy = try JSONDecoder().decode(Adjustment.self, from: JSONEncoder().encode(one))
        #expect(copy == one && copy.trial?.course?.evidence.before.isEmpty == false)
        #expect(one.withoutBlocks.trial?.course == nil && one.withoutBlocks.trial?.podsPerGroup == 2)
    }
}
