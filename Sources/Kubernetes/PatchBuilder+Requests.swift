import Control
import Documents
import Policies

/// One operation of a JSON patch (RFC 6902).
enum Operation: Hashable {
    case test(String, DocumentValue)
    case add(String, DocumentValue)
    case replace(String, DocumentValue)
    case remove(String)

    var document: DocumentValue {
        switch self {
        case .test(let path, let value): .members(["op": .string("test"), "path": .string(path), "value": value])
        case .add(let path, let value): .members(["op": .string("add"), "path": .string(path), "value": value])
        case .replace(let path, let value): .members(["op": .string("replace"), "path": .string(path), "value": value])
        case .remove(let path): .members(["op": .string("remove"), "path": .string(path)])
        }
    }
}

extension PatchBuilder {
    /// Path of the target object.
    var path: String {
        let prefix = target.apiVersion.contains("/") ? "/apis/\(target.apiVersion)" : "/api/\(target.apiVersion)"
        return "\(prefix)/namespaces/\(target.namespace)/\(target.plural)/\(target.name)"
    }

    var resource: String { "\(target.kind.lowercased())/\(target.name)" }

    func jsonPatch(_ operations: [Operation], path: String? = nil, subresource: String? = nil) -> PatchRequest {
        request(path ?? self.path, .json, .array(operations.map(\.document)), resource: resource, subresource: subresource)
    }

    func request(
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
        let endsInConsonantAndY = name.hasSuffix("y") && !(name.dropLast().last.map { "aeiou".contains($0) } ?? false)
        return endsInConsonantAndY ? name.dropLast() + "ies" : name + "s"
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
