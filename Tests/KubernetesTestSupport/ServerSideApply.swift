/// Merges an applied configuration into an object, by field ownership.
struct ServerSideApply {
    struct Conflict: Hashable {
        let manager: ManagedFields.Manager
        let path: FieldSet.Path
    }

    let semantics: ListSemantics
    let manager: ManagedFields.Manager
    let time: String
    let force: Bool

    /// - Parameter configuration: The fields that the manager wants to own, without what nobody owns.
    /// - Returns: The merged object and who owns its fields now.
    /// - Throws: The failure that names every conflict, unless `force` is set.
    func apply(_ configuration: JSONValue, to live: JSONValue) throws(APIFailure) -> (JSONValue, ManagedFields) {
        var owners = ManagedFields(of: live)
        let stated = semantics.stated(by: configuration)
        let before = owners.fields(of: manager)
        var merged = merge(configuration, into: live, field: "")
        let compared = FieldComparison(from: live.ownable, to: merged.ownable, semantics: semantics)
        let changed = compared.added.paths.union(compared.modified.paths)
        let conflicts = owners.entries.filter { $0.manager != manager }.flatMap { entry in
            entry.fields.paths.intersection(changed).map { Conflict(manager: entry.manager, path: $0) }
        }
        if !force && !conflicts.isEmpty { throw failure(conflicts) }
        owners.take(changed.intersection(Set(conflicts.map(\.path))), fromAllBut: manager, at: time)
        owners.set(stated, of: manager, at: time)
        for path in before.paths.subtracting(stated.paths).sorted(by: { $0.count > $1.count }) {
            let isOwned = owners.entries.contains { $0.fields.holds(path) || $0.fields.holdsBelow(path) }
            if !isOwned { remove(path[...], from: &merged, field: "") }
        }
        return (merged, owners)
    }

    private func failure(_ conflicts: [Conflict]) -> APIFailure {
        let sorted = conflicts.sorted { (label($0.manager), FieldSet.text($0.path)) < (label($1.manager), FieldSet.text($1.path)) }
        let causes: [JSONValue] = sorted.map {
            [
                "reason": "FieldManagerConflict", "message": .string("conflict with " + label($0.manager)),
                "field": .string(FieldSet.text($0.path)),
            ]
        }
        var text = "Apply failed with \(sorted.count) conflict\(sorted.count == 1 ? "" : "s"): "
        if sorted.count == 1 {
            text += "conflict with \(label(sorted[0].manager)): \(FieldSet.text(sorted[0].path))"
        } else {
            let groups = Dictionary(grouping: sorted) { label($0.manager) }.sorted { $0.key < $1.key }
            text += groups.map { name, group in
                "conflicts with \(name):\n" + group.map { "- " + FieldSet.text($0.path) }.joined(separator: "\n")
            }.joined(separator: "\n")
        }
        return APIFailure(code: 409, reason: "Conflict", message: text, details: ["causes": .array(causes)])
    }

    private func label(_ manager: ManagedFields.Manager) -> String {
        var text = "\"\(manager.name)\""
        if let subresource = manager.subresource { text += " with subresource \"\(subresource)\"" }
        if manager.operation == "Update" { text += " using \(manager.apiVersion)" }
        return text
    }

    private func merge(_ configuration: JSONValue, into live: JSONValue, field: String) -> JSONValue {
        switch configuration {
        case .object(let members) where !semantics.atomicObjects.contains(field):
            var merged = live.members
            for (name, value) in members { merged[name] = merge(value, into: merged[name] ?? .null, field: name) }
            return .object(merged)
        case .array(let elements) where semantics.sets.contains(field):
            return .array(live.elements + elements.filter { !live.elements.contains($0) })
        case .array(let elements) where semantics.mapKeys[field] != nil:
            var merged = live.elements
            for element in elements {
                let key = semantics.key(of: element, in: field)
                if let key, let index = merged.firstIndex(where: { semantics.key(of: $0, in: field) == key }) {
                    merged[index] = merge(element, into: merged[index], field: "")
                } else {
                    merged.append(element)
                }
            }
            return .array(merged)
        default: return configuration
        }
    }

    private func remove(_ path: ArraySlice<FieldSet.Element>, from value: inout JSONValue, field: String) {
        guard let element = path.first else { return }
        switch (element, value) {
        case (.field(let name), .object(var members)):
            if path.count == 1 {
                members[name] = nil
            } else if var next = members[name] {
                remove(path.dropFirst(), from: &next, field: name)
                members[name] = isEmptied(next) ? nil : next
            }
            value = .object(members)
        case (.key(let key), .array(var elements)):
            guard let index = elements.firstIndex(where: { semantics.key(of: $0, in: field) == key }) else { return }
            if path.count == 1 { elements.remove(at: index) } else { remove(path.dropFirst(), from: &elements[index], field: "") }
            value = .array(elements)
        case (.value(let member), .array(let elements)): value = .array(elements.filter { $0 != member })
        default: break
        }
    }

    private func isEmptied(_ value: JSONValue) -> Bool { value == [:] || value == [] }
}
