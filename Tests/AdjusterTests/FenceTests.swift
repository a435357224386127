import Control
import FoundationEssentials
import KubernetesTestSupport
import Policies
import Testing

@testable import Kubernetes

@Suite("Fencing")
struct FenceTests {
    enum Step: String, CaseIterable, Sendable {
        case forward, back, unmark
    }

    static let knobs: [Knob] = [.replicas, .sequences, FaultTests.configuration]

    static func order(_ knob: Knob, fence: Int64) -> ChangeOrder {
        knob.place == .replicas
            ? ChangeOrder(knob, .integer(2), .integer(3), fence: fence) : ChangeOrder(knob, .integer(64), .integer(128), fence: fence)
    }

    @Test(
        "a leader of an earlier term writes nothing after a later one has set its fence, at whatever request that happens",
        arguments: knobs, Step.allCases)
    func everyInterleaving(knob: Knob, step: Step) async throws {
        let order = Self.order(knob, fence: 1)
        for number in 1... {
            let target = try TestTarget()
            try target.seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: llm}, data: {seqs: \"64\"}}")
            let (old, new) = (try target.adjuster([knob]), try target.adjuster([knob], user: "two"))
            if step != .forward { try await old.apply(order) }
            var hasStepped = false
            let takeOver = {
                hasStepped = true
                try await new.takeFence(FencingToken(rawValue: 2))
            }
            let error = try await interrupted(target, number: number, takeOver) { () throws(AdjusterError) in
                switch step {
                case .forward: try await old.apply(order)
                case .back: try await old.apply(order.back)
                case .unmark: try await old.unmark(order.adjustment, fence: order.fence)
                }
            }
            guard hasStepped else {
                #expect(error == nil && number > 2)
                break
            }
            let writes = target.cluster.writes
            let fence = try #require(writes.lastIndex { $0.user == "two" })
            #expect(!writes[fence...].contains { $0.user == "one" }, "request \(number): the old leader wrote after the new one's fence")
            #expect(
                FaultTests.sort(error) == "fenced" || FaultTests.sort(error) == "outcomeUnknown",
                "request \(number): \(String(describing: error))")
            #expect(target.annotation(TargetFence.annotation) == "2")
            // The new leader brings what the old one left to either end.
            let observation = try await new.observe()
            if observation.mark != nil { try await new.apply(Self.order(knob, fence: 2).back) }
        }
    }

    @Test("a fence of an earlier term is not taken, and the same one is set once")
    func taking() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        try await adjuster.takeFence(FencingToken(rawValue: 5))
        try await adjuster.takeFence(FencingToken(rawValue: 5))
        try await adjuster.takeFence(FencingToken(rawValue: 0))
        #expect(target.writes().count == 1 && target.annotation(TargetFence.annotation) == "5")
        let error = await failure { () throws(AdjusterError) in try await adjuster.takeFence(FencingToken(rawValue: 4)) }
        #expect(FaultTests.sort(error) == "fenced")
    }

    @Test("a ConfigMap that is not there does not keep a term from beginning")
    func withoutConfigMap() async throws {
        let target = try TestTarget()
        try await target.adjuster([FaultTests.configuration]).takeFence(FencingToken(rawValue: 3))
        #expect(target.annotation(TargetFence.annotation) == "3")
    }

    @Test("without leader election writes are not fenced, and leave the fence as it is")
    func unfenced() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        try await adjuster.apply(ChangeOrder(.sequences, .integer(64), .integer(128), fence: 0))
        #expect(target.annotation(TargetFence.annotation) == nil)
        try await adjuster.takeFence(FencingToken(rawValue: 5))
        try await adjuster.apply(ChangeOrder(.sequences, .integer(64), .integer(128), fence: 0).back)
        #expect(target.annotation(TargetFence.annotation) == "5")
    }

    @Test("a fence that is no number stops everything, with the cure")
    func garbled() async throws {
        let target = try TestTarget()
        target.edit(#"{"metadata": {"annotations": {"llm-devops.io/fence": "soon"}}}"#)
        let adjuster = try target.adjuster([.sequences])
        let error = await failure { () throws(AdjusterError) in try await adjuster.apply(Self.order(.sequences, fence: 1)) }
        #expect(FaultTests.sort(error) == "refused" && error?.explanation.contains("remove the annotation") == true)
    }

    @Test("a forged mark has nothing written into a ConfigMap but the value to go back to")
    func forgedMark() async throws {
        let target = try TestTarget()
        try target.seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: llm}, data: {seqs: \"64\"}}")
        let adjuster = try target.adjuster([FaultTests.configuration])
        let order = Self.order(FaultTests.configuration, fence: 1)
        try await adjuster.apply(order)
        let mark = try #require(target.annotation(TargetMark.annotation))
        let forged = mark.replacing(#""value":"64""#, with: #""value":"anything""#)
        #expect(forged != mark)
        var object = try #require(target.object)
        object["metadata", "annotations", TargetMark.annotation] = .string(forged)
        target.edit(object.json)
        try await adjuster.apply(order.back)
        #expect(target.configMap("config")?["data"] == ["seqs": "64"])
    }

    @Test(
        "what is no mark of ours is none",
        arguments: [
            "", "{", "[]", #"{"id": 1}"#, #"{"id": "x", "policy": "p", "knob": "k", "from": 1, "to": 2}"#,
            #"{"id": "6e1a1b0e-0000-4000-8000-000000000000", "policy": "p", "knob": "k", "from": {}, "to": 2}"#,
            String(repeating: "[", count: 70_000),
        ])
    func garbledMarks(text: String) async throws {
        let target = try TestTarget()
        var object = try #require(target.object)
        object["metadata", "annotations"] = [TargetMark.annotation: .string(text)]
        target.edit(object.json)
        let adjuster = try target.adjuster([.sequences])
        #expect(try await adjuster.observe().mark == nil)
        try await adjuster.apply(Self.order(.sequences, fence: 1))
        #expect(try await adjuster.observe().mark?.to == .integer(128))
    }
}
