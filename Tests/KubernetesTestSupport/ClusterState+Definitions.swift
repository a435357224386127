/// What the server's own controllers do with a CustomResourceDefinition.
extension ClusterState {
    mutating func establish(_ definition: JSONValue, _ key: Key) {
        func condition(_ type: String, _ reason: String, _ message: String) -> JSONValue {
            [
                "type": .string(type), "status": "True", "lastTransitionTime": .string(now.text), "reason": .string(reason),
                "message": .string(message),
            ]
        }
        var established = definition
        established["status", "acceptedNames"] = definition["spec", "names"]
        established["status", "conditions"] = [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ]
        writeDefinition(established, before: definition, key)
    }

    private mutating func writeDefinition(_ definition: JSONValue, before: JSONValue, _ key: Key) {
        var call = controllerCall(.customResourceDefinitions, key, verb: .update, subresource: "status")
        call.request = FakeRequest("", "", headers: [.init("User-Agent", "kube-apiserver/1")])
        var after = definition
        var owners = ManagedFields(of: before)
        // Go's empty struct writes `conditions: null` and the two names that are always there: only what differs has an owner.
        let comparison = FieldComparison(from: before.ownable, to: after.ownable, semantics: .builtIn)
        owners.update(comparison, by: manager(call, "Update"), at: now.text)
        after["metadata", "managedFields"] = owners.json
        commit(call, key, before: before, after: after)
    }

    /// Marks a definition for deletion, deletes its objects, ends their watches and takes it away.
    ///
    /// - Returns: The definition as the deletion is answered.
    mutating func removeDefinition(_ definition: JSONValue, _ call: Call, _ key: Key) -> JSONValue {
        var marked = definition
        marked["metadata", "deletionTimestamp"] = .string(now.text)
        marked["metadata", "finalizers"] = ["customresourcecleanup.apiextensions.k8s.io"]
        let terminating: JSONValue = [
            "type": "Terminating", "status": "True", "lastTransitionTime": .string(now.text), "reason": "InstanceDeletionPending",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        ]
        marked["status", "conditions"] = .array((definition["status", "conditions"]?.elements ?? []) + [terminating])
        let answered = commit(call, key, before: definition, after: marked)
        guard let type = ResourceType(definition: definition) else { return answered }
        for (key, object) in objects.sorted(by: { $0.key < $1.key }) where key.storage == type.storage {
            commit(controllerCall(type, key, verb: .delete), key, before: object, after: nil)
        }
        commit(call, key, before: answered, after: nil)
        types.removeAll { $0.storage == type.storage }
        for (id, watch) in watches where watch.type.storage == type.storage {
            watch.finish(.end)
            watches[id] = nil
        }
        return answered
    }
}
