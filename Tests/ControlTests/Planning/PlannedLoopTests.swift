import EpisodeStore
import Foundation
import Learning
import Measurements
import Policies
import Scaling
import Statistics
import Synchronization
import Testing

@testable import Control

@Suite("Planned replicas in the loop")
struct PlannedLoopTests {
    /// Lets a planner see a calm service for some minutes.
    private func calm(_ world: PlannedWorld, _ loop: PolicyLoop, rate: Double = 6, minutes: Int = 20) async {
        world.state.withLock { $0.rate = rate }
        _ = await world.ticks(loop, atMost: minutes * 4)
    }

    @Test("a rise of demand is followed at once and by more than one replica; the change is kept, and no episode is made of it")
    func followed() async throws {
        let world = PlannedWorld()
        let loop = world.makeLoop()
        await calm(world, loop)
        let (before, count) = (world.replicas, world.adjustments.count)
        world.state.withLock { $0.rate = 60 }
        let report = await world.ticks(loop, atMost: 3) { $0.adjustment?.candidate.step == 1 }
        let begun = try #require(report.adjustment)
        #expect(begun.kind == .planned && begun.candidate.from.wholeNumber == before && (begun.candidate.to.wholeNumber ?? 0) >= before + 2)
        #expect(begun.history[0].reason.hasPrefix("N="), "\(begun.reason)")
        #expect(begun.before.isEmpty && begun.triggers.isEmpty && begun.cycle == report.cycle?.id && begun.cycle != nil)
        _ = await world.ticks(loop, atMost: 2)
        let kept = world.adjustments[count]
        #expect(kept.state == .kept && kept.verdict == nil && kept.history.map(\.state) == [.proposed, .applying, .settling, .kept])
        #expect((world.journal as? MemoryJournal)?.state.withLock { $0.episodes.isEmpty } == true)
        #expect(report.decision?.reasons.first?.hasPrefix("replicas: N=") == true)
    }

    @Test("when demand falls replicas are given up, and that is kept though old pods still end")
    func down() async throws {
        let world = PlannedWorld()
        let loop = world.makeLoop()
        await calm(world, loop, rate: 30)
        let most = world.replicas
        world.state.withLock { $0.rate = 12 }
        let report = await world.ticks(loop, atMost: 240) { $0.adjustment?.candidate.step == -1 }
        let begun = try #require(report.adjustment)
        #expect(begun.kind == .planned && begun.candidate.from.wholeNumber == most)
        world.state.withLock { $0.rollout = .progressing("2 pods more than wanted are still there") }
        await world.tick(loop)
        #expect(world.adjustments.first { $0.id == begun.id }?.state == .kept)
    }

    @Test("in mode recommend the plan is the recommendation, with its own sentence, and nothing is changed")
    func recommend() async throws {
        let world = PlannedWorld(PlannedWorld.policy(.recommend))
        let loop = world.makeLoop()
        await calm(world, loop, rate: 30)
        let report = await world.tick(loop)
        let decision = try #require(report.decision)
        let recommended = try #require(decision.recommendations.first)
        #expect(recommended.candidate.knob == "replicas" && recommended.rationale.contains("because demand"))
        #expect(report.refusal == .modeIsRecommend && world.replicas == 2 && world.adjustments.isEmpty)
        #expect(decision.reasons[0].contains("because demand"), "\(decision.reasons)")
        #expect(world.events.contains { $0.kind == .recommendationMade })
    }

    @Test("in mode approve it waits for an operator, and is withdrawn when nobody wants it any more")
    func approve() async throws {
        let journal = MemoryJournal()
        let world = PlannedWorld(PlannedWorld.policy(.approve), journal: journal)
        let loop = world.makeLoop()
        await calm(world, loop, rate: 30, minutes: 1)
        let waiting = try #require(world.adjustments.last)
        #expect(waiting.state == .awaitingApproval && waiting.kind == .planned && world.replicas == 2)
        journal.state.withLock {
            $0.requests.append(
                OperatorRequest(id: world.identifier(), time: world.state.withLock(\.now), action: .approve(adjustment: waiting.id)))
        }
        await world.tick(loop)
        #expect(world.replicas == waiting.candidate.to.wholeNumber)
        // More is wanted, waits, and is not wanted any more before anybody answers.
        world.state.withLock { $0.rate = 60 }
        let more = await world.ticks(loop, atMost: 8) { $0.adjustment?.state == .awaitingApproval }
        let second = try #require(more.adjustment)
        #expect(second.id != waiting.id && second.state == .awaitingApproval && second.candidate.step == 1)
        world.state.withLock { $0.rate = 10 }
        _ = await world.ticks(loop, atMost: 400) { _ in world.adjustments.first { $0.id == second.id }?.isOpen == false }
        let withdrawn = try #require(world.adjustments.first { $0.id == second.id })
        #expect([.superseded, .rejected].contains(withdrawn.state) && world.replicas == waiting.candidate.to.wholeNumber)
    }

    @Test("while pods start a newer plan takes the older one's place, and each step is in the journal")
    func goesOn() async throws {
        let world = PlannedWorld()
        let loop = world.makeLoop()
        await calm(world, loop)
        let count = world.adjustments.count
        world.state.withLock {
            $0.startsAtOnce = false
            $0.rate = 16
        }
        _ = await world.ticks(loop, atMost: 4) { $0.adjustment?.state == .settling }
        let first = world.replicas
        world.state.withLock { $0.rate = 40 }
        _ = await world.ticks(loop, atMost: 4) { _ in world.replicas > first }
        let steps = world.adjustments.dropFirst(count)
        #expect(steps.count >= 2 && world.replicas > first)
        #expect(steps.first?.state == .kept && steps.first?.reason.hasPrefix("the plan went on to ") == true, "\(steps.map(\.reason))")
        #expect(steps.last?.candidate.from == steps.dropLast().last?.candidate.to && steps.count { $0.isOpen } == 1)
    }

    @Test("pods that find no room are taken back after their time, no more are asked for meanwhile, nor as many for an hour")
    func pending() async throws {
        let world = PlannedWorld()
        let loop = world.makeLoop()
        await calm(world, loop)
        let before = world.replicas
        world.state.withLock {
            $0.startsAtOnce = false
            $0.rate = 20
        }
        _ = await world.ticks(loop, atMost: 4) { $0.adjustment?.state == .settling }
        let asked = world.replicas
        #expect(asked > before)
        world.state.withLock {
            $0.rollout = .waitingForRoom("0/3 nodes are available")
            $0.rate = 40
        }
        _ = await world.ticks(loop, atMost: 8)
        #expect(world.replicas == asked, "no more is asked for where there is no room")
        let report = await world.ticks(loop, atMost: 60) { $0.adjustment?.state == .rollingBack || world.replicas < asked }
        #expect(world.replicas == before, "\(report.adjustment?.reason ?? "")")
        world.state.withLock { ($0.startsAtOnce, $0.ready, $0.rollout) = (true, before, .settled) }
        _ = await world.ticks(loop, atMost: 8)
        #expect(world.replicas == asked - 1, "what did not fit bounds what is tried next")
    }

    @Test("what is not known is not guessed: nothing changes, and the reason is told", arguments: ServiceLoad.Figure.allCases)
    func missing(figure: ServiceLoad.Figure) async throws {
        let world = PlannedWorld()
        let loop = world.makeLoop()
        await calm(world, loop)
        let before = world.replicas
        world.state.withLock {
            $0.rate = 40
            $0.unknown = [figure]
        }
        let report = await world.ticks(loop, atMost: 8)
        guard figure != .promptLengths else {
            #expect(report.decision?.plan?.contains("how long their prompts are is not known") == true)
            return #expect(world.replicas == before)
        }
        #expect(world.replicas == before && report.decision?.plan?.contains("no plan, and what runs stays") == true)
        #expect(report.decision?.plan?.contains("is not known") == true, "\(report.decision?.plan ?? "")")
        #expect(report.decision?.outcome == .unknown && report.decision?.recommendations == [])
    }

    @Test("a source that falls silent leaves what runs, and what it tells of the silence as one is no period")
    func silence() async throws {
        let world = PlannedWorld()
        let loop = world.makeLoop()
        await calm(world, loop)
        let before = world.replicas
        world.state.withLock { $0.isSilent = true }
        let silent = await world.ticks(loop, atMost: 20)
        #expect(silent.decision?.plan?.contains("no source tells how many requests come") == true)
        world.state.withLock { ($0.isSilent, $0.rate) = (false, 60) }
        let first = await world.tick(loop)
        #expect(first.decision?.plan?.contains("as one") == true && world.replicas == before, "\(first.decision?.plan ?? "")")
        _ = await world.ticks(loop, atMost: 3)
        #expect(world.replicas > before)
    }

    @Test("a knob that somebody else sets, a paused controller and one that does not lead leave it alone")
    func leftAlone() async throws {
        let owned = PlannedWorld()
        owned.state.withLock { $0.owners = ["replicas": "HorizontalPodAutoscaler llm/chat"] }
        var loop = owned.makeLoop()
        await calm(owned, loop, rate: 30, minutes: 2)
        let decision = try #require(await owned.tick(loop).decision)
        #expect(owned.replicas == 2 && decision.excluded.first?.reason == .ownedByAnother && decision.outcome == .hold)

        let journal = MemoryJournal()
        journal.state.withLock { $0.paused["chat"] = Timestamp(secondsSinceEpoch: 1_800_000_000) }
        let paused = PlannedWorld(journal: journal)
        loop = paused.makeLoop()
        await calm(paused, loop, rate: 30, minutes: 2)
        guard case .paused? = await paused.tick(loop).refusal else { Issue.record("not refused"); return }
        #expect(paused.replicas == 2)

        let follower = PlannedWorld()
        follower.state.withLock { $0.leads = false }
        loop = follower.makeLoop()
        await calm(follower, loop, rate: 30, minutes: 15)
        #expect(follower.replicas == 2 && (follower.journal as? MemoryJournal)?.state.withLock(\.planners).isEmpty == true)
    }

    @Test("an operator who takes a plan back is not asked again at once")
    func takenBack() async throws {
        let journal = MemoryJournal()
        let world = PlannedWorld(journal: journal)
        let loop = world.makeLoop()
        await calm(world, loop, rate: 30, minutes: 2)
        let kept = try #require(world.adjustments.last { $0.state == .kept })
        journal.state.withLock {
            $0.requests.append(
                OperatorRequest(id: world.identifier(), time: world.state.withLock(\.now), action: .rollback(adjustment: kept.id)))
        }
        _ = await world.ticks(loop, atMost: 8)
        #expect(world.adjustments.first { $0.id == kept.id }?.state == .rolledBack)
        #expect(world.replicas < kept.candidate.to.wholeNumber ?? 0)
    }
}
