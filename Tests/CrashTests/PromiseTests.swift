import Control
import ControllerHelper
import EpisodeStore
import Foundation
import KubernetesTestSupport
import Learning
import Measurements
import Policies
import Testing

/// What the design promises of one cycle, with the production loop, a real store and the API over HTTP.
@Suite("Promises")
struct PromiseTests {
    @Test("no journal, no action: a store that takes nothing leaves a controller that only recommends")
    func noJournal() async throws {
        let rig = try Rig(FailureTableTests.helps)
        rig.counter = StepCounter(before: { if $0.kind == .commit { throw FaultMatrixTests.DiskFull() } })
        var last: PolicyLoop.Report?
        for _ in 0..<30 { last = try await rig.tick() }
        #expect(last?.decision?.outcome == .recommend && last?.problems.contains { $0.contains("the disk is full") } == true)
        #expect(rig.target.cluster.requests.allSatisfy { $0.method == "GET" })
        #expect(!rig.heard(.journalFailed).isEmpty)
        #expect(try rig.newest == nil)
    }

    @Test("a store whose file may not grow does nothing until it may")
    func fullStore() async throws {
        let rig = try Rig(FailureTableTests.helps)
        rig.maximumStoreBytes = 1
        for _ in 0..<30 { try await rig.tick() }
        #expect(rig.target.cluster.requests.allSatisfy { $0.method == "GET" })
        #expect(try rig.newest == nil && !rig.heard(.journalFailed).isEmpty)
        rig.maximumStoreBytes = nil
        try rig.restart()
        try await rig.finish()
        #expect(try rig.final().states == [.kept])
    }

    @Test("a cooldown survives restarts", arguments: [-0.5, 0.4])
    func cooldown(slope: Double) async throws {
        let rig = try Rig(Ground(.replicas, slope: slope))
        // There is something to do all the time.
        rig.policy.knobs[0].domain = .range(min: 2, max: 8, step: 1)
        rig.policy.triggers[0].cooldown = .seconds(1_800)
        rig.policy.triggers[0].cooldownAfterRollback = .seconds(3_600)
        try await rig.ticks { _ in try rig.newest?.isOpen == false }
        let first = try #require(try rig.newest)
        #expect(first.state == (slope < 0 ? .kept : .rolledBack))
        let due =
            slope < 0
            ? try #require(first.reached(.settling)).advanced(by: .seconds(1_800))
            : try #require(first.reached(.rolledBack)).advanced(by: .seconds(3_600))
        while rig.clock.steady.advanced(by: .seconds(15)) < due {
            if rig.clock.tick % 20 == 0 { try rig.restart() }
            try await rig.tick()
        }
        #expect(try rig.store?.adjustments().count == 1)
        try await rig.ticks(20) { _ in try rig.newest?.id != first.id }
        #expect(try rig.store?.adjustments().count == 2, "it was the cooldown that held it back")
    }

    @Test("a budget survives a restart")
    func budget() async throws {
        let rig = try Rig(Ground(.replicas, slope: -0.05))
        rig.policy.knobs[0].domain = .range(min: 2, max: 8, step: 1)
        rig.policy.triggers[0].cooldown = .seconds(15)
        rig.policy.triggers[0].cooldownAfterRollback = .seconds(15)
        rig.policy.verify.onInconclusive = .keep
        rig.policy.budgets.adjustments = .init(count: 1, window: .seconds(3_600))
        try await rig.ticks { _ in try rig.newest?.isOpen == false }
        let first = try #require(try rig.newest)
        let changed = try #require(first.reached(.settling))
        try rig.restart()
        var last: PolicyLoop.Report?
        while rig.clock.steady < changed.advanced(by: .seconds(3_570)) { last = try await rig.tick() }
        #expect(try rig.store?.adjustments().count == 1)
        #expect(last?.decision?.excluded.contains { $0.reason == .budget } == true)
        try await rig.ticks(20) { _ in try rig.newest?.id != first.id }
        #expect(try rig.store?.adjustments().count == 2, "it was the budget that held it back")
    }

    @Test("a holdout survives a restart, and changes nothing")
    func holdout() async throws {
        let rig = try Rig(FailureTableTests.helps)
        // Missed by less than half: what burns is not held out.
        rig.policy.objective.latencies[0].limit = .milliseconds(900)
        rig.policy.learning.holdout = 0.5
        // The first eight bytes are the seed of the draw; these draw 0.09 of 1, below the share of holdouts.
        rig.identifiers = {
            let random = UUID().uuid
            return UUID(
                uuid: (7, 7, 7, 7, 7, 7, 7, 7, random.8, random.9, random.10, random.11, random.12, random.13, random.14, random.15))
        }
        let before = rig.target.settings
        try await rig.ticks(until: .observing)
        #expect(try rig.newest?.kind == .holdout)
        for _ in 0..<3 {
            try rig.restart()
            try await rig.tick()
            #expect(try rig.newest?.state == .observing)
        }
        try await rig.finish()
        #expect(try rig.final().states == [.kept] && rig.target.settings == before)
        #expect(rig.target.cluster.requests.allSatisfy { $0.method == "GET" })
    }

    @Test("worsened: the change is taken back in the tick that says so", arguments: [Ground.KnobKind.argument, .replicas])
    func worsened(kind: Ground.KnobKind) async throws {
        let rig = try Rig(Ground(kind, slope: 0.4))
        let before = rig.target.settings
        let report = try await rig.ticks { _ in try rig.newest?.verdict == .worsened }
        #expect(report?.adjustment?.state == .rolledBack)
        #expect(rig.target.value(kind) == 2)
        try await rig.tick()
        #expect(rig.target.settings == before)
        #expect(rig.target.annotation(TestCluster.mark) == nil)
        let adjustment = try #require(try rig.newest)
        let judged = try #require(adjustment.reached(.rollingBack))
        #expect(try #require(adjustment.reached(.rolledBack)).since(judged).duration <= .seconds(15))
    }
}
