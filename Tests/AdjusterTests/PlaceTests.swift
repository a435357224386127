import Control
import KubernetesTestSupport
import Learning
import Policies
import Testing

@testable import Kubernetes

@Suite("Changing a setting and taking it back")
struct PlaceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var container = ""
        var spec = "replicas: 2"
        var knob: Knob
        var from: KnobValue = .integer(64)
        var to: KnobValue = .integer(128)
        var isCustom = false

        static let sequences = Knob.sequences.place
        static let all: [Case] = [
            Case(testDescription: "replicas", knob: .replicas, from: .integer(2), to: .integer(3)),
            Case(
                testDescription: "replicas of a custom resource", spec: "size: 2", knob: .replicas, from: .integer(2), to: .integer(3),
                isCustom: true),
            Case(testDescription: "from zero replicas", spec: "replicas: 0", knob: .replicas, from: .integer(0), to: .integer(1)),
            Case(testDescription: "--flag=value", container: "args: [serve, --max-num-seqs=64, -v]", knob: Knob(sequences)),
            Case(testDescription: "--flag value", container: "command: [vllm, --max-num-seqs, \"64\", -v]", knob: Knob(sequences)),
            Case(testDescription: "a flag that is not there", container: "args: [serve]", knob: Knob(sequences, assumed: .integer(64))),
            Case(
                testDescription: "a flag of a command without arguments", container: "command: [vllm]",
                knob: Knob(sequences, assumed: .integer(64))),
            Case(
                testDescription: "a number as it was written", container: "args: [--gpu=0.90]",
                knob: Knob(.containerArgument(container: "vllm", flag: "--gpu"), values: [.number(0.9), .number(0.95)]),
                from: .number(0.9), to: .number(0.95)),
            Case(
                testDescription: "a switch that is turned off", container: "args: [serve, --eager, -v]",
                knob: Knob(
                    .containerArgument(container: "vllm", flag: "--eager"), values: [.flag(true), .flag(false)], assumed: .flag(false)),
                from: .flag(true), to: .flag(false)),
            Case(
                testDescription: "a switch that is turned on", container: "args: [serve]",
                knob: Knob(
                    .containerArgument(container: "vllm", flag: "--eager"), values: [.flag(true), .flag(false)], assumed: .flag(false)),
                from: .flag(false), to: .flag(true)),
            Case(
                testDescription: "a variable",
                container: "env: [{name: A, value: \"1\"}, {name: SEQS, value: \"64\"}, {name: B, value: \"2\"}]",
                knob: Knob(.environment(container: "vllm", name: "SEQS"))),
            Case(
                testDescription: "a variable that is not there", container: "env: [{name: A, value: \"1\"}]",
                knob: Knob(.environment(container: "vllm", name: "SEQS"), assumed: .integer(64))),
            Case(testDescription: "the first variable", knob: Knob(.environment(container: "vllm", name: "SEQS"), assumed: .integer(64))),
            Case(
                testDescription: "the first variable of a custom resource", spec: "size: 1",
                knob: Knob(.environment(container: "vllm", name: "SEQS"), assumed: .integer(64)), isCustom: true),
            Case(
                testDescription: "a request and a limit", container: "resources: {requests: {cpu: \"64\"}, limits: {cpu: 64, memory: 1Gi}}",
                knob: Knob(.resource(container: "vllm", resource: "cpu"))),
            Case(
                testDescription: "a limit alone", container: "resources: {limits: {nvidia.com/gpu: \"64\"}}",
                knob: Knob(.resource(container: "vllm", resource: "nvidia.com/gpu"))),
            Case(
                testDescription: "a resource that is not there",
                knob: Knob(.resource(container: "vllm", resource: "cpu"), assumed: .integer(64))),
            Case(
                testDescription: "a resource that is not there, of a custom resource", spec: "size: 1",
                knob: Knob(.resource(container: "vllm", resource: "cpu"), assumed: .integer(64)), isCustom: true),
            Case(
                testDescription: "a field", spec: "replicas: 2, minReadySeconds: 64", knob: Knob(.field(pointer: "/spec/minReadySeconds"))),
            Case(
                testDescription: "a field that is not there", spec: "size: 2, engine: {a~b: 1}",
                knob: Knob(.field(pointer: "/spec/engine/slots~1all"), assumed: .integer(64)), isCustom: true),
            Case(testDescription: "a ConfigMap's key", knob: Knob(.configMapKey(configMap: "config", key: "seqs"))),
            Case(
                testDescription: "a ConfigMap's key that is not there",
                knob: Knob(.configMapKey(configMap: "config", key: "other"), assumed: .integer(64))),
            Case(
                testDescription: "a key of an empty ConfigMap",
                knob: Knob(.configMapKey(configMap: "empty", key: "seqs"), assumed: .integer(64))),
        ]
    }

    static func target(_ place: Case) throws -> TestTarget {
        let custom = Policy.KubernetesTarget(namespace: "llm", apiVersion: "serving.example.com/v1", kind: "Engine", name: "chat")
        let target = try TestTarget(
            container: place.container, spec: place.spec, target: place.isCustom ? custom : TestTarget.deployment,
            type: place.isCustom ? TestTarget.engines : .deployments)
        try target.seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: llm}, data: {seqs: \"64\", a: b}}")
        try target.seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: empty, namespace: llm}}")
        return target
    }

    @Test("the change is in force under its mark, is made once, and leaves nothing when it is taken back", arguments: Case.all)
    func roundTrip(place: Case) async throws {
        let target = try Self.target(place)
        let adjuster = try target.adjuster([place.knob])
        let before = (target.spec, target.configMap("config")?["data"], target.configMap("empty")?["data"])
        let observation = try await adjuster.observe()
        #expect(observation.values[place.knob.name]?.value.isSame(as: place.from) == true, "\(observation)")

        let order = ChangeOrder(place.knob, place.from, place.to, identity: observation.identity)
        try await adjuster.rehearse(order)
        #expect(target.writes().isEmpty, "a rehearsal wrote")
        try await adjuster.apply(order)
        let changed = try await adjuster.observe()
        #expect(changed.values[place.knob.name]?.value.isSame(as: place.to) == true, "\(changed)")
        #expect(
            changed.mark
                == AdjustmentMark(adjustment: order.adjustment, policy: "chat", knob: place.knob.name, from: place.from, to: place.to))
        #expect(target.annotation(TargetFence.annotation) == "1")

        let writes = target.writes().count
        try await adjuster.apply(order)
        #expect(target.writes().count == writes, "a repeated order wrote again")

        try await adjuster.rehearse(order.back)
        try await adjuster.apply(order.back)
        #expect(target.spec == before.0)
        #expect(target.configMap("config")?["data"] == before.1)
        #expect(target.configMap("empty")?["data"] == before.2)
        #expect(target.annotation(TargetMark.annotation) == nil)
        let after = try await adjuster.observe()
        #expect(after.values[place.knob.name]?.value.isSame(as: place.from) == true && after.mark == nil)
        let all = target.writes().count
        try await adjuster.apply(order.back)
        #expect(target.writes().count == all, "a repeated way back wrote again")
    }

    @Test("what stands in the target alone is changed and taken back in one write each")
    func oneWrite() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.sequences])
        let order = ChangeOrder(.sequences, .integer(64), .integer(128))
        try await adjuster.apply(order)
        #expect(target.writes().count == 1)
        try await adjuster.apply(order.back)
        #expect(target.writes().count == 2)
    }

    @Test("a change that was kept can be taken back without its mark", arguments: Case.all)
    func takenBackAfterKept(place: Case) async throws {
        let target = try Self.target(place)
        let adjuster = try target.adjuster([place.knob])
        let order = ChangeOrder(place.knob, place.from, place.to)
        try await adjuster.apply(order)
        try await adjuster.unmark(order.adjustment, fence: order.fence)
        #expect(target.annotation(TargetMark.annotation) == nil)
        let error = await failure { () throws(AdjusterError) in try await adjuster.apply(order.back) }
        if let error {
            // A switch that is off was taken away, so that nothing is left to say on with.
            guard case .refused = error else { throw error }
            return
        }
        #expect(try await adjuster.observe().values[place.knob.name]?.value.isSame(as: place.from) == true)
    }

    @Test("words that others add beside a flag stay when the flag goes back")
    func additionsStay() async throws {
        let target = try TestTarget(container: "args: [serve, --max-num-seqs=64]")
        let adjuster = try target.adjuster([.sequences])
        let order = ChangeOrder(.sequences, .integer(64), .integer(128))
        try await adjuster.apply(order)
        target.edit(
            #"[{"op": "add", "path": "/spec/template/spec/containers/1/args/0", "value": "--new"}]"#, type: "application/json-patch+json")
        try await adjuster.apply(order.back)
        let arguments = target.spec?["template", "spec", "containers"]?.elements[1]["args"]
        #expect(arguments == ["--new", "serve", "--max-num-seqs=64"])
    }

    @Test("pods are replaced for a new configuration, and again by the former ones when it is taken back")
    func configurationRestarts() async throws {
        let target = try TestTarget()
        try target.seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: llm}, data: {seqs: \"64\"}}")
        let knob = Knob(.configMapKey(configMap: "config", key: "seqs"))
        let adjuster = try target.adjuster([knob])
        let template = target.spec?["template"]
        let order = ChangeOrder(knob, .integer(64), .integer(128))
        try await adjuster.apply(order)
        #expect(target.spec?["template", "metadata", "annotations", LiveTarget.restartAnnotation]?.text == order.adjustment.text)
        #expect(target.configMap("config")?["metadata", "annotations", TargetFence.annotation] == "1")
        try await adjuster.apply(order.back)
        #expect(target.spec?["template"] == template)
    }

    @Test("a mark and a fence restart no pod")
    func annotationsRestartNothing() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.replicas])
        let template = target.spec?["template"]
        try await adjuster.takeFence(FencingToken(rawValue: 7))
        try await adjuster.apply(ChangeOrder(.replicas, .integer(2), .integer(3), fence: 7))
        #expect(target.spec?["template"] == template)
        #expect(target.annotation(TargetFence.annotation) == "7")
    }

    @Test("fields are owned under this controller's name")
    func fieldManager() async throws {
        let target = try TestTarget()
        try await target.adjuster([.replicas]).apply(ChangeOrder(.replicas, .integer(2), .integer(3)))
        #expect(target.writes().allSatisfy { $0.manager == "llm-auto-optimizer" } && target.writes().count == 2)
    }

    @Test("the bounds of an autoscaler are tuned like any field")
    func autoscalerBounds() async throws {
        let bounds = Policy.KubernetesTarget(namespace: "llm", apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", name: "chat")
        let target = try TestTarget(target: TestTarget.deployment)
        try target.seed(
            """
            {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: chat, namespace: llm}, spec: {
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}, minReplicas: 1, maxReplicas: 4}}
            """)
        let knob = Knob(.field(pointer: "/spec/maxReplicas"), values: [.integer(4), .integer(6)])
        let client = try target.adjuster([]).client
        let adjuster = try KubernetesAdjuster(target: bounds, knobs: [knob], client: client, clock: target.clock)
        let observation = try await adjuster.observe()
        #expect(observation.foreignOwners.isEmpty && observation.rollout == .settled)
        let order = ChangeOrder(knob, .integer(4), .integer(6), identity: observation.identity)
        try await adjuster.rehearse(order)
        try await adjuster.apply(order)
        #expect(target.cluster.object(.autoscalers, namespace: "llm", name: "chat")?["spec", "maxReplicas"] == 6)
    }

    @Test("no scale is ever written without a number, nor to zero but where it was")
    func zero() async throws {
        let target = try TestTarget()
        let adjuster = try target.adjuster([.replicas])
        for to in [KnobValue.integer(0), .integer(-1), .number(1.5), .text("3"), .flag(true)] {
            let error = await failure { () throws(AdjusterError) in try await adjuster.apply(ChangeOrder(.replicas, .integer(2), to)) }
            guard case .refused = error else {
                Issue.record("\(to) was not refused: \(String(describing: error))")
                continue
            }
        }
        #expect(target.spec?["replicas"] == 2 && target.writes().isEmpty)
    }
}
