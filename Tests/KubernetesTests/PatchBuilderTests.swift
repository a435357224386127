import Control
import Documents
import Learning
import Policies
import Testing

@testable import Kubernetes

@Suite struct PatchBuilderTests {
    static let target = Policy.KubernetesTarget(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat-8b")

    static func manifest(_ arguments: String?) throws -> (Manifest, DocumentValue) {
        let args = arguments.map { ", args: \($0)" } ?? ""
        let text = """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: chat-8b}, spec: {replicas: 2, template: {spec: {containers: [
              {name: proxy}, {name: vllm, image: v, env: [{name: BATCH_SIZE, value: "8"}], resources: {limits: {nvidia.com/gpu: 1}}\(args)}]}}}}
            """
        let document = try YAMLDocument.parseAll(text)[0].value
        return (try Manifest(document), document)
    }

    static func change(_ knob: Knob, _ from: KnobValue, _ to: KnobValue) -> Candidate {
        Candidate(knob: knob.name, role: knob.role, from: from, to: to, step: 1)
    }

    static func knob(_ place: Knob.Place) -> Knob { Knob(name: "k", domain: .range(min: 1, max: 512, step: 1), place: place, role: .other) }

    @Test("replicas go through the scale subresource, tested before they are replaced, and back the same way")
    func replicas() throws {
        let knob = Self.knob(.replicas)
        let builder = PatchBuilder(target: Self.target)
        let pair = try builder.pair(Self.change(knob, .integer(2), .integer(3)), of: knob)
        let patch = pair.apply
        #expect(patch.path == "/apis/apps/v1/namespaces/llm/deployments/chat-8b/scale")
        #expect(patch.contentType == .json)
        #expect(patch.body == #"[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":3}]"#)
        #expect(pair.undo.body == #"[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":2}]"#)
        #expect(patch.command.hasPrefix("kubectl -n llm patch deployment/chat-8b --subresource scale --type json -p '["))
    }

    @Test("a patch that could mean zero is never written", arguments: [KnobValue.integer(0), .text("2"), .number(2)])
    func zero(from: KnobValue) {
        let knob = Self.knob(.replicas)
        #expect(throws: NoPatch.self) { try PatchBuilder(target: Self.target).pair(Self.change(knob, from, .integer(3)), of: knob) }
    }

    @Test(
        "an argument is changed where it stands, in either form, and taken back to the byte",
        arguments: [#"["--a", "--max-num-seqs=64"]"#, #"["--max-num-seqs", "64", "--b=1"]"#, #"["--a"]"#, "[]", nil as String?])
    func arguments(arguments: String?) throws {
        let (manifest, document) = try Self.manifest(arguments)
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let builder = PatchBuilder(target: Self.target, manifest: manifest)
        let candidate = Self.change(knob, .integer(64), .integer(128))
        let changed = try JSONPatchApplier.apply(try builder.pair(candidate, of: knob).apply.body, to: document)
        let state = try Manifest(changed)
        #expect(state.arguments(.args, ofContainer: 1)?.joined(separator: " ").contains("128") == true)
        #expect(try JSONPatchApplier.apply(try builder.pair(candidate, of: knob).undo.body, to: changed) == document)
    }

    @Test("a patch is refused where somebody else changed the argument in the meantime")
    func guarded() throws {
        let (manifest, _) = try Self.manifest(#"["--max-num-seqs=64"]"#)
        let (_, other) = try Self.manifest(#"["--max-num-seqs=256"]"#)
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let patch = try PatchBuilder(target: Self.target, manifest: manifest).pair(Self.change(knob, .integer(64), .integer(128)), of: knob)
            .apply
        #expect(throws: JSONPatchApplier.Refused.self) { try JSONPatchApplier.apply(patch.body, to: other) }
    }

    @Test("without the manifest an argument has no exact patch, and the cure is named")
    func cure() {
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let error = #expect(throws: NoPatch.self) {
            try PatchBuilder(target: Self.target).pair(Self.change(knob, .integer(64), .integer(128)), of: knob).apply
        }
        #expect(error?.description.contains("kubectl get deployment chat-8b -n llm -o yaml") == true)
    }

    @Test("a variable is merged by name, and deleted again where it was not set before")
    func environment() throws {
        let (manifest, _) = try Self.manifest(nil)
        let known = Self.knob(.environment(container: "vllm", name: "BATCH_SIZE"))
        let builder = PatchBuilder(target: Self.target, manifest: manifest)
        let patch = try builder.pair(Self.change(known, .integer(8), .integer(16)), of: known).apply
        #expect(patch.contentType == .strategicMerge)
        #expect(
            patch.body
                == #"{"spec":{"template":{"spec":{"containers":[{"name":"vllm","env":[{"name":"BATCH_SIZE","value":"16"}]}]}}}}"#)
        let new = Self.knob(.environment(container: "vllm", name: "SLOTS"))
        #expect(try builder.pair(Self.change(new, .integer(1), .integer(2)), of: new).undo.body.contains(#""$patch":"delete""#))
    }

    @Test("a manifest tells the settings in force; what it does not mention is not made up")
    func state() throws {
        let (manifest, _) = try Self.manifest(#"["--max-num-seqs=64"]"#)
        var policy = Policy(name: "p", target: .kubernetes(Self.target))
        policy.knobs = [
            Knob(name: "replicas", domain: .range(min: 1, max: 4, step: 1), place: .replicas, role: .replicas),
            Knob(
                name: "seqs", domain: .values([]), place: .containerArgument(container: "vllm", flag: "--max-num-seqs"), role: .concurrency),
            Knob(name: "batch", domain: .values([]), place: .environment(container: "vllm", name: "BATCH_SIZE"), role: .batchSize),
            Knob(name: "gpus", domain: .values([]), place: .resource(container: "vllm", resource: "nvidia.com/gpu"), role: .tensorParallel),
            Knob(name: "cache", domain: .values([]), place: .environment(container: "vllm", name: "CACHE"), role: .caching),
        ]
        let values = manifest.state(of: policy).values
        #expect(values["replicas"]?.value == .integer(2) && values["seqs"]?.value == .integer(64))
        #expect(values["batch"]?.value == .integer(8) && values["gpus"]?.value == .integer(1))
        #expect(values["cache"] == nil)
    }

    @Test("quotes in a value survive the command line")
    func quoting() throws {
        let knob = Self.knob(.environment(container: "vllm", name: "X"))
        let patch = try PatchBuilder(target: Self.target).pair(Self.change(knob, .text("a"), .text("it's \"b\"")), of: knob).apply
        #expect(patch.command.contains(#"it'\''s \"b\""#))
    }

    /// A manifest of one container, whose fields are given as YAML in braces.
    static func workload(_ container: String, annotations: String = "{}") throws -> (Manifest, DocumentValue) {
        let text = """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: chat-8b, namespace: llm, annotations: \(annotations)}, spec: {replicas: 2,
             template: {spec: {containers: [{name: vllm, \(container)}]}}}}
            """
        let document = try YAMLDocument.parseAll(text)[0].value
        return (try Manifest(document), document)
    }

    @Test(
        "a field keeps its type, and one that is not there is added and taken away again", arguments: [#"{size: "2"}"#, "{size: 2}", "{}"])
    func field(annotations: String) throws {
        let (manifest, document) = try Self.workload("image: v", annotations: annotations)
        let knob = Self.knob(.field(pointer: "/metadata/annotations/size"))
        let pair = try PatchBuilder(target: Self.target, manifest: manifest).pair(Self.change(knob, .integer(2), .integer(4)), of: knob)
        let changed = try JSONPatchApplier.apply(pair.apply.body, to: document)
        let expected: DocumentValue = annotations.contains("\"") ? .string("4") : .integer(4)
        #expect(changed["metadata"]?["annotations"]?["size"] == expected)
        #expect(try JSONPatchApplier.apply(pair.undo.body, to: changed) == document)
    }

    @Test("requests and limits are set and restored each for itself")
    func resources() throws {
        let (manifest, _) = try Self.workload("resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 2}}")
        let knob = Self.knob(.resource(container: "vllm", resource: "nvidia.com/gpu"))
        let pair = try PatchBuilder(target: Self.target, manifest: manifest).pair(Self.change(knob, .integer(2), .integer(4)), of: knob)
        #expect(pair.apply.body.contains(#""requests":{"nvidia.com/gpu":"4"},"limits":{"nvidia.com/gpu":"4"}"#))
        #expect(pair.undo.body.contains(#""requests":{"nvidia.com/gpu":1},"limits":{"nvidia.com/gpu":2}"#))
    }

    @Test("a flag is found in the command too")
    func command() throws {
        let (manifest, document) = try Self.workload(#"command: [vllm, serve, m, --max-num-seqs, "128"]"#)
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let pair = try PatchBuilder(target: Self.target, manifest: manifest).pair(Self.change(knob, .integer(128), .integer(64)), of: knob)
        let changed = try JSONPatchApplier.apply(pair.apply.body, to: document)
        #expect(pair.apply.body.contains("/command/4"))
        #expect(try JSONPatchApplier.apply(pair.undo.body, to: changed) == document)
    }

    @Test(
        "where a patch would have to guess there is none",
        arguments: [
            (
                #"command: ["/bin/sh", "-c"], args: ["vllm serve m --max-num-seqs 2"]"#,
                Knob.Place.containerArgument(container: "vllm", flag: "--max-num-seqs")
            ),
            ("env: [{name: SLOTS, valueFrom: {configMapKeyRef: {name: c, key: k}}}]", .environment(container: "vllm", name: "SLOTS")),
            ("image: v", .environment(container: "nope", name: "SLOTS")), ("image: v", .resource(container: "nope", resource: "cpu")),
        ])
    func guessing(container: String, place: Knob.Place) throws {
        let (manifest, _) = try Self.workload(container)
        let knob = Self.knob(place)
        #expect(throws: NoPatch.self) {
            try PatchBuilder(target: Self.target, manifest: manifest).pair(Self.change(knob, .integer(2), .integer(4)), of: knob)
        }
        var policy = Policy(name: "p", target: .kubernetes(Self.target))
        policy.knobs = [knob]
        #expect(manifest.state(of: policy).values.isEmpty)
    }

    @Test("a custom resource is never merged by the names in its lists")
    func custom() {
        let rollout = Policy.KubernetesTarget(namespace: "llm", apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "chat")
        let knob = Self.knob(.environment(container: "vllm", name: "SLOTS"))
        #expect(throws: NoPatch.self) { try PatchBuilder(target: rollout).pair(Self.change(knob, .integer(2), .integer(4)), of: knob) }
    }

    @Test("a manifest of another namespace is not the target's")
    func namespace() throws {
        let (manifest, _) = try Self.workload("image: v")
        #expect(manifest.isManifest(of: Self.target))
        var other = Self.target
        other.namespace = "staging"
        #expect(!manifest.isManifest(of: other))
    }

    @Test(
        "kinds have the plurals the API server gives them",
        arguments: [("Deployment", "deployments"), ("Gateway", "gateways"), ("Policy", "policies"), ("Ingress", "ingresses")])
    func plurals(kind: String, plural: String) {
        #expect(Policy.KubernetesTarget(namespace: "n", apiVersion: "v1", kind: kind, name: "x").plural == plural)
    }
}
