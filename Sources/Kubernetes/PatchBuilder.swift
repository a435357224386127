public import Control
import Documents
public import Learning
public import Policies

/// Writes the patch of a change and the patch that undoes it.
///
/// Every JSON patch tests the old value before it replaces it: where somebody else was there in the meantime, the API server refuses it
/// as a whole. A patch of the scale subresource always holds a whole number, because an absent one means zero. Where a patch would have
/// to guess, there is none, and the cure is named.
public struct PatchBuilder: Sendable {
    let target: Policy.KubernetesTarget
    let manifest: Manifest?

    /// The two directions of a change.
    public struct Pair: Sendable, Hashable {
        public let apply: PatchRequest
        public let undo: PatchRequest
    }

    /// - Parameter manifest: The target as it is; needed where a patch depends on more than the value it sets.
    public init(target: Policy.KubernetesTarget, manifest: Manifest? = nil) {
        self.target = target
        self.manifest = manifest
    }

    /// The patch of a change of a knob and the one that takes it back once it was made.
    /// - Throws: `NoPatch` where they cannot be exact.
    public func pair(_ candidate: Candidate, of knob: Knob) throws(NoPatch) -> Pair {
        switch knob.place {
        case .replicas: try scale(candidate)
        case .environment(let container, let name): try environment(container, name, candidate)
        case .resource(let container, let resource): try self.resource(container, resource, candidate)
        case .containerArgument(let container, let flag): try argument(container, flag, candidate)
        case .configMapKey(let configMap, let key): configMapKey(configMap, key, candidate)
        case .field(let pointer): try field(pointer, candidate)
        }
    }

    // MARK: Places

    private func scale(_ candidate: Candidate) throws(NoPatch) -> Pair {
        guard case .integer(let old) = candidate.from, case .integer(let new) = candidate.to, old >= 1, new >= 1 else {
            throw NoPatch("replicas must go from one whole number of at least 1 to another, not from \(candidate.from) to \(candidate.to)")
        }
        func request(_ from: Int, _ to: Int) -> PatchRequest {
            let operations: [Operation] = [.test("/spec/replicas", .integer(Int64(from))), .replace("/spec/replicas", .integer(Int64(to)))]
            return jsonPatch(operations, path: path + "/scale", subresource: "scale")
        }
        return Pair(apply: request(old, new), undo: request(new, old))
    }

    private func environment(_ container: String, _ name: String, _ candidate: Candidate) throws(NoPatch) -> Pair {
        let index = try containerIndex(container)
        let known = index.flatMap { manifest?.environment(name, ofContainer: $0) }
        if known?["valueFrom"] != nil {
            throw NoPatch("the variable \(name) takes its value from elsewhere (valueFrom); change it there, or give it a value of its own")
        }
        func request(_ members: KeyValuePairs<String, DocumentValue>) throws(NoPatch) -> PatchRequest {
            try strategic(container, .members(["env": .array([.members(members)])]))
        }
        let apply = try request(["name": .string(name), "value": .string(candidate.to.description)])
        let isNew = index != nil && known == nil
        let undo =
            isNew
            ? try request(["name": .string(name), "$patch": .string("delete")])
            : try request(["name": .string(name), "value": .string(candidate.from.description)])
        return Pair(apply: apply, undo: undo)
    }

    private func resource(_ container: String, _ resource: String, _ candidate: Candidate) throws(NoPatch) -> Pair {
        guard let manifest, let index = try containerIndex(container) else {
            throw NoPatch("requests and limits of \(resource) are not known apart; \(manifestCure)")
        }
        let old = ["requests", "limits"].map { ($0, manifest.resource($0, resource, ofContainer: index)) }
        let named = old.filter { $0.1 != nil }
        // Where neither is set both are: device plugins take limits, and requests follow them.
        let set = named.isEmpty ? old : named
        func request(_ value: (DocumentValue?) -> DocumentValue) throws(NoPatch) -> PatchRequest {
            let members = set.map { kind, old in DocumentValue.Member(key: kind, value: .members([resource: value(old)])) }
            return try strategic(container, .members(["resources": .object(members)]))
        }
        return Pair(apply: try request { _ in .string(candidate.to.description) }, undo: try request { $0 ?? .null })
    }

    private func configMapKey(_ configMap: String, _ key: String, _ candidate: Candidate) -> Pair {
        func request(_ value: KnobValue) -> PatchRequest {
            self.request(
                "/api/v1/namespaces/\(target.namespace)/configmaps/\(configMap)", .merge,
                .members(["data": .members([key: .string(value.description)])]), resource: "configmap/\(configMap)")
        }
        return Pair(apply: request(candidate.to), undo: request(candidate.from))
    }

    private func field(_ pointer: String, _ candidate: Candidate) throws(NoPatch) -> Pair {
        guard let manifest else { throw NoPatch("whether \(pointer) is set, and as what, is not known; \(manifestCure)") }
        guard let old = manifest.value(at: pointer) else {
            let new = candidate.to.document
            return Pair(
                apply: jsonPatch([.add(pointer, new)]), undo: jsonPatch([.test(pointer, new), .remove(pointer)]))
        }
        // A field keeps its type: what was text stays text.
        let new: DocumentValue = old.text == nil ? candidate.to.document : .string(candidate.to.description)
        return Pair(
            apply: jsonPatch([.test(pointer, old), .replace(pointer, new)]), undo: jsonPatch([.test(pointer, new), .replace(pointer, old)]))
    }

    private func argument(_ container: String, _ flag: String, _ candidate: Candidate) throws(NoPatch) -> Pair {
        guard let manifest, let position = try containerIndex(container) else {
            throw NoPatch("the position of \(flag) among the arguments is not known; \(manifestCure)")
        }
        let base = "/spec/template/spec/containers/\(position)/"
        switch manifest.argument(flag, ofContainer: position) {
        case .joined(let list, let index, let text):
            let place = "\(base)\(list.rawValue)/\(index)"
            let new = DocumentValue.string("\(flag)=\(candidate.to)")
            return Pair(
                apply: jsonPatch([.test(place, .string(text)), .replace(place, new)]),
                undo: jsonPatch([.test(place, new), .replace(place, .string(text))]))
        case .separate(let list, let index, let value):
            let name = Operation.test("\(base)\(list.rawValue)/\(index)", .string(flag))
            let place = "\(base)\(list.rawValue)/\(index + 1)"
            let new = DocumentValue.string(candidate.to.description)
            return Pair(
                apply: jsonPatch([name, .test(place, .string(value)), .replace(place, new)]),
                undo: jsonPatch([name, .test(place, new), .replace(place, .string(value))]))
        case .absent:
            let added = DocumentValue.string("\(flag)=\(candidate.to)")
            guard let count = manifest.arguments(.args, ofContainer: position)?.count else {
                return Pair(apply: jsonPatch([.add(base + "args", .array([added]))]), undo: jsonPatch([.remove(base + "args")]))
            }
            let place = "\(base)args/\(count)"
            return Pair(apply: jsonPatch([.add(base + "args/-", added)]), undo: jsonPatch([.test(place, added), .remove(place)]))
        case .insideShell:
            throw NoPatch(
                "container '\(container)' runs a shell, which takes \(flag) from a line of text; list the engine's arguments one by one")
        }
    }

    // MARK: Requests

    /// Position of a container; `nil` where no manifest tells.
    private func containerIndex(_ container: String) throws(NoPatch) -> Int? {
        guard let manifest else { return nil }
        guard let index = manifest.containerIndex(container) else {
            throw NoPatch("the manifest has no container '\(container)'; it has: \(manifest.containerNames.joined(separator: ", "))")
        }
        return index
    }

    private var manifestCure: String {
        "pass --manifest FILE with the output of: kubectl get \(target.kind.lowercased()) \(target.name) -n \(target.namespace) -o yaml"
    }

    private func strategic(_ container: String, _ change: DocumentValue) throws(NoPatch) -> PatchRequest {
        guard ["apps/v1", "v1", "batch/v1"].contains(target.apiVersion) else {
            throw NoPatch(
                "\(target.kind) of \(target.apiVersion) is a custom resource, whose lists cannot be merged by name; "
                    + "give the knob a place by 'field'")
        }
        let members = [DocumentValue.Member(key: "name", value: .string(container))] + change.members
        let spec = DocumentValue.members(["containers": .array([.object(members)])])
        return request(
            path, .strategicMerge, .members(["spec": .members(["template": .members(["spec": spec])])]), resource: resource)
    }
}
