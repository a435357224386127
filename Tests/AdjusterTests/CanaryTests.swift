import Control
import FoundationEssentials
import KubernetesTestSupport
import Policies
import Testing

@testable import Kubernetes

@Suite("A matched canary at a Deployment")
struct CanaryTests {
    @Test("two groups of one size take the place of as many replicas, with the labels of the Service and settings of their own kind")
    func prepared() async throws {
        let world = try CanaryWorld()
        let status = try await world.prepare(try world.canary())
        #expect(status.isReady(.prepared), "\(status)")
        #expect(status.canary.count == 1 && status.control.count == 1 && status.rest.count == 2)
        #expect(world.world.spec?["replicas"] == 2)
        for group in ["canary", "control"] {
            let found = try #require(world.deployment("chat-\(group)"))
            #expect(CanaryWorld.arguments(found) == ["serve", "--max-num-seqs=64"])
            #expect(found["spec", "selector", "matchLabels"] == ["app": "chat", "llm-devops.io/canary-group": .string(group)])
            #expect(
                found["spec", "template", "metadata", "labels"]
                    == ["app": "chat", "tier": "gpu", "llm-devops.io/canary-group": .string(group)])
            // No label of the target itself, by which a GitOps tool would take it for one of its own, and prune it.
            #expect(found["metadata", "labels"] == ["llm-devops.io/canary-group": .string(group)])
            let owner = try #require(found["metadata", "ownerReferences"]?.elements.first)
            #expect(owner["uid"] == world.world.object?["metadata", "uid"] && owner["blockOwnerDeletion"] != true)
        }
        #expect(status.canary[0].address?.hasPrefix("10.244.") == true && status.canary[0].name.hasPrefix("chat-canary-"))
    }

    @Test("replicas are given away only when the groups serve in their place")
    func capacity() async throws {
        let world = try CanaryWorld()
        world.cluster.setRolloutMode(.manual)
        let canary = try world.canary()
        try await canary.prepare(CanaryWorld.order())
        #expect(world.world.spec?["replicas"] == 4 && world.deployment("chat-canary") != nil)
        world.cluster.advanceRollouts()
        try await canary.prepare(CanaryWorld.order())
        #expect(world.world.spec?["replicas"] == 2)
    }

    @Test("without room for more pods, the target gives way a group at a time")
    func withoutRoom() async throws {
        let world = try CanaryWorld()
        for name in ["chat-canary", "chat-control"] { world.cluster.setPodBehaviour(.unschedulable, of: name, namespace: "llm") }
        let canary = try world.canary()
        try await world.prepare(canary)
        #expect(world.world.spec?["replicas"] == 3)
        world.cluster.setPodBehaviour(.ready, of: "chat-control", namespace: "llm")
        restart("chat-control", world)
        try await canary.prepare(CanaryWorld.order())
        #expect(world.world.spec?["replicas"] == 2)
        #expect(try await canary.status().isReady(.prepared) == false)
    }

    /// What becomes of a pod in the fake is settled when it is made, so it is made anew.
    private func restart(_ name: String, _ world: CanaryWorld) {
        for pod in world.cluster.objects(.pods, namespace: "llm") where pod["metadata", "name"]?.text?.hasPrefix(name) == true {
            world.cluster.answer(
                FakeRequest("DELETE", ResourceType.pods.path(namespace: "llm", name: pod["metadata", "name"]?.text ?? "")))
        }
        world.cluster.advanceRollouts()
    }

    @Test("the change reaches the canary group and nothing else")
    func applied() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        let before = try await world.prepare(canary)
        let status = try await world.apply(canary)
        #expect(status.isReady(.applied))
        #expect(CanaryWorld.arguments(world.deployment("chat-canary")) == ["serve", "--max-num-seqs=128"])
        for name in ["chat-control", "chat"] { #expect(CanaryWorld.arguments(world.deployment(name)) == ["serve", "--max-num-seqs=64"]) }
        #expect(status.control == before.control && status.rest == before.rest, "nobody else restarts")
        #expect(status.canary.map(\.name) != before.canary.map(\.name))
    }

    @Test("a canary that is taken back leaves nothing of it")
    func reverted() async throws {
        let world = try CanaryWorld(spec: "replicas: 8")
        let before = world.remains
        let canary = try world.canary()
        let order = CanaryWorld.order(pods: 2)
        try await world.prepare(canary, order)
        #expect(world.world.spec?["replicas"] == 4)
        try await world.apply(canary, order)
        let status = try await world.remove(canary)
        #expect(status.isGone && status.canary.isEmpty && status.rest.count == 8)
        #expect(world.remains == before)
    }

    @Test("a promoted change is the ordinary change of the target, and stays when the groups go")
    func promoted() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        let order = CanaryWorld.order()
        try await world.prepare(canary)
        try await world.apply(canary)
        let status = try await world.promote(canary)
        #expect(status.rest.allSatisfy { $0.counts })
        try await world.remove(canary)
        #expect(world.remains.deployments == ["chat"] && world.world.spec?["replicas"] == 4)
        #expect(world.remains.pods == Array(repeating: ["none", "serve", "--max-num-seqs=128"], count: 4))
        // The mark of the change is that of an adjustment, so that it can be watched and rolled back like any other.
        let adjuster = canary.adjuster
        #expect(try await adjuster.observe().mark?.adjustment == order.change.adjustment)
        try await adjuster.apply(order.change.back)
        #expect(try await adjuster.observe().values["knob"]?.value == .integer(64))
    }

    @Test("the second group goes only when the target serves for it")
    func removalKeepsCapacity() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        try await world.prepare(canary)
        world.cluster.setRolloutMode(.manual)
        try await canary.remove(nil, fence: FencingToken(rawValue: 1))
        #expect(world.world.spec?["replicas"] == 4)
        #expect(world.deployment("chat-canary")?["metadata", "deletionTimestamp"] != nil, "what may harm goes at once")
        #expect(world.deployment("chat-control")?["metadata", "deletionTimestamp"] == nil)
        world.cluster.advanceRollouts()
        try await canary.remove(nil, fence: FencingToken(rawValue: 1))
        #expect(world.deployment("chat-control")?["metadata", "deletionTimestamp"] != nil)
    }

    @Test("the target's selector, labels and pods are never touched, and each pod has one owner")
    func selectors() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        let before = try #require(world.world.spec)
        try await world.prepare(canary)
        try await world.apply(canary)
        try await world.remove(canary)
        for write in world.cluster.writes where write.name == "chat" && write.resource == "deployments.apps" {
            #expect(write.after["spec", "selector"] == before["selector"])
            #expect(write.after["spec", "template"] == before["template"])
        }
        let pods = world.cluster.writes.filter { $0.resource == "pods" }
        #expect(pods.allSatisfy { $0.after["metadata", "ownerReferences"]?.elements.count == 1 })
        // Two pods of the target went for the groups and came back: nobody else's were taken for its own.
        let uid = world.world.object?["metadata", "uid"]
        let made = pods.filter { $0.verb == "create" && $0.after["metadata", "ownerReferences"]?.elements.first?["uid"] == uid }
        #expect(made.allSatisfy { $0.after["metadata", "labels", "llm-devops.io/canary-group"] == nil } && made.count == 6)
    }

    @Test("pods of groups are not taken for the target's own: a crashing canary is no failing target")
    func observedApart() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        try await world.prepare(canary)
        world.cluster.setPodBehaviour(.crashLoop, of: "chat-canary", namespace: "llm")
        let status = try await world.apply(canary)
        guard case .failed(let why) = status.rollout else {
            Issue.record("expected the crash loop to be told: \(status.rollout)")
            return
        }
        #expect(why.contains("CrashLoopBackOff") && status.canary.contains { $0.trouble != nil && !$0.counts })
        #expect(try await canary.adjuster.observe().rollout == .settled)
    }

    @Test("while a canary is under way no other change of the target begins")
    func exclusive() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary(knobs: [.sequences, .replicas])
        try await world.prepare(canary)
        let order = ChangeOrder(.replicas, .integer(2), .integer(3), id: UUID())
        #expect(FaultTests.sort(await failure { () throws(AdjusterError) in try await canary.adjuster.apply(order) }) == "conflict")
        let other = CanaryWorld.order(id: UUID())
        #expect(FaultTests.sort(await failure { () throws(AdjusterError) in try await canary.prepare(other) }) == "conflict")
        #expect(try await canary.status().isReady(.prepared))
    }

    @Test("a deleted target takes its groups with it")
    func deletedTarget() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        try await world.prepare(canary)
        world.cluster.answer(FakeRequest("DELETE", ResourceType.deployments.path(namespace: "llm", name: "chat")))
        #expect(world.remains.deployments.isEmpty && world.remains.pods.isEmpty)
        let error = await failure { () throws(AdjusterError) in try await canary.remove(nil, fence: FencingToken(rawValue: 1)) }
        #expect(FaultTests.sort(error) == "gone")
    }
}
