import Control
import Documents
import Learning
import Policies

@testable import Kubernetes

/// A workload with one container `vllm`, described by what the test is about.
struct SampleWorkload {
    let document: DocumentValue
    let manifest: Manifest
    var target = Policy.KubernetesTarget(namespace: "llm", apiVersion: "apps/v1", kind: "Deployment", name: "chat-8b")

    /// - Parameter container: Members of the container in YAML's flow style.
    init(_ container: String = "", others: [String] = []) throws {
        let text = """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: chat-8b}, spec: {replicas: 2, template: {spec: {
              priorityClassName: "7", terminationGracePeriodSeconds: 30, containers: [{name: proxy}, {name: vllm, image: v\(container.isEmpty ? "" : ", " + container)}]}}}}
            """
        document = try YAMLDocument.parseAll(text)[0].value
        manifest = try Manifest(document, beside: others.map { try YAMLDocument.parseAll($0)[0].value })
    }

    var builder: PatchBuilder { PatchBuilder(target: target, manifest: manifest) }

    static func knob(_ place: Knob.Place, values: [KnobValue] = []) -> Knob {
        Knob(name: "k", domain: .values(values), place: place, role: .other)
    }

    static func change(_ from: KnobValue, _ to: KnobValue) -> Candidate { Candidate(knob: "k", role: .other, from: from, to: to, step: 1) }

    /// The document after the change, and after the change and its undoing.
    func changed(_ knob: Knob, _ from: KnobValue, _ to: KnobValue) throws -> (changed: DocumentValue, undone: DocumentValue) {
        let pair = try builder.pair(Self.change(from, to), of: knob)
        let changed = try Self.apply(pair.apply, to: document)
        return (changed, try Self.apply(pair.undo, to: changed))
    }

    static func apply(_ request: PatchRequest, to document: DocumentValue) throws -> DocumentValue {
        switch request.contentType {
        case .json: try JSONPatchApplier.apply(request.body, to: document)
        case .strategicMerge, .merge: try MergeApplier.apply(request.body, to: document)
        }
    }

    /// Why there is no patch.
    func refusal(_ knob: Knob, _ from: KnobValue, _ to: KnobValue) -> String? {
        do {
            _ = try builder.pair(Self.change(from, to), of: knob)
            return nil
        } catch { return error.description }
    }
}
