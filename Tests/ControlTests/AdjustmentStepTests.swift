import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Testing
import Verification

@testable import Control

/// Single looks at an adjustment, as values.
@Suite("A look at an adjustment")
struct AdjustmentStepTests {
    static let start = Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000)

    static func time(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    static func policy(_ mode: Policy.Mode = .auto) -> Policy {
        var policy = WorldRun.policy(1)
        policy.mode = mode
        return policy
    }

    static func proposed(_ policy: Policy = policy(), kind: Adjustment.Kind = .decided) -> Adjustment {
        let before = (1...40).map { block(-15 * (41 - $0), requests: 20) }
        let candidate = Candidate(knob: "slots", role: .concurrency, from: .integer(2), to: .integer(4), step: 1)
        return Adjustment(
            id: UUID(uuidString: "00000000-0000-4000-8000-000000000001")!, policy: policy.name, target: "llm/Deployment/chat",
            identity: nil,
            candidate: candidate, knob: policy.knobs[0], kind: kind, cycle: nil, triggers: ["slow"],
            terms: Adjustment.Terms(policy, verification: VerificationPlan(policy)), before: before, proposedAt: start, reason: "slow")
    }

    static func block(_ second: Int, requests: Int, failed: Int = 0) -> LatencyBlock {
        var block = LatencyBlock(start: time(second), length: .seconds(15), requests: requests, failed: failed)
        block.arrivals = max(requests, 20)
        let answered = requests - failed
        if answered > 0 {
            block.logTimeToFirstToken = .init(mean: -0.5, count: answered)
            block.logTimePerOutputToken = .init(mean: -3.5, count: answered)
        }
        return block
    }

    static func observation(_ value: Int?, marked: Bool = true) -> TargetObservation {
        var observation = TargetObservation(values: value.map { ["slots": KnobState(.integer($0), origin: .live)] } ?? [:])
        let one = proposed()
        if marked {
            observation.mark = AdjustmentMark(adjustment: one.id, policy: one.policy, knob: "slots", from: .integer(2), to: .integer(4))
        }
        return observation
    }

    static func look(_ second: Int, _ sight: AdjustmentView.Sight, blocks: [LatencyBlock] = [], doubts: Bool = false) -> AdjustmentView {
        AdjustmentView(now: time(second), sight: sight, blocks: blocks, doubtsMeasurements: doubts)
    }

    static func settling() -> Adjustment {
        let applying = proposed().step(look(0, .seen(observation(2, marked: false))))
        #expect(applying.effect == .apply(.forward))
        return applying.adjustment.settleEffect(.apply(.forward), failure: nil, at: time(0)).adjustment
    }

    static func observing() -> Adjustment {
        var one = settling()
        var second = 0
        while one.state == .settling, second < 600 {
            second += 15
            one = one.step(look(second, .seen(observation(4)))).adjustment
        }
        #expect(one.state == .observing)
        return one
    }

    @Test("a change that settles out of sight is taken back when requests fail or get no answer, and stays otherwise")
    func settlingUnseen() {
        let one = Self.settling()
        #expect(one.state == .settling)
        func after(_ requests: Int, _ failed: Int) -> AdjustmentStep {
            one.step(Self.look(90, .unseen("no answer"), blocks: (0..<6).map { Self.block(15 * $0, requests: requests, failed: failed) }))
        }
        #expect(after(20, 0).adjustment.state == .settling)
        for step in [after(20, 18), after(0, 0)] {
            #expect(step.adjustment.state == .rollingBack && step.effect == .apply(.back))
            #expect(step.adjustment.verdict == .worsened && step.adjustment.reason.contains("cannot be seen"))
        }
        // What was measured before the change is in force does not count.
        let old = (0..<6).map { Self.block(-15 * (6 - $0), requests: 20, failed: 18) }
        #expect(one.step(Self.look(90, .unseen("no answer"), blocks: old)).adjustment.state == .settling)
    }

    @Test("the clock of a change out of sight stands; failing requests take it back in spite of that")
    func observingUnseen() throws {
        var one = Self.observing()
        let begin = Int(try #require(one.reached(.observing)).since(Self.start).duration.components.seconds)
        let limit = Int(one.terms.verification.timeLimit.components.seconds)
        for second in stride(from: begin + 15, to: begin + 2 * limit, by: 15) {
            one = one.step(Self.look(second, .unseen("no answer"))).adjustment
        }
        #expect(one.state == .observing && one.elapsed == .zero)
        let bad = (0..<6).map { Self.block(begin + 15 * $0, requests: 20, failed: 18) }
        let last = one.step(Self.look(begin + 2 * limit, .unseen("no answer"), blocks: bad))
        #expect(last.adjustment.state == .rollingBack && last.adjustment.verdict == .worsened && last.effect == .apply(.back))
    }

    @Test("doubt of the measurements suspends the verdict, never the tripwires, and ends after the progress deadline")
    func doubt() throws {
        let one = Self.observing()
        let begin = Int(try #require(one.reached(.observing)).since(Self.start).duration.components.seconds)
        let bad = (0..<6).map { Self.block(begin + 15 * $0, requests: 20, failed: 18) }
        let tripped = one.step(Self.look(begin + 90, .seen(Self.observation(4)), blocks: bad, doubts: true)).adjustment
        #expect(tripped.state == .rollingBack && tripped.verdict == .worsened)
        var patient = one
        for second in stride(from: begin + 15, through: begin + 600, by: 15) {
            patient = patient.step(Self.look(second, .seen(Self.observation(4)), doubts: true)).adjustment
        }
        #expect(patient.elapsed == .zero && patient.state == .observing)
        patient = patient.step(Self.look(begin + 615, .seen(Self.observation(4)), doubts: true)).adjustment
        #expect(patient.elapsed == .seconds(15))
    }

    @Test("a pause that ends further ahead than any pause is over: the clock was set back")
    func clockSetBack() {
        let asked = Self.observing().step(AdjustmentView(now: Self.time(600), sight: .seen(Self.observation(4)), request: .rollback))
        let refused = asked.adjustment.settleEffect(.apply(.back), failure: .refused("403"), at: Self.time(600)).adjustment
        #expect(refused.state == .rollbackFailed)
        #expect(refused.step(Self.look(605, .seen(Self.observation(4)))).effect == nil)
        #expect(refused.step(Self.look(-86_400, .seen(Self.observation(4)))).effect == .apply(.back))
    }

    @Test("what waits for approval waits on while its value cannot be read, and yields to another's value")
    func approval() {
        let waiting = Self.proposed(Self.policy(.approve)).step(Self.look(0, .seen(Self.observation(2, marked: false)))).adjustment
        #expect(waiting.state == .awaitingApproval)
        #expect(waiting.step(Self.look(15, .seen(Self.observation(nil, marked: false)))).adjustment.state == .awaitingApproval)
        #expect(waiting.step(Self.look(15, .seen(Self.observation(8, marked: false)))).adjustment.state == .superseded)
        #expect(waiting.step(Self.look(-86_400, .seen(Self.observation(2, marked: false)))).adjustment.state == .rejected)
    }

    @Test("a change that was made though no answer came, and was set back by another since, is not made again")
    func setBack() {
        let applying = Self.proposed().step(Self.look(0, .seen(Self.observation(2, marked: false)))).adjustment
        #expect(applying.state == .applying)
        var seen = Self.observation(2)
        // A mark that is written before the value proves nothing.
        #expect(applying.step(Self.look(15, .seen(seen))).effect == .apply(.forward))
        seen.markCameWithValue = true
        let step = applying.step(Self.look(15, .seen(seen)))
        #expect(step.adjustment.state == .superseded && step.effect == .unmark)
        #expect(step.adjustment.reason.contains("set back to 2 by another"), "\(step.adjustment.reason)")
    }

    @Test("what is finished is not opened again in the store, keeps no blocks, and bears its policy where it was adopted")
    func store() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "steps-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try EpisodeStore(path: folder + "/store.sqlite")
        let open = Self.settling()
        var entry = JournalEntry(policy: open.policy, time: Self.time(0))
        entry.adjustment = open
        entry.policyText = Self.policy()
        try store.commit(entry)
        #expect(try store.openAdjustments().first?.policy == Self.policy())
        #expect(try store.adjustment(open.id)?.before.count == 40)
        let gone = open.step(Self.look(15, .gone("there is none"))).adjustment
        entry.adjustment = gone
        try store.commit(entry)
        #expect(try store.adjustment(open.id)?.before.isEmpty == true)
        entry.adjustment = open
        #expect(throws: StoreError.self) { try store.commit(entry) }
        #expect(try store.adjustment(open.id)?.state == .superseded)
    }
}

@Suite("What is told again and again")
struct RepeatedNewsTests {
    @Test("is told once for each cause, whatever its figures, and again after ten minutes or when it comes back")
    func reminders() {
        var news = RepeatedNews()
        let time = AdjustmentStepTests.time
        let answer1 = news.isNews(.journalFailed, cause: "disk full at 12", at: time(0))
        #expect(answer1)
        let answer2 = news.isNews(.journalFailed, cause: "disk full at 13", at: time(15))
        #expect(!answer2)
        let answer3 = news.isNews(.leadershipLost, cause: "disk full at 13", at: time(15))
        #expect(answer3)
        let answer4 = news.isNews(.journalFailed, cause: "damaged", at: time(30))
        #expect(answer4)
        let answer5 = news.isNews(.journalFailed, cause: "damaged", at: time(630))
        #expect(answer5)
        let answer6 = news.isNews(.journalFailed, cause: "damaged", at: time(645))
        #expect(!answer6)
        news.end(.journalFailed)
        let answer7 = news.isNews(.journalFailed, cause: "damaged", at: time(660))
        #expect(answer7)
    }

    @Test("a source that delivers with faults is fresh, and its faults are told in their own words")
    func sourceHealth() {
        let time = AdjustmentStepTests.time
        var health = SourceHealth()
        let partial = Delivery(blocks: [AdjustmentStepTests.block(0, requests: 1)], faults: ["one of two pods does not answer"])
        let answer8 = health.take(partial, at: time(0), staleAfter: .seconds(60))
        #expect(answer8 == nil)
        let answer9 = health.take(partial, at: time(60), staleAfter: .seconds(60))
        #expect(answer9 == "delivers, but not all: one of two pods does not answer")
        let answer10 = health.take(partial, at: time(120), staleAfter: .seconds(60))
        #expect(answer10 == nil)
        var silent = SourceHealth()
        let answer11 = silent.take(Delivery(), at: time(0), staleAfter: .seconds(60))
        #expect(answer11 == nil)
        let answer12 = silent.take(Delivery(), at: time(60), staleAfter: .seconds(60))
        #expect(answer12?.hasPrefix("delivers nothing fresh") == true)
    }

    @Test("policies of one target are one target of the fleet")
    func fleet() {
        let fleet = FleetView()
        for name in ["a", "b", "c"] { fleet.report(name, target: "one", isDegraded: true) }
        for name in ["d", "e", "f", "g"] { fleet.report(name, target: name, isDegraded: false) }
        #expect(fleet.count == FleetView.Count(targets: 5, degraded: 1))
        #expect(!fleet.count.isDoubtful)
    }

    @Test("a quiet time lasts at most its own length from now")
    func quietTime() {
        var state = TriggerState()
        state.cooldown = .init(until: AdjustmentStepTests.time(86_400), reason: .adjusted)
        let policy = AdjustmentStepTests.policy()
        let clamped = ["slow": state].clamped(to: policy.triggers, at: AdjustmentStepTests.time(0))
        #expect(clamped["slow"]?.cooldown?.until == AdjustmentStepTests.time(120))
        #expect(clamped.clamped(to: policy.triggers, at: AdjustmentStepTests.time(60)) == clamped)
    }
}
