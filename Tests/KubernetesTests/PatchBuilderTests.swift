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
        let patch = try builder.patch(Self.change(knob, .integer(2), .integer(3)), of: knob)
        #expect(patch.path == "/apis/apps/v1/namespaces/llm/deployments/chat-8b/scale")
        #expect(patch.contentType == .json)
        #expect(patch.body == #"[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":3}]"#)
        let inverse = try builder.inversePatch(Self.change(knob, .integer(2), .integer(3)), of: knob)
        #expect(inverse.body == #"[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":2}]"#)
        #expect(patch.command.hasPrefix("kubectl -n llm patch deployment/chat-8b --subresource scale --type json -p '["))
    }

    @Test("a patch that could mean zero is never written", arguments: [KnobValue.integer(0), .text("2"), .number(2)])
    func zero(from: KnobValue) {
        let knob = Self.knob(.replicas)
        #expect(throws: NoPatch.self) { try PatchBuilder(target: Self.target).patch(Self.change(knob, from, .integer(3)), of: knob) }
    }

    @Test(
        "an argument is changed where it stands, in either form, and taken back to the byte",
        arguments: [#"["--a", "--max-num-seqs=64"]"#, #"["--max-num-seqs", "64", "--b=1"]"#, #"["--a"]"#, "[]", nil as String?])
    func arguments(arguments: String?) throws {
        let (manifest, document) = try Self.manifest(arguments)
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let builder = PatchBuilder(target: Self.target, manifest: manifest)
        let candidate = Self.change(knob, .integer(64), .integer(128))
        let changed = try JSONPatchApplier.apply(try builder.patch(candidate, of: knob).body, to: document)
        let state = try Manifest(changed)
        #expect(state.arguments(ofContainer: 1).joined(separator: " ").contains("128"))
        #expect(try JSONPatchApplier.apply(try builder.inversePatch(candidate, of: knob).body, to: changed) == document)
    }

    @Test("a patch is refused where somebody else changed the argument in the meantime")
    func guarded() throws {
        let (manifest, _) = try Self.manifest(#"["--max-num-seqs=64"]"#)
        let (_, other) = try Self.manifest(#"["--max-num-seqs=256"]"#)
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let patch = try PatchBuilder(target: Self.target, manifest: manifest).patch(
            Self.change(knob, .integer(64), .integer(128)), of: knob)
        #expect(throws: JSONPatchApplier.Refused.self) { try JSONPatchApplier.apply(patch.body, to: other) }
    }

    @Test("without the manifest an argument has no exact patch, and the cure is named")
    func cure() {
        let knob = Self.knob(.containerArgument(container: "vllm", flag: "--max-num-seqs"))
        let error = #expect(throws: NoPatch.self) {
            try PatchBuilder(target: Self.target).patch(Self.change(knob, .integer(64), .integer(128)), of: knob)
        }
        #expect(error?.description.contains("kubectl get deployment chat-8b -n llm -o yaml") == true)
    }

    @Test("a variable is merged by name, and deleted again where it was not set before")
    func environment() throws {
        let (manifest, _) = try Self.manifest(nil)
        let known = Self.knob(.environment(container: "vllm", name: "BATCH_SIZE"))
        let builder = PatchBuilder(target: Self.target, manifest: manifest)
        let patch = try builder.patch(Self.change(known, .integer(8), .integer(16)), of: known)
        #expect(patch.contentType == .strategicMerge)
        #expect(
            patch.body
                == #"{"spec":{"template":{"spec":{"containers":[{"name":"vllm","env":[{"name":"BATCH_SIZE","value":"16"}]}]}}}}"#)
        let new = Self.knob(.environment(container: "vllm", name: "SLOTS"))
        #expect(try builder.inversePatch(Self.change(new, .integer(1), .integer(2)), of: new).body.contains(#""$patch":"delete""#))
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
        let patch = try PatchBuilder(target: Self.target).patch(Self.change(knob, .text("a"), .text("it's \"b\"")), of: knob)
        #expect(patch.command.contains(#"it'\''s \"b\""#))
    }
}
