public import Control
public import Documents
public import Policies

/// A workload as its manifest describes it: where its settings are and what they are.
public struct Manifest: Sendable, Hashable {
    private let document: DocumentValue

    /// - Throws: `NoPatch` where the document is no workload with a pod template.
    public init(_ document: DocumentValue) throws(NoPatch) {
        guard document["spec"]?["template"]?["spec"]?["containers"]?.elements.isEmpty == false else {
            let kind = document.text("kind") ?? document.kindName
            throw NoPatch("expected the manifest of a Deployment or StatefulSet with spec.template.spec.containers, found \(kind)")
        }
        self.document = document
    }

    /// What the manifest says of a policy's knobs; one it does not mention is left out, so that the policy's `default` holds.
    public func state(of policy: Policy) -> TargetState {
        var state = TargetState()
        for knob in policy.knobs {
            guard let text = text(at: knob.place) else { continue }
            state.values[knob.name] = KnobState(KnobValue(plain: text), origin: .manifest)
        }
        return state
    }

    /// Whether this is the workload a policy is about; a namespace or version that the manifest does not tell is taken as the right one.
    public func isManifest(of target: Policy.KubernetesTarget) -> Bool {
        document.text("kind") == target.kind && document.text("metadata", "name") == target.name
            && (document.text("metadata", "namespace") ?? target.namespace) == target.namespace
            && (document.text("apiVersion") ?? target.apiVersion) == target.apiVersion
    }

    /// `Kind namespace/name`, for messages.
    public var title: String {
        let namespace = document.text("metadata", "namespace").map { "\($0)/" } ?? ""
        return "\(document.text("kind") ?? "?") \(namespace)\(document.text("metadata", "name") ?? "?")"
    }

    var containers: [DocumentValue] { document["spec"]?["template"]?["spec"]?["containers"]?.elements ?? [] }

    var containerNames: [String] { containers.compactMap { $0.text("name") } }

    func containerIndex(_ name: String) -> Int? { containers.firstIndex { $0.text("name") == name } }

    /// The value a JSON pointer (RFC 6901) names; `nil` where there is none.
    func value(at pointer: String) -> DocumentValue? { document.value(at: pointer) }

    func environment(_ name: String, ofContainer index: Int) -> DocumentValue? {
        containers[index]["env"]?.elements.first { $0.text("name") == name }
    }

    /// A request or limit of a container.
    func resource(_ kind: String, _ resource: String, ofContainer index: Int) -> DocumentValue? {
        containers[index]["resources"]?[kind]?[resource]
    }

    private func text(at place: Knob.Place) -> String? {
        switch place {
        case .replicas: return document["spec"]?["replicas"]?.scalarText
        case .containerArgument(let container, let flag):
            guard let index = containerIndex(container) else { return nil }
            switch argument(flag, ofContainer: index) {
            case .joined(_, _, let text): return String(text.dropFirst(flag.count + 1))
            case .separate(_, _, let value): return value
            case .absent, .insideShell: return nil
            }
        case .environment(let container, let name):
            return containerIndex(container).flatMap { environment(name, ofContainer: $0) }?["value"]?.scalarText
        case .resource(let container, let resource):
            guard let index = containerIndex(container) else { return nil }
            return (self.resource("limits", resource, ofContainer: index) ?? self.resource("requests", resource, ofContainer: index))?
                .scalarText
        case .configMapKey: return nil
        case .field(let pointer): return value(at: pointer)?.scalarText
        }
    }
}

extension DocumentValue {
    /// A scalar as text; `nil` for containers and null.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .null, .array, .object: nil
        }
    }

    func value(at pointer: String) -> DocumentValue? {
        pointer.split(separator: "/").reduce(self) { value, part in
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            if let index = Int(key), value?.elements.indices.contains(index) == true { return value?.elements[index] }
            return value?[key]
        }
    }
}
