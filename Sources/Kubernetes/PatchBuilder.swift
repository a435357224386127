public import Control
import Documents
public import Learning
public import Policies

/// Writes the patch of a change and the patch that undoes it.
///
/// Every JSON patch tests the old value before it replaces it: where somebody else was there in the meantime, the API server refuses it
/// as a whole. A patch of the scale subresource always holds a whole number, because an absent one means zero.
public struct PatchBuilder: Sendable {
    private let target: Policy.KubernetesTarget
    private let manifest: Manifest?

    /// - Parameter manifest: The target as it is; needed where a patch must name a position in a list.
    public init(target: Policy.KubernetesTarget, manifest: Manifest? = nil) {
        self.target = target
        self.manifest = manifest
    }

    /// The patch of a change of a knob.
    /// - Throws: `NoPatch` where it cannot be exact.
    public func patch(_ candidate: Candidate, of knob: Knob) throws(NoPatch) -> PatchRequest {
        try patch(knob, from: candidate.from, to: candidate.to, in: manifest)
    }

    /// The patch that takes the change back once it was made.
    /// - Throws: `NoPatch` where it cannot be exact.
    public func inversePatch(_ candidate: Candidate, of knob: Knob) throws(NoPatch) -> PatchRequest {
        if let absent = try removal(candidate, of: knob) { return absent }
        return try patch(knob, from: candidate.to, to: candidate.from, in: manifest?.with(candidate.to, at: knob.place))
    }

    private func patch(_ knob: Knob, from: KnobValue, to: KnobValue, in manifest: Manifest?) throws(NoPatch) -> PatchRequest {
        switch knob.place {
        case .replicas: try scale(from: from, to: to)
        case .environment(let container, let name):
            strategic(container, .members(["env": .array([.members(["name": .string(name), "value": .string(to.description)])])]))
        case .resource(let container, let resource):
            strategic(
                container,
                .members([
                    "resources": .members([
                        "requests": .members([resource: .string(to.description)]), "limits": .members([resource: .string(to.description)]),
                    ])
                ]))
        case .containerArgument(let container, let flag): try argument(container, flag, to: to, in: manifest)
        case .configMapKey(let configMap, let key):
            request(
                "/api/v1/namespaces/\(target.namespace)/configmaps/\(configMap)", .merge,
                .members(["data": .members([key: .string(to.description)])]), resource: "configmap/\(configMap)")
        case .field(let pointer):
            jsonPatch(path, [("test", pointer, from.document), ("replace", pointer, to.document)])
        }
    }

    private func scale(from: KnobValue, to: KnobValue) throws(NoPatch) -> PatchRequest {
        guard case .integer(let old) = from, case .integer(let new) = to, old >= 1, new >= 0 else {
            throw NoPatch("replicas must go from a whole number of at least 1 to a whole number, not from \(from) to \(to)")
        }
        return jsonPatch(
            path + "/scale", [("test", "/spec/replicas", .integer(Int64(old))), ("replace", "/spec/replicas", .integer(Int64(new)))],
            subresource: "scale")
    }

    // MARK: Container arguments

    private func argument(_ container: String, _ flag: String, to: KnobValue, in manifest: Manifest?) throws(NoPatch) -> PatchRequest {
        guard let manifest else {
            throw NoPatch(
                "the position of \(flag) among the arguments is not known; pass --manifest FILE with the output of: "
                    + "kubectl get \(target.kind.lowercased()) \(target.name) -n \(target.namespace) -o yaml")
        }
        guard let position = manifest.containerIndex(container) else {
            throw NoPatch("the manifest has no container '\(container)'; it has: \(manifest.containerNames.joined(separator: ", "))")
        }
        let list = "/spec/template/spec/containers/\(position)/args"
        switch manifest.argument(flag, ofContainer: position) {
        case .joined(let index, let text):
            return jsonPatch(
                path, [("test", "\(list)/\(index)", .string(text)), ("replace", "\(list)/\(index)", .string("\(flag)=\(to)"))])
        case .separate(let index, let value):
            return jsonPatch(
                path,
                [
                    ("test", "\(list)/\(index)", .string(flag)), ("test", "\(list)/\(index + 1)", .string(value)),
                    ("replace", "\(list)/\(index + 1)", .string(to.description)),
                ])
        case .absent(let hasList):
            let added = DocumentValue.string("\(flag)=\(to)")
            return hasList
                ? jsonPatch(path, [("add", "\(list)/-", added)]) : jsonPatch(path, [("add", list, .array([added]))])
        }
    }

    /// The inverse of setting what was not set before: it is taken away again.
    private func removal(_ candidate: Candidate, of knob: Knob) throws(NoPatch) -> PatchRequest? {
        switch knob.place {
        case .containerArgument(let container, let flag):
            guard let manifest, let position = manifest.containerIndex(container),
                case .absent(let hasList) = manifest.argument(flag, ofContainer: position)
            else { return nil }
            let list = "/spec/template/spec/containers/\(position)/args"
            guard hasList else { return jsonPatch(path, [("remove", list, nil)]) }
            let last = manifest.arguments(ofContainer: position).count
            return jsonPatch(path, [("test", "\(list)/\(last)", .string("\(flag)=\(candidate.to)")), ("remove", "\(list)/\(last)", nil)])
        case .environment(let container, let name):
            guard let manifest, let position = manifest.containerIndex(container), !manifest.hasEnvironment(name, ofContainer: position)
            else { return nil }
            return strategic(container, .members(["env": .array([.members(["name": .string(name), "$patch": .string("delete")])])]))
        default: return nil
        }
    }

    // MARK: Requests

    /// Path of the target object.
    private var path: String {
        let prefix = target.apiVersion.contains("/") ? "/apis/\(target.apiVersion)" : "/api/\(target.apiVersion)"
        return "\(prefix)/namespaces/\(target.namespace)/\(target.plural)/\(target.name)"
    }

    private func strategic(_ container: String, _ change: DocumentValue) -> PatchRequest {
        let members = [DocumentValue.Member(key: "name", value: .string(container))] + change.members
        let containers = DocumentValue.array([.object(members)])
        return request(
            path, .strategicMerge,
            .members(["spec": .members(["template": .members(["spec": .members(["containers": containers])])])]), resource: resource)
    }

    private func jsonPatch(
        _ path: String, _ operations: [(operation: String, pointer: String, value: DocumentValue?)], subresource: String? = nil
    ) -> PatchRequest {
        let body = operations.map { operation, pointer, value -> DocumentValue in
            var members: [DocumentValue.Member] = [
                .init(key: "op", value: .string(operation)), .init(key: "path", value: .string(pointer)),
            ]
            if let value { members.append(.init(key: "value", value: value)) }
            return .object(members)
        }
        return request(path, .json, .array(body), resource: resource, subresource: subresource)
    }

    private var resource: String { "\(target.kind.lowercased())/\(target.name)" }

    private func request(
        _ path: String, _ type: PatchRequest.ContentType, _ body: DocumentValue, resource: String, subresource: String? = nil
    ) -> PatchRequest {
        let text = body.json
        let part = subresource.map { " --subresource \($0)" } ?? ""
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        let command = "kubectl -n \(target.namespace) patch \(resource)\(part) --type \(type.kubectlType) -p '\(quoted)'"
        return PatchRequest(path: path, contentType: type, body: text, command: command)
    }
}

extension PatchRequest.ContentType {
    /// As kubectl's `--type` names it.
    fileprivate var kubectlType: String {
        switch self {
        case .json: "json"
        case .strategicMerge: "strategic"
        case .merge: "merge"
        }
    }
}

extension Policy.KubernetesTarget {
    /// The resource's name in paths: the kind in lower case and plural.
    var plural: String {
        let name = kind.lowercased()
        if name.hasSuffix("s") || name.hasSuffix("x") || name.hasSuffix("ch") { return name + "es" }
        return name.hasSuffix("y") ? name.dropLast() + "ies" : name + "s"
    }
}

extension DocumentValue {
    static func members(_ pairs: KeyValuePairs<String, DocumentValue>) -> DocumentValue {
        .object(pairs.map { Member(key: $0.key, value: $0.value) })
    }
}

extension KnobValue {
    var document: DocumentValue {
        switch self {
        case .integer(let value): .integer(Int64(value))
        case .number(let value): .double(value)
        case .text(let value): .string(value)
        case .flag(let value): .boolean(value)
        }
    }
}
