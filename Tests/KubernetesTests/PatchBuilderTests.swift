import Documents
import Learning
import Policies
import Testing

@testable import Control
@testable import Kubernetes

@Suite struct PatchBuilderTests {
    static let batch = SampleWorkload.knob(.environment(container: "vllm", name: "BATCH_SIZE"))
    static let devices = SampleWorkload.knob(.resource(container: "vllm", resource: "nvidia.com/gpu"))
    static let cores = SampleWorkload.knob(.resource(container: "vllm", resource: "cpu"))

    // MARK: Replicas

    @Test("replicas go through the scale subresource, tested before they are replaced, and back the same way")
    func replicas() throws {
        let pair = try PatchBuilder(target: try SampleWorkload().target).pair(
            SampleWorkload.change(.integer(2), .integer(3)), of: SampleWorkload.knob(.replicas))
        #expect(pair.apply.path == "/apis/apps/v1/namespaces/llm/deployments/chat-8b/scale")
        #expect(pair.apply.contentType == .json)
        #expect(
            pair.apply.body == #"[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":3}]"#)
        #expect(
            pair.undo.body == #"[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":2}]"#)
        #expect(pair.apply.command.hasPrefix("kubectl -n llm patch deployment/chat-8b --subresource scale --type json -p '["))
    }

    @Test(
        "a patch that could mean zero, or come back from it, is never written",
        arguments: [
            (KnobValue.integer(0), KnobValue.integer(3)), (.integer(1), .integer(0)), (.text("2"), .integer(3)), (.number(2), .integer(3)),
        ])
    func zero(from: KnobValue, to: KnobValue) throws {
        #expect(try SampleWorkload().refusal(SampleWorkload.knob(.replicas), from, to)?.contains("replicas must go from") == true)
    }

    // MARK: Environment variables

    @Test("a variable is merged by name, members sorted, and comes back as it was written")
    func variable() throws {
        let workload = try SampleWorkload(#"env: [{name: A, value: "1"}, {name: BATCH_SIZE, value: "08"}]"#)
        let pair = try workload.builder.pair(SampleWorkload.change(.integer(8), .integer(16)), of: Self.batch)
        #expect(pair.apply.contentType == .strategicMerge)
        #expect(
            pair.apply.body
                == #"{"spec":{"template":{"spec":{"containers":[{"env":[{"name":"BATCH_SIZE","value":"16"}],"name":"vllm"}]}}}}"#)
        #expect(try workload.changed(Self.batch, .integer(8), .integer(16)).undone == workload.document)
    }

    @Test("a variable that was not set is deleted again", arguments: ["", #"env: [{name: A, value: "1"}]"#])
    func newVariable(container: String) throws {
        let workload = try SampleWorkload(container)
        let result = try workload.changed(Self.batch, .integer(8), .integer(16))
        #expect(result.changed != workload.document && result.undone == workload.document)
    }

    @Test("a variable that comes from a ConfigMap or Secret is not overwritten")
    func valueFrom() throws {
        let workload = try SampleWorkload("env: [{name: BATCH_SIZE, valueFrom: {configMapKeyRef: {name: m, key: k}}}]")
        #expect(workload.manifest.text(of: Self.batch) == nil)
        #expect(workload.refusal(Self.batch, .integer(8), .integer(16))?.contains("valueFrom") == true)
    }

    @Test("a container that the manifest does not have is named beside those it has")
    func noContainer() throws {
        for place in [
            Knob.Place.environment(container: "engine", name: "X"), .resource(container: "engine", resource: "cpu"),
            .containerArgument(container: "engine", flag: "--x"),
        ] {
            let refusal = try SampleWorkload().refusal(SampleWorkload.knob(place), .integer(1), .integer(2))
            #expect(refusal == "the manifest has no container 'engine'; it has: proxy, vllm")
        }
    }

    // MARK: Resources

    @Test(
        "of request and limit those are changed that there are, and each comes back as it was",
        arguments: [
            ("resources: {limits: {nvidia.com/gpu: 1}}", ["limits"]),
            (#"resources: {requests: {nvidia.com/gpu: "1"}, limits: {nvidia.com/gpu: "1", cpu: 4}}"#, ["limits", "requests"]),
            ("resources: {limits: {cpu: 4}}", ["limits", "requests"]),
            ("", ["limits", "requests"]),
        ])
    func resources(container: String, changedKinds: [String]) throws {
        let workload = try SampleWorkload(container)
        let result = try workload.changed(Self.devices, .integer(1), .integer(2))
        for kind in ["limits", "requests"] {
            let new = result.changed.value(at: "/spec/template/spec/containers/1/resources/\(kind)/nvidia.com~1gpu")
            #expect((new == .string("2")) == changedKinds.contains(kind), "\(kind)")
        }
        #expect(result.undone == workload.document)
    }

    @Test("a request of CPU that differs from its limit survives the way there and back")
    func differentRequest() throws {
        let workload = try SampleWorkload(#"resources: {requests: {cpu: "2"}, limits: {cpu: "4"}}"#)
        #expect(try workload.changed(Self.cores, .integer(4), .integer(8)).undone == workload.document)
    }

    @Test("what depends on more than the new value has no patch without the manifest, and the cure is named")
    func withoutManifest() throws {
        let field = SampleWorkload.knob(.field(pointer: "/spec/template/spec/terminationGracePeriodSeconds"))
        let builder = PatchBuilder(target: try SampleWorkload().target)
        for knob in [Self.devices, Self.cores, field] {
            let error = #expect(throws: NoPatch.self) { try builder.pair(SampleWorkload.change(.integer(4), .integer(8)), of: knob) }
            #expect(error?.description.contains("--manifest FILE with the output of: kubectl get deployment") == true)
        }
    }

    // MARK: Custom resources

    @Test(
        "a custom resource, which takes no strategic merge, is patched by position",
        arguments: [
            (Self.batch, #"env: [{name: A, value: "1"}, {name: BATCH_SIZE, value: "8"}]"#), (Self.batch, #"env: [{name: A, value: "1"}]"#),
            (Self.batch, ""), (Self.devices, #"resources: {limits: {nvidia.com/gpu: "8"}, requests: {nvidia.com/gpu: "8"}}"#),
        ])
    func customResource(knob: Knob, container: String) throws {
        var workload = try SampleWorkload(container)
        workload.target.apiVersion = "argoproj.io/v1alpha1"
        workload.target.kind = "Rollout"
        let pair = try workload.builder.pair(SampleWorkload.change(.integer(8), .integer(16)), of: knob)
        #expect(pair.apply.contentType == .json)
        #expect(pair.apply.path == "/apis/argoproj.io/v1alpha1/namespaces/llm/rollouts/chat-8b")
        let result = try workload.changed(knob, .integer(8), .integer(16))
        #expect(result.changed != workload.document && result.undone == workload.document)
        #expect(throws: NoPatch.self) {
            try PatchBuilder(target: workload.target).pair(SampleWorkload.change(.integer(8), .integer(16)), of: knob)
        }
    }

    // MARK: ConfigMaps and fields

    @Test("a key of a ConfigMap is merged, and comes back as the ConfigMap beside the workload had it")
    func configMap() throws {
        let knob = SampleWorkload.knob(.configMapKey(configMap: "engine", key: "batch"))
        let map = #"{kind: ConfigMap, metadata: {name: engine}, data: {batch: "08", other: x}}"#
        let workload = try SampleWorkload(others: [map])
        #expect(workload.manifest.text(of: knob) == "08")
        let pair = try workload.builder.pair(SampleWorkload.change(.integer(8), .integer(16)), of: knob)
        #expect(pair.apply.path == "/api/v1/namespaces/llm/configmaps/engine" && pair.apply.contentType == .merge)
        #expect(pair.apply.body == #"{"data":{"batch":"16"}}"# && pair.undo.body == #"{"data":{"batch":"08"}}"#)
        let without = try SampleWorkload().builder.pair(SampleWorkload.change(.integer(8), .integer(16)), of: knob)
        #expect(without.undo.body == #"{"data":{"batch":"8"}}"#)
    }

    @Test("a field keeps its type, and one that was not there is removed again")
    func field() throws {
        let workload = try SampleWorkload()
        func knob(_ name: String) -> Knob { SampleWorkload.knob(.field(pointer: "/spec/template/spec/" + name)) }
        let text = try workload.changed(knob("priorityClassName"), .integer(7), .integer(9))
        #expect(text.changed.value(at: "/spec/template/spec/priorityClassName") == .string("9") && text.undone == workload.document)
        let number = try workload.changed(knob("terminationGracePeriodSeconds"), .integer(30), .integer(60))
        #expect(number.changed.value(at: "/spec/template/spec/terminationGracePeriodSeconds") == .integer(60))
        let added = try workload.changed(knob("hostNetwork"), .flag(false), .flag(true))
        #expect(added.changed.value(at: "/spec/template/spec/hostNetwork") == .boolean(true) && added.undone == workload.document)
        #expect(workload.refusal(knob("containers"), .integer(1), .integer(2))?.contains("not a setting") == true)
        #expect(workload.refusal(knob("a/b"), .integer(1), .integer(2))?.contains("has no /spec/template/spec/a") == true)
    }

    // MARK: Manifests and commands

    @Test("a manifest tells the settings in force; what it does not mention is not made up")
    func state() throws {
        let workload = try SampleWorkload(
            #"args: ["--max-num-seqs=64"], env: [{name: BATCH_SIZE, value: "8"}], resources: {requests: {cpu: "2"}, limits: {nvidia.com/gpu: 1}}"#
        )
        var policy = Policy(name: "p", target: .kubernetes(workload.target))
        func knob(_ name: String, _ place: Knob.Place) -> Knob { Knob(name: name, domain: .values([]), place: place, role: .other) }
        policy.knobs = [
            knob("replicas", .replicas), knob("seqs", .containerArgument(container: "vllm", flag: "--max-num-seqs")),
            knob("batch", .environment(container: "vllm", name: "BATCH_SIZE")),
            knob("gpus", .resource(container: "vllm", resource: "nvidia.com/gpu")),
            knob("cpu", .resource(container: "vllm", resource: "cpu")),
            knob("grace", .field(pointer: "/spec/template/spec/terminationGracePeriodSeconds")),
            knob("absent", .environment(container: "vllm", name: "CACHE")), knob("map", .configMapKey(configMap: "m", key: "k")),
            knob("list", .field(pointer: "/spec/template/spec/containers")),
        ]
        let values = workload.manifest.state(of: policy).values
        let expected: [String: KnobValue] = [
            "replicas": .integer(2), "seqs": .integer(64), "batch": .integer(8), "gpus": .integer(1), "cpu": .integer(2),
            "grace": .integer(30),
        ]
        #expect(values == expected.mapValues { KnobState($0, origin: .manifest) })
    }

    @Test(
        "a manifest of another namespace, version, kind or name is not the target's",
        arguments: [
            ("kind: Deployment, metadata: {name: chat-8b}", true),
            ("apiVersion: apps/v1, kind: Deployment, metadata: {name: chat-8b, namespace: llm}", true),
            ("kind: Deployment, metadata: {name: chat-8b, namespace: staging}", false),
            ("apiVersion: apps/v2, kind: Deployment, metadata: {name: chat-8b}", false),
            ("kind: StatefulSet, metadata: {name: chat-8b}", false), ("kind: Deployment, metadata: {name: chat}", false),
        ])
    func identity(head: String, isTarget: Bool) throws {
        let text = "{\(head), spec: {template: {spec: {containers: [{name: vllm}]}}}}"
        #expect(try Manifest(try YAMLDocument.parseAll(text)[0].value).isManifest(of: try SampleWorkload().target) == isTarget)
    }

    @Test(
        "kinds have the plurals the API server gives them",
        arguments: [("Deployment", "deployments"), ("Gateway", "gateways"), ("Policy", "policies"), ("Ingress", "ingresses")])
    func plurals(kind: String, plural: String) {
        #expect(Policy.KubernetesTarget(namespace: "n", apiVersion: "v1", kind: kind, name: "x").plural == plural)
    }

    @Test("quotes in a value survive the command line")
    func quoting() throws {
        let pair = try PatchBuilder(target: try SampleWorkload().target).pair(
            SampleWorkload.change(.text("a"), .text("it's \"b\"")), of: Self.batch)
        #expect(pair.apply.command.contains(#"it'\''s \"b\""#))
    }

    @Test(
        "a target whose name reaches beyond its path gets no request",
        arguments: ["apps/v1/../../api", "apps/v1?x", "a b/v1", "/v1", "$(id)"])
    func hostileTarget(apiVersion: String) throws {
        var workload = try SampleWorkload()
        workload.target.apiVersion = apiVersion
        #expect(workload.refusal(SampleWorkload.knob(.replicas), .integer(2), .integer(3)) != nil)
    }

    @Test("a target that is no Kubernetes workload gets no request, and the reason")
    func otherTarget() throws {
        let candidate = SampleWorkload.change(.integer(2), .integer(3))
        let effect = PredictedEffect(outcomes: [:], source: .physicalPrior, reasoning: [])
        let recommendation = Recommendation(
            candidate: candidate, category: .scaling, effect: effect, utility: UtilityModel().utility(of: effect, gaps: [], aim: nil),
            triggers: [], rules: [], rationale: "", rollback: "")
        for target in [Policy.Target.none, .simulator(.init())] {
            let planned = PlannedChange(recommendation, policy: Policy(name: "p", target: target), manifest: nil)
            #expect(planned == .none(reason: "the policy's target is no Kubernetes workload"))
        }
    }
}
