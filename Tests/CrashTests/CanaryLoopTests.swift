import Control
import ControllerHelper
import EpisodeStore
import Foundation
import Kubernetes
import KubernetesTestSupport
import Learning
import Measurements
import Policies
import Testing

/// Changes that are tried on a part of the replicas first, by the production loop at a Kubernetes API.
@Suite("A change that is tried on a canary")
struct CanaryLoopTests {
    @Test("and helps comes to all replicas, is watched, and is kept; nothing of its groups is left")
    func kept() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        try await rig.finish()
        let change = try #require(try rig.newest, "\(rig.events.all.map(\.message))")
        #expect(
            change.history.map(\.state) == [.proposed, .comparing, .applying, .settling, .observing, .promoting, .probation, .kept],
            "\(change.history) \(change.lastProblem ?? "")")
        let end = try rig.final()
        #expect(end.value == 4 && end.forwardWrites == 1 && end.backWrites == 0 && end.groups.isEmpty && !end.isMarked)
        #expect(rig.target.object?["spec", "replicas"]?.integer == 8)
        #expect(rig.heard(.canaryBegun).count == 1 && rig.heard(.canaryPromoted).count == 1 && rig.heard(.verificationPassed).count == 1)
    }

    @Test("and harms never comes to the others")
    func takenBack() async throws {
        let rig = try Rig(Ground(.canary, slope: 0.4))
        let before = rig.target.settings
        try await rig.finish()
        let change = try #require(try rig.newest, "\(rig.events.all.map(\.message))")
        #expect(
            change.history.map(\.state).suffix(3) == [.observing, .rollingBack, .rolledBack] && change.verdict == .worsened,
            "\(change.history)")
        let end = try rig.final()
        #expect(end.forwardWrites == 0 && end.groups.isEmpty && !end.isMarked && rig.target.settings == before)
    }

    @Test("and crashes its engine is taken back at the next look")
    func crash() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        let before = rig.target.settings
        try await rig.ticks { _ in try rig.newest?.trial?.course != nil }
        rig.target.cluster.setPodBehaviour(.crashLoop, of: "chat-canary", namespace: "llm")
        try await rig.ticks(60) { _ in try rig.newest?.isOpen == false }
        let change = try #require(try rig.newest)
        #expect(change.state == .rolledBack && change.verdict == .worsened && change.reached(.settling) == nil, "\(change.history)")
        #expect(try rig.final().groups.isEmpty && rig.target.settings == before)
        #expect(try rig.memory().history.infeasible.map(\.to) == [.integer(4)])
    }

    @Test("and crashes the others when it comes to them is taken back there first, while its groups still serve")
    func failedPromotion() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        let before = rig.target.settings
        try await rig.ticks(until: .observing)
        rig.target.cluster.setPodBehaviour(.crashLoop, of: "chat", namespace: "llm")
        try await rig.ticks(60) { _ in try rig.newest?.state == .rollingBack }
        #expect(rig.target.value(.canary) == 2 && rig.target.groups == ["chat-canary", "chat-control"])
        rig.target.cluster.setPodBehaviour(.ready, of: "chat", namespace: "llm")
        try await rig.ticks(10) { _ in try rig.newest?.isOpen == false }
        let end = try rig.final()
        #expect(end.states == [.rolledBack] && end.forwardWrites == 1 && end.backWrites == 1 && end.groups.isEmpty)
        #expect(rig.target.settings == before)
    }

    @Test(
        "is taken back when an operator asks for it, on the canary alone or on all",
        arguments: [AdjustmentState.comparing, .observing, .probation])
    func operatorRollback(state: AdjustmentState) async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        let before = rig.target.settings
        try await rig.ticks(until: state)
        let change = try #require(try rig.newest)
        #expect(change.state == state)
        try rig.ask(.rollback(adjustment: change.id))
        try await rig.ticks(10) { _ in try rig.newest?.isOpen == false }
        try await rig.tick()
        let end = try rig.final()
        #expect(end.states == [state == .comparing ? .failed : .rolledBack])
        #expect(end.groups.isEmpty && !end.isMarked && rig.target.settings == before && end.openEpisodes == 0)
        #expect(end.forwardWrites == (state == .probation ? 1 : 0) && end.backWrites == end.forwardWrites)
    }

    @Test("yields to somebody who scales the target, and what was set stands")
    func interference() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        try await rig.ticks(until: .observing)
        rig.target.edit(#"{"spec": {"replicas": 3}}"#)
        try await rig.ticks(10) { _ in try rig.newest?.isOpen == false }
        #expect(try rig.newest?.state == .superseded)
        let end = try rig.final()
        #expect(rig.target.object?["spec", "replicas"]?.integer == 3 && end.value == 2 && end.groups.isEmpty && end.openEpisodes == 0)
    }

    @Test("leaves nothing behind where the store is lost in the middle")
    func lostStore() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        let before = rig.target.settings
        try await rig.ticks(until: .observing)
        #expect(rig.target.groups == ["chat-canary", "chat-control"])
        try rig.loseStore()
        rig.policy.mode = .approve
        try await rig.ticks(5) { _ in rig.target.groups.isEmpty }
        try await rig.tick()
        #expect(rig.target.groups.isEmpty && rig.target.settings == before)
    }

    @Test("in a StatefulSet comes to all replicas where it helps, and never to the others where it harms", arguments: [-0.5, 0.4])
    func partition(slope: Double) async throws {
        let rig = try Rig(Ground(.partition, slope: slope))
        try await rig.ticks(until: .observing)
        #expect(rig.target.object?["spec", "updateStrategy", "rollingUpdate", "partition"] == 6)
        try await rig.finish()
        let end = try rig.final()
        #expect(end.states == [slope < 0 ? .kept : .rolledBack] && end.value == (slope < 0 ? 4 : 2) && !end.isMarked)
        #expect(rig.target.object?["spec", "updateStrategy", "rollingUpdate", "partition"] == 0)
    }

    @Test("and loses a replica again and again is set aside for an hour after the second time, and longer after the third")
    func lostReplica() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        rig.policy.triggers[0].cooldown = .seconds(60)
        rig.policy.triggers[0].cooldownAfterRollback = .seconds(60)
        for round in 1...2 {
            rig.target.cluster.setPodBehaviour(.ready, of: "chat-canary", namespace: "llm")
            try await rig.ticks { _ in try rig.newest.map { $0.isOpen && $0.state == .observing } ?? false }
            rig.target.cluster.setPodBehaviour(.neverReady, of: "chat-canary", namespace: "llm")
            let lost = rig.target.cluster.objects(.pods, namespace: "llm").compactMap { $0["metadata", "name"]?.text }
                .first { $0.hasPrefix("chat-canary-") }
            rig.target.cluster.answer(FakeRequest("DELETE", "/api/v1/namespaces/llm/pods/\(try #require(lost))"))
            try await rig.ticks(60) { _ in try rig.newest?.isOpen == false }
            #expect(try rig.newest?.verdict == .unmeasured && rig.newest?.state == .rolledBack, "round \(round)")
        }
        let end = rig.clock.steady
        let aside = try #require(try rig.memory().history.infeasible.last)
        #expect(aside.unmeasured == 2 && (3_500...3_600).contains(aside.until.since(end).seconds))
        #expect(rig.heard(.actingRefused).last?.contains("could not be measured 2 times in a row") == true, "\(rig.heard(.actingRefused))")
        rig.target.cluster.setPodBehaviour(.ready, of: "chat-canary", namespace: "llm")
        let count = try rig.store?.adjustments().count
        for _ in 0..<50 { try await rig.tick() }
        #expect(try rig.store?.adjustments().count == count)
    }

    @Test("goes to all at once where no canary is possible and it is not insisted on, and says why")
    func everywhere() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5), manifest: Ground.manifest(replicas: 3))
        rig.policy.verify.canary = .auto
        // Urgent changes are not tried on a part first, and need no reason.
        rig.policy.objective.latencies[0].limit = .milliseconds(900)
        try await rig.ticks(until: .settling)
        #expect(try rig.newest?.trial == nil)
        #expect(
            rig.heard(.canaryRefused) == [
                "slots is changed in all replicas at once: two groups beside a rest take 4 ready replicas, and there are 3"
            ])
        let insisting = try Rig(Ground(.canary, slope: -0.5), manifest: Ground.manifest(replicas: 3))
        let report = try await insisting.ticks(40) { if case .noCanary? = $0.refusal { true } else { false } }
        #expect(report != nil && insisting.target.cluster.writes.allSatisfy { $0.user != "one" })
    }

    @Test("goes to all at once where the controller may not make its groups")
    func forbidden() async throws {
        let rig = try Rig(Ground(.canary, slope: -0.5))
        rig.target.cluster.admit(
            FakeUser("one", rules: [AccessRule(["get", "list", "watch", "patch", "update"], group: "*", ["*"])]), token: "one")
        rig.policy.verify.canary = .auto
        rig.policy.objective.latencies[0].limit = .milliseconds(900)
        try await rig.ticks(until: .settling)
        #expect(try rig.newest?.trial == nil && rig.target.groups.isEmpty)
        #expect(rig.heard(.canaryRefused).first?.contains("create") == true, "\(rig.heard(.canaryRefused))")
    }
}
