/// Applies strategic merge patches to built-in resources: lists of containers, variables, volumes and conditions are merged by key.
enum StrategicMergePatch {
    /// Where this patch's keys differ from those of server-side apply.
    private static let singleKeys = ["ports": "containerPort", "topologySpreadConstraints": "topologyKey"]
    private static let directives: Set<String> = ["$patch", "$retainKeys"]

    static func apply(_ patch: JSONValue, to value: JSONValue) -> JSONValue { merge(patch, into: value, field: "") }

    private static func merge(_ patch: JSONValue, into value: JSONValue, field: String) -> JSONValue {
        switch patch {
        case .object(let changes): mergeObject(changes, into: value)
        case .array(let changes): mergeList(changes, into: value, field: field)
        default: patch
        }
    }

    private static func mergeObject(_ changes: [String: JSONValue], into value: JSONValue) -> JSONValue {
        if changes["$patch"] == "replace" { return .object(changes.filter { !directives.contains($0.key) }) }
        var members = value.members
        if let kept = changes["$retainKeys"]?.elements.compactMap(\.text) { members = members.filter { kept.contains($0.key) } }
        for (key, change) in changes where !directives.contains(key) {
            if let list = key.droppingPrefix("$deleteFromPrimitiveList/") {
                members[list] = .array((members[list]?.elements ?? []).filter { !change.elements.contains($0) })
            } else if let list = key.droppingPrefix("$setElementOrder/") {
                members[list] = members[list].map { reordered($0, by: change.elements, field: list) }
            } else {
                members[key] = change == .null ? nil : merge(change, into: members[key] ?? .null, field: key)
            }
        }
        for (key, order) in changes {
            guard let list = key.droppingPrefix("$setElementOrder/"), let merged = members[list] else { continue }
            members[list] = reordered(merged, by: order.elements, field: list)
        }
        return .object(members)
    }

    private static func mergeList(_ changes: [JSONValue], into value: JSONValue, field: String) -> JSONValue {
        if ListSemantics.builtIn.sets.contains(field) {
            return .array(value.elements + changes.filter { !value.elements.contains($0) })
        }
        guard let key = mergeKey(field), !changes.contains(where: { $0["$patch"] == "replace" }) else {
            return .array(changes.filter { $0["$patch"] != "replace" })
        }
        var elements = value.elements
        for change in changes {
            let index = elements.firstIndex { $0[key] == change[key] }
            if change["$patch"] == "delete" {
                if let index { elements.remove(at: index) }
            } else if let index {
                elements[index] = merge(change, into: elements[index], field: "")
            } else {
                elements.append(merge(change, into: [:], field: ""))
            }
        }
        return .array(elements)
    }

    private static func mergeKey(_ field: String) -> String? {
        singleKeys[field] ?? ListSemantics.builtIn.mapKeys[field].flatMap { $0.count == 1 ? $0[0] : nil }
    }

    private static func reordered(_ list: JSONValue, by order: [JSONValue], field: String) -> JSONValue {
        guard let key = mergeKey(field) else { return list }
        let named = order.compactMap { wanted in list.elements.first { $0[key] == wanted[key] } }
        return .array(named + list.elements.filter { !named.contains($0) })
    }
}

extension String {
    func droppingPrefix(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
