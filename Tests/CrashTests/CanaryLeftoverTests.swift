import Control
import ControllerHelper
import EpisodeStore
import Foundation
import KubernetesTestSupport
import Learning
import Policies
import Testing

/// What somebody does to a canary behind the controller's back, by the production loop at a Kubernetes API.
@Suite("A canary that is interfered with")
struct CanaryLeftoverTests {
    @Test("is rid of a group that a request which came late makes after its end, within ten minutes")
    func lateGroup() async throws {
        let rig = try Rig(Ground(.canary, slope: 0.4))
        try await rig.ticks(until: .comparing)
        try await rig.ticks(5) { _ in rig.target.groups.count == 2 }
        let group = try #require(rig.target.cluster.object(.deployments, namespace: "llm", name: "chat-canary"))
        try await rig.finish()
        #expect(rig.target.groups.isEmpty)
        var late = group
        for member in ["uid", "resourceVersion", "managedFields"] { late["metadata", member] = nil }
        _ = rig.target.cluster.seed(late)
        #expect(rig.target.groups == ["chat-canary"])
        try await rig.ticks(12) { _ in rig.target.groups.isEmpty }
        #expect(rig.target.groups.isEmpty)
    }

    @Test(
        "whose marks somebody takes off ends, and nothing of it stays, with the store or without",
        arguments: [(Ground.KnobKind.canary, false), (.canary, true), (.partition, false), (.partition, true)])
    func unmarked(kind: Ground.KnobKind, losesStore: Bool) async throws {
        let rig = try Rig(Ground(kind, slope: -0.5))
        try await rig.ticks(until: .observing)
        rig.target.edit(#"{"metadata": {"annotations": {"llm-devops.io/canary": null}}}"#)
        if losesStore {
            try rig.loseStore()
            rig.policy.mode = .approve
        }
        try await rig.ticks(12) { _ in rig.target.groups.isEmpty && rig.target.partition == 0 && rig.target.value(kind) == 2 }
        #expect(rig.target.groups.isEmpty && rig.target.partition == 0 && rig.target.value(kind) == 2)
        #expect(rig.target.object?["spec", "replicas"]?.integer == 8)
        try await rig.tick()
        #expect(rig.target.annotation(TestCluster.mark) == nil)
        if !losesStore { #expect(try rig.newest?.state == .superseded) }
    }

    @Test("in a StatefulSet that bears neither mark any more is taken back by what the store knows; without it, a person is told")
    func withoutAnyMark() async throws {
        for losesStore in [false, true] {
            let rig = try Rig(Ground(.partition, slope: -0.5))
            try await rig.ticks(until: .observing)
            rig.target.edit(#"{"metadata": {"annotations": {"llm-devops.io/canary": null, "llm-devops.io/adjustment": null}}}"#)
            if losesStore { try rig.loseStore() }
            try await rig.ticks(15) { _ in rig.target.partition == 0 }
            #expect(rig.target.partition == (losesStore ? 6 : 0) && rig.target.value(.partition) == (losesStore ? 4 : 2))
            let told = rig.heard(.canaryLeft)
            #expect(losesStore ? told.count == 2 && told[0].contains("partition to 0") : told.isEmpty, "\(told)")
            if losesStore { #expect(try rig.store?.adjustments().isEmpty == true, "nothing is begun beside it") }
        }
    }

    @Test("whose partition somebody else sets is theirs, also when its mark is taken off")
    func foreignPartition() async throws {
        let rig = try Rig(Ground(.partition, slope: -0.5))
        try await rig.ticks(until: .observing)
        rig.target.edit(
            #"{"metadata": {"annotations": {"llm-devops.io/canary": null}}, "spec": {"updateStrategy": {"rollingUpdate": {"partition": 3}}}}"#
        )
        try await rig.ticks(10) { _ in try rig.newest?.isOpen == false }
        #expect(rig.target.partition == 3)
    }

    @Test("whose groups do not go is told of once in ten minutes, with what holds them")
    func stuck() async throws {
        let rig = try Rig(Ground(.canary, slope: 0.4))
        try await rig.ticks(until: .observing)
        rig.target.edit(
            #"{"metadata": {"finalizers": ["example.org/keep"]}}"#, path: "/apis/apps/v1/namespaces/llm/deployments/chat-canary")
        try await rig.ticks(until: .rollingBack)
        var ticks = 0
        try await rig.ticks(35) { _ in
            ticks += 1
            return try rig.newest?.isOpen == false
        }
        #expect(ticks == 35 && rig.target.groups.contains("chat-canary"))
        let told = rig.heard(.canaryLeft)
        #expect((2...3).contains(told.count) && told[0].contains("finalizer example.org/keep"), "\(told)")
        #expect(try rig.newest?.leftGroups(at: rig.clock.steady) != nil)
        rig.target.edit(#"{"metadata": {"finalizers": null}}"#, path: "/apis/apps/v1/namespaces/llm/deployments/chat-canary")
        try await rig.finish()
        #expect(try rig.final().groups.isEmpty && rig.newest?.state == .rolledBack)
    }

    @Test(
        "is finished with the knob it was begun with, though the policy has it no more, or has it elsewhere",
        arguments: [Ground.KnobKind.argument, .canary, .partition], [AdjustmentState.observing, .kept])
    func knobRemoved(kind: Ground.KnobKind, state: AdjustmentState) async throws {
        for isMoved in [false, true] {
            let rig = try Rig(Ground(kind, slope: -0.5))
            let before = rig.target.settings
            try await rig.ticks(until: state)
            let change = try #require(try rig.newest)
            let place = Knob.Place.containerArgument(container: "vllm", flag: "--elsewhere")
            rig.policy.knobs[0] = Knob(
                name: isMoved ? "slots" : "other", domain: rig.policy.knobs[0].domain, place: place, role: .concurrency)
            rig.policy.triggers[0].cooldown = .seconds(36_000)
            try rig.restart()
            try rig.ask(.rollback(adjustment: change.id))
            try await rig.ticks(15) { _ in try rig.newest?.state == .rolledBack }
            #expect(try rig.newest?.id == change.id && rig.newest?.state == .rolledBack, "\(change.id)")
            try await rig.tick()
            #expect(rig.target.value(kind) == 2 && rig.target.groups.isEmpty && rig.target.settings.count == before.count)
        }
    }
}
