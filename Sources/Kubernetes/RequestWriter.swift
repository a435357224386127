import Control
import Documents
import Policies

/// One step of a JSON patch (RFC 6902).
struct PatchStep {
    let operation: String
    let pointer: String
    let value: DocumentValue?

    static func test(_ pointer: String, _ value: DocumentValue) -> PatchStep {
        PatchStep(operation: "test", pointer: pointer, value: value)
    }
    static func replace(_ pointer: String, _ value: DocumentValue) -> PatchStep {
        PatchStep(operation: "replace", pointer: pointer, value: value)
    }
    static func add(_ pointer: String, _ value: DocumentValue) -> PatchStep { PatchStep(operation: "add", pointer: pointer, value: value) }
    static func remove(_ pointer: String) -> PatchStep { PatchStep(operation: "remove", pointer: pointer, value: nil) }

    var document: DocumentValue {
        let step: [DocumentValue.Member] = [
            .init(key: "op", value: .string(operation)), .init(key: "path", value: .string(pointer)),
        ]
        return .object(step + (value.map { [.init(key: "value", value: $0)] } ?? []))
    }
}

/// Writes requests to the objects of a target, and the kubectl command of each.
struct RequestWriter {
    let target: Policy.KubernetesTarget
    private let byPosition: Bool

    /// - Parameter byPosition: Every patch is a JSON patch, for requests that test the version of the object its positions are of.
    /// - Throws: `NoPatch` where a part of the target's name could lead to another path of the API.
    init(_ target: Policy.KubernetesTarget, byPosition: Bool = false) throws(NoPatch) {
        let parts = target.apiVersion.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for part in parts + [target.namespace, target.kind, target.name] where !part.isPathPart {
            throw NoPatch("'\(part)' of the policy's target cannot be a part of an API path")
        }
        guard parts.count <= 2 else { throw NoPatch("expected an apiVersion such as apps/v1, found '\(target.apiVersion)'") }
        self.target = target
        self.byPosition = byPosition
    }

    /// Whether the API server knows how lists of this kind merge; custom resources are refused with 415.
    var hasStrategicMerge: Bool { !byPosition && !(target.apiVersion.split(separator: "/").dropLast().first ?? "").contains(".") }

    func scale(_ steps: [PatchStep]) -> PatchRequest {
        request(path + "/scale", .json, .array(steps.map(\.document)), resource: resource, subresource: "scale")
    }

    func workload(_ steps: [PatchStep]) -> PatchRequest {
        request(path, .json, .array(steps.map(\.document)), resource: resource)
    }

    /// Merges members into one container of the pod template, found by its name.
    func container(_ name: String, _ change: KeyValuePairs<String, DocumentValue>) -> PatchRequest {
        let members = DocumentValue.members(change).members + [.init(key: "name", value: .string(name))]
        let body = ["spec", "template", "spec"].reversed().reduce(.members(["containers": .array([.object(members)])])) { inner, key in
            DocumentValue.object([.init(key: key, value: inner)])
        }
        return request(path, .strategicMerge, body, resource: resource)
    }

    /// Merges one key into the data of a ConfigMap; `null` takes the key away.
    func configMap(_ name: String, key: String, _ value: DocumentValue) throws(NoPatch) -> PatchRequest {
        request(
            try configMapPath(name), .merge,
            .members(["data": .object([.init(key: key, value: value)])]), resource: "configmap/\(name)")
    }

    func configMapPath(_ name: String) throws(NoPatch) -> String {
        guard name.isPathPart else { throw NoPatch("'\(name)' cannot be the name of a ConfigMap") }
        return "/api/v1/namespaces/\(target.namespace)/configmaps/\(name)"
    }

    /// The target's path in the API.
    var path: String {
        let prefix = target.apiVersion.contains("/") ? "/apis/\(target.apiVersion)" : "/api/\(target.apiVersion)"
        return "\(prefix)/namespaces/\(target.namespace)/\(target.plural)/\(target.name)"
    }

    private var resource: String { "\(target.kind.lowercased())/\(target.name)" }

    private func request(
        _ path: String, _ type: PatchRequest.ContentType, _ body: DocumentValue, resource: String, subresource: String? = nil
    ) -> PatchRequest {
        let text = body.canonical.json
        let part = subresource.map { " --subresource \($0)" } ?? ""
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        let command = "kubectl -n \(target.namespace) patch \(resource)\(part) --type \(type.kubectlType) -p '\(quoted)'"
        return PatchRequest(path: path, contentType: type, body: text, command: command)
    }
}

extension Policy.KubernetesTarget {
    /// The resource's name in paths: the kind in lower case and plural.
    var plural: String {
        let name = kind.lowercased()
        if name.hasSuffix("s") || name.hasSuffix("x") || name.hasSuffix("ch") { return name + "es" }
        let endsInConsonantAndY = name.hasSuffix("y") && !(name.dropLast().last.map { "aeiou".contains($0) } ?? false)
        return endsInConsonantAndY ? name.dropLast() + "ies" : name + "s"
    }
}

extension PatchRequest.ContentType {
    /// As kubectl's `--type` names it.
    var kubectlType: String {
        switch self {
        case .json: "json"
        case .strategicMerge: "strategic"
        case .merge: "merge"
        }
    }
}

extension String {
    /// Letters, digits, `-`, `_` and `.`, a letter or digit first: nothing that a path or a shell reads as more than a name.
    fileprivate var isPathPart: Bool {
        let isWord = utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        return isWord && (first?.isLetter == true || first?.isNumber == true)
    }
}
