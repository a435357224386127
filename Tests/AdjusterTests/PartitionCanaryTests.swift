import Control
import FoundationEssentials
import KubernetesTestSupport
import Policies
import Testing

@testable import Kubernetes

@Suite("A matched canary at a StatefulSet")
struct PartitionCanaryTests {
    @Test("the highest ordinals are the canary, as many below them the control, and nothing restarts for the A/A period")
    func prepared() async throws {
        let world = try CanaryWorld.statefulSet()
        let before = world.cluster.objects(.pods, namespace: "llm")
        let status = try await world.prepare(try world.canary())
        #expect(status.isReady(.prepared), "\(status)")
        #expect(status.canary.map(\.name) == ["chat-3"] && status.control.map(\.name) == ["chat-2"])
        #expect(status.rest.map(\.name) == ["chat-0", "chat-1"])
        #expect(world.cluster.objects(.pods, namespace: "llm") == before)
    }

    @Test("ordinals that begin elsewhere move the partition with them")
    func shifted() async throws {
        let world = try CanaryWorld.statefulSet(spec: "replicas: 8, ordinals: {start: 5}")
        let canary = try world.canary()
        let order = CanaryWorld.order(pods: 2)
        try await world.prepare(canary, order)
        let status = try await world.apply(canary, order)
        #expect(status.canary.map(\.name) == ["chat-11", "chat-12"] && status.control.map(\.name) == ["chat-10", "chat-9"])
        #expect(world.world.spec?["updateStrategy", "rollingUpdate", "partition"] == 11)
        #expect(status.isReady(.applied), "\(status)")
    }

    @Test("the change and the partition are one write, so that it reaches the canary's pods only")
    func applied() async throws {
        let world = try CanaryWorld.statefulSet()
        let canary = try world.canary()
        let before = try await world.prepare(canary)
        let status = try await world.apply(canary)
        #expect(status.isReady(.applied), "\(status)")
        #expect(status.control == before.control && status.rest == before.rest)
        let arguments = world.remains.pods.map(\.last)
        #expect(arguments == Array(repeating: "--max-num-seqs=64", count: 3) + ["--max-num-seqs=128"])
        let changing = world.world.writes().filter { CanaryWorld.arguments($0.before) != CanaryWorld.arguments($0.after) }
        #expect(changing.count == 1)
        #expect(changing.first?.after["spec", "updateStrategy", "rollingUpdate", "partition"] == 3)
    }

    @Test("taken back, the set is to the byte what it was")
    func reverted() async throws {
        let world = try CanaryWorld.statefulSet()
        let before = world.remains
        let canary = try world.canary()
        try await world.prepare(canary)
        try await world.apply(canary)
        try await world.remove(canary)
        #expect(world.remains == before && world.world.annotation(TargetMark.annotation) == nil)
    }

    @Test("promoted, the change reaches the other pods, and is marked as any adjustment")
    func promoted() async throws {
        let world = try CanaryWorld.statefulSet()
        let canary = try world.canary()
        try await world.prepare(canary)
        try await world.apply(canary)
        let status = try await world.promote(canary)
        #expect((status.canary + status.control + status.rest).allSatisfy { $0.counts }, "\(status)")
        try await world.remove(canary)
        #expect(world.remains.pods.allSatisfy { $0.last == "--max-num-seqs=128" })
        #expect(world.world.spec?["updateStrategy", "rollingUpdate", "partition"] == 0)
        #expect(try await canary.adjuster.observe().mark?.adjustment == CanaryWorld.order().change.adjustment)
    }

    @Test(
        "a partition of another, and pods that are updated only when they are deleted, are refused",
        arguments: [
            ("replicas: 4, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}", "partition of 2"),
            ("replicas: 4, updateStrategy: {type: OnDelete}", "OnDelete"), ("replicas: 3", "at least 4"),
        ])
    func refused(spec: String, words: String) async throws {
        try await CanaryRefusalTests.expectRefusal(words, try CanaryWorld.statefulSet(spec: spec))
    }

    @Test("a partition or a value that somebody sets meanwhile stands, and the canary ends", arguments: ["partition", "value", "replicas"])
    func foreign(what: String) async throws {
        let world = try CanaryWorld.statefulSet()
        let canary = try world.canary()
        try await world.prepare(canary)
        try await world.apply(canary)
        switch what {
        case "partition": world.world.edit(#"{"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}}"#)
        case "replicas": world.world.edit(#"{"spec": {"replicas": 5}}"#)
        default:
            let edit = #"[{"op": "replace", "path": "/spec/template/spec/containers/1/args/1", "value": "--max-num-seqs=32"}]"#
            world.world.edit(edit, type: "application/json-patch+json")
        }
        world.cluster.advanceRollouts()
        let error = await failure { () throws(AdjusterError) in try await canary.promote(CanaryWorld.order()) }
        #expect(FaultTests.sort(error) == "changedByAnother", "\(String(describing: error))")
        try await world.remove(canary, nil)
        #expect(world.remains.marks == nil)
        #expect(world.world.spec?["replicas"] == (what == "replicas" ? 5 : 4))
        #expect(world.world.spec?["updateStrategy", "rollingUpdate", "partition"] == (what == "partition" ? 1 : 0))
        #expect(CanaryWorld.arguments(world.world.object).last == (what == "value" ? "--max-num-seqs=32" : "--max-num-seqs=64"))
    }
}
