/// Who owns which field of an object, as `metadata.managedFields` says.
struct ManagedFields: Sendable, Hashable {
    struct Manager: Sendable, Hashable {
        var name: String
        /// "Apply" or "Update"
        var operation: String
        var apiVersion: String
        var subresource: String?
    }

    struct Entry: Sendable, Hashable {
        var manager: Manager
        var time: String
        var fields: FieldSet
    }

    var entries: [Entry]

    init(of object: JSONValue) {
        entries = (object["metadata", "managedFields"]?.elements ?? []).map { entry in
            Entry(
                manager: Manager(
                    name: entry["manager"]?.text ?? "", operation: entry["operation"]?.text ?? "",
                    apiVersion: entry["apiVersion"]?.text ?? "", subresource: entry["subresource"]?.text),
                time: entry["time"]?.text ?? "", fields: FieldSet(fieldsV1: entry["fieldsV1"] ?? [:]))
        }
    }

    var json: JSONValue {
        let sorted = entries.sorted { left, right in
            (left.manager.operation, left.time, left.manager.name, left.manager.subresource ?? "")
                < (right.manager.operation, right.time, right.manager.name, right.manager.subresource ?? "")
        }
        return .array(
            sorted.map { entry in
                var value: JSONValue = [
                    "manager": .string(entry.manager.name), "operation": .string(entry.manager.operation),
                    "apiVersion": .string(entry.manager.apiVersion), "time": .string(entry.time), "fieldsType": "FieldsV1",
                    "fieldsV1": entry.fields.fieldsV1,
                ]
                value["subresource"] = entry.manager.subresource.map { .string($0) }
                return value
            })
    }

    func fields(of manager: Manager) -> FieldSet { entries.first { $0.manager == manager }?.fields ?? FieldSet() }

    mutating func set(_ fields: FieldSet, of manager: Manager, at time: String) {
        if let index = entries.firstIndex(where: { $0.manager == manager }) {
            if entries[index].fields != fields { entries[index] = Entry(manager: manager, time: time, fields: fields) }
        } else {
            entries.append(Entry(manager: manager, time: time, fields: fields))
        }
        entries.removeAll { $0.fields.isEmpty }
    }

    mutating func take(_ paths: Set<FieldSet.Path>, fromAllBut manager: Manager, at time: String) {
        for index in entries.indices where entries[index].manager != manager {
            let rest = entries[index].fields.paths.subtracting(paths)
            if rest != entries[index].fields.paths {
                entries[index].fields.paths = rest
                entries[index].time = time
            }
        }
        entries.removeAll { $0.fields.isEmpty }
    }

    /// Gives the manager what it changed, and takes that from the others: an update never conflicts.
    mutating func update(_ comparison: FieldComparison, by manager: Manager, at time: String) {
        let changed = comparison.added.paths.union(comparison.modified.paths)
        let removed = comparison.removed.paths
        guard !changed.isEmpty || !removed.isEmpty else { return }
        let own = fields(of: manager).paths.union(changed).subtracting(removed)
        take(changed.union(removed), fromAllBut: manager, at: time)
        set(FieldSet(paths: own), of: manager, at: time)
    }
}

extension JSONValue {
    private static let unowned: Set<String> = [
        "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ]

    /// The object without the fields that nobody owns.
    var ownable: JSONValue {
        var copy = self
        copy["apiVersion"] = nil
        copy["kind"] = nil
        copy["metadata"] = .object((self["metadata"]?.members ?? [:]).filter { !Self.unowned.contains($0.key) })
        return copy
    }
}
