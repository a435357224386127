import Control
import FoundationEssentials
import KubernetesTestSupport
import Policies
import Synchronization
import Testing

@testable import Kubernetes

@Suite("Somebody else at a canary")
struct CanaryInterferenceTests {
    enum Meddling: String, CaseIterable, Sendable {
        case scalesTarget, changesTemplate, changesValue, scalesGroup, changesGroup, deletesGroup, addsAutoscaler

        func happen(in world: CanaryWorld) throws {
            switch self {
            case .scalesTarget: world.edit(#"{"spec": {"replicas": 6}}"#, of: "chat")
            case .changesTemplate: world.edit(#"{"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}"#, of: "chat")
            case .changesValue:
                let edit = #"[{"op": "replace", "path": "/spec/template/spec/containers/1/args/1", "value": "--max-num-seqs=32"}]"#
                world.world.edit(edit, type: "application/json-patch+json")
            case .scalesGroup: world.edit(#"{"spec": {"replicas": 2}}"#, of: "chat-control")
            case .changesGroup: world.edit(#"{"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}"#, of: "chat-canary")
            case .deletesGroup:
                world.cluster.answer(FakeRequest("DELETE", ResourceType.deployments.path(namespace: "llm", name: "chat-control")))
            case .addsAutoscaler:
                try world.world.seed(
                    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: auto, namespace: llm}, spec: {scaleTargetRef: \(CanaryRefusalTests.reference), maxReplicas: 4}}"
                )
            }
            world.cluster.advanceRollouts()
        }
    }

    @Test("whoever meddles has their way: the groups go, and what they set stands", arguments: Meddling.allCases, [false, true])
    func yields(meddling: Meddling, isApplied: Bool) async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        let order = CanaryWorld.order()
        try await world.prepare(canary)
        if isApplied { try await world.apply(canary) }
        try meddling.happen(in: world)
        world.world.clock.turn(bySeconds: 61)
        if meddling != .addsAutoscaler { #expect(try await canary.status().interference != nil) }
        let error = await failure { () throws(AdjusterError) in
            if isApplied { try await canary.promote(order) } else { try await canary.prepare(order) }
        }
        #expect(FaultTests.sort(error) == "changedByAnother", "\(String(describing: error))")
        #expect(world.deployment("chat-canary").map { $0["metadata", "deletionTimestamp"] != nil } ?? true, "it has begun to go")
        world.cluster.advanceRollouts()
        try await world.remove(canary)
        #expect(world.remains.deployments == ["chat"] && world.remains.marks == nil)
        #expect(world.world.spec?["replicas"] == (meddling == .scalesTarget ? 6 : 4))
        let annotation = world.world.spec?["template", "metadata", "annotations", "a"]
        #expect(annotation == (meddling == .changesTemplate ? "b" : nil))
        #expect(CanaryWorld.arguments(world.world.object) == ["serve", "--max-num-seqs=\(meddling == .changesValue ? 32 : 64)"])
    }

    @Test("a target that lost its mark gets its replicas back by what the groups bear")
    func strippedMark() async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        let before = world.remains
        try await world.prepare(canary)
        world.edit(#"{"metadata": {"annotations": null}}"#, of: "chat")
        let status = try await canary.status()
        #expect(status.orphans == ["Deployment llm/chat-canary", "Deployment llm/chat-control"] && !status.isGone)
        let error = await failure { () throws(AdjusterError) in try await canary.apply(CanaryWorld.order()) }
        #expect(FaultTests.sort(error) == "conflict")
        try await world.remove(canary, nil)
        #expect(world.remains == before)
    }

    @Test("a group whose creation comes late, when all is over, is found and taken away")
    func lateCreation() async throws {
        let world = try CanaryWorld()
        let before = world.remains
        let canary = try world.canary()
        let number = try await firstCreation()
        world.cluster.inject(Fault(.stall(processOnRelease: true), match: Fault.Match(number: number)))
        let lost = Task { await failure { () throws(AdjusterError) in try await canary.prepare(CanaryWorld.order()) } }
        while world.cluster.stalledRequests == 0 { await Task.yield() }
        let other = try world.canary(user: "two")
        try await world.remove(other)
        #expect(try await other.status().isGone)
        world.cluster.releaseStalled()
        _ = await lost.value
        // The one that was late saw that its mark is gone, or the group is an orphan now: either way nothing stays.
        try await world.remove(other, nil)
        #expect(world.remains == before)
    }

    /// The number of the first request that really creates a group, in a run like any other.
    private func firstCreation() async throws -> Int {
        let world = try CanaryWorld()
        try await world.canary().prepare(CanaryWorld.order())
        return try #require(world.cluster.requests.first { $0.verb == "create" && $0.tookEffect }).number
    }

    @Test("an earlier leader writes nothing to target or groups after a later one has set its fence", arguments: ["apply", "remove"])
    func fenced(verb: String) async throws {
        for number in 1... {
            let world = try CanaryWorld()
            let (old, new) = (try world.canary(), try world.canary(user: "two", leadership: AnyTerm(number: 2)))
            try await world.prepare(old)
            var hasStepped = false
            let takeOver = {
                hasStepped = true
                try await new.takeFence(FencingToken(rawValue: 2))
            }
            let order = CanaryWorld.order()
            let error = try await interrupted(world.world, number: number, takeOver) { () throws(AdjusterError) in
                if verb == "apply" {
                    try await old.apply(order)
                } else {
                    try await old.remove(order.change.adjustment, fence: FencingToken(rawValue: 1))
                }
            }
            guard hasStepped else {
                #expect(error == nil && number > 4)
                break
            }
            let writes = world.cluster.writes
            let fence = try #require(writes.lastIndex { $0.user == "two" })
            #expect(!writes[fence...].contains { $0.user == "one" }, "request \(number)")
            #expect(FaultTests.sort(error) == "fenced" || FaultTests.sort(error) == "outcomeUnknown" || error == nil, "request \(number)")
            try await world.remove(new, nil, fence: 2)
            #expect(world.remains.deployments == ["chat"] && world.world.spec?["replicas"] == 4)
        }
    }

    @Test("leadership that is lost between two writes stops the second")
    func lostLeadership() async throws {
        let world = try CanaryWorld()
        let leadership = ShortTerm(asks: 2)
        let canary = try world.canary(leadership: leadership)
        let error = await failure { () throws(AdjusterError) in try await canary.prepare(CanaryWorld.order()) }
        #expect(FaultTests.sort(error) == "fenced" && world.world.writes().count == 2)
        try await world.remove(try world.canary(), nil)
        #expect(world.remains.deployments == ["chat"] && world.remains.marks == nil)
    }

    @Test(
        "what no controller of ours can have written is no canary",
        arguments: ["", "{", "[]", #"{"id": "x"}"#, String(repeating: "[", count: 20_000)])
    func garbledMarks(text: String) async throws {
        let world = try CanaryWorld()
        var object = try #require(world.world.object)
        object["metadata", "annotations"] = [CanaryRecord.annotation: .string(text)]
        world.world.edit(object.json)
        let canary = try world.canary()
        #expect(try await canary.status().isGone)
        #expect(try await world.prepare(canary).isReady(.prepared))
    }

    @Test("a forged mark cannot scale a target beyond bounds or below half", arguments: ["replicas", "pods", "left"])
    func forgedMarks(field: String) async throws {
        let world = try CanaryWorld()
        let canary = try world.canary()
        try await world.prepare(canary)
        let text = try #require(world.world.annotation(CanaryRecord.annotation))
        let honest = ["replicas": "\"replicas\":4", "pods": "\"pods\":1", "left": "\"left\":2"][field] ?? ""
        let forged = text.replacing(honest, with: "\"\(field)\":9999999")
        #expect(forged != text)
        var object = try #require(world.world.object)
        object["metadata", "annotations", CanaryRecord.annotation] = .string(forged)
        world.world.edit(object.json)
        // It is no record, so the groups' own is what counts.
        try await world.remove(canary, nil)
        #expect(world.remains.deployments == ["chat"] && world.world.spec?["replicas"] == 4)
    }
}

/// Leads for so many questions, and then no more.
private final class ShortTerm: Leadership {
    private let left: Mutex<Int>

    init(asks: Int) { left = Mutex(asks) }

    func term() -> FencingToken? {
        left.withLock { left in
            left -= 1
            return left >= 0 ? FencingToken(rawValue: 1) : nil
        }
    }
}
