extension ClusterState {
    mutating func replace(_ call: Call) throws(APIFailure) -> FakeResponse {
        if call.target.subresource == "scale" { return try replaceScale(call) }
        let name = call.target.name ?? ""
        var (object, warnings) = try decoded(call)
        if let stated = object["metadata", "name"]?.text, !stated.isEmpty, stated != name {
            throw .badRequest("the name of the object (\(stated)) does not match the name on the URL (\(name))")
        }
        object["metadata", "name"] = .string(name)
        _ = try settleNamespace(&object, call)
        let old = try existing(call)
        if call.type.isCustom && (object["metadata", "resourceVersion"]?.text ?? "").isEmpty {
            let cause = APIFailure.FieldCause.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            throw .invalid(kind: call.type.plural, group: call.type.group, name: name, [cause])
        }
        try checkIdentity(object["metadata", "uid"], old, call)
        if call.type.storage == "events" { object = EventForms.stored(object, group: call.type.group) }
        let new = try update(call, old: old, to: object)
        return .json(200, presented(new, as: call.type, metadataOnly: metadataOnly(call)), headers: warnings)
    }

    /// - Throws: 409 where a PUT is meant for an object that was since deleted and made anew.
    func checkIdentity(_ stated: JSONValue?, _ old: JSONValue, _ call: Call) throws(APIFailure) {
        guard let uid = stated?.text, let actual = old["metadata", "uid"]?.text, !uid.isEmpty, uid != actual else { return }
        throw .conflict(
            call.type, call.target.name ?? "",
            because: "Precondition failed: UID in precondition: \(uid), UID in object meta: \(actual)")
    }

    /// Every change of an object that exists passes here.
    ///
    /// - Parameter owners: Who owns what afterwards; `nil` for an update, which takes what it changes.
    mutating func update(_ call: Call, old: JSONValue, to wanted: JSONValue, owners: ManagedFields? = nil) throws(APIFailure) -> JSONValue {
        let type = call.type
        let name = old["metadata", "name"]?.text ?? ""
        var new = wanted
        if let version = wanted["metadata", "resourceVersion"]?.text, !version.isEmpty, version != "0",
            version != old["metadata", "resourceVersion"]?.text
        {
            throw .conflict(type, name)
        }
        keepWhatIsNotToChange(&new, old, call)
        ObjectDefaults.apply(to: &new, of: type)
        let causes = ObjectValidation.causes(in: new, of: type, before: old)
        guard causes.isEmpty else { throw .invalid(type, name, causes) }
        for member in ["uid", "resourceVersion"] { new["metadata", member] = old["metadata", member] }
        if isNewGeneration(new, old, call) {
            new["metadata", "generation"] = .integer((old["metadata", "generation"]?.integer ?? 0) + 1)
        }
        var fields = owners ?? ManagedFields(of: old)
        if owners == nil {
            let comparison = FieldComparison(
                from: presented(old, as: type).ownable, to: presented(new, as: type).ownable, semantics: type.semantics)
            fields.update(comparison, by: manager(call, "Update"), at: now.text)
            dropZeroReplicas(of: new, call, from: &fields)
        }
        let entries = fields.json
        new["metadata", "managedFields"] = entries == [] ? nil : entries
        if new == old || call.isDryRun { return new }
        let key = key(type, new["metadata", "namespace"]?.text, name)
        let isFree = (new["metadata", "finalizers"]?.elements ?? []).isEmpty
        if new["metadata", "deletionTimestamp"] != nil, isFree, !["pods", "namespaces"].contains(type.storage) {
            commit(call, key, before: old, after: nil)
            return new
        }
        let kept = commit(call, key, before: old, after: new)
        playRollout(after: call, key)
        return kept
    }

    /// A Scale at zero has no replicas, so nobody owns them any more.
    private func dropZeroReplicas(of object: JSONValue, _ call: Call, from owners: inout ManagedFields) {
        guard call.target.subresource == "scale", let path = call.type.scale?.specReplicas, object[path[...]] == 0 else { return }
        let owner = ManagedFields.Manager(name: "", operation: "", apiVersion: "", subresource: nil)
        owners.take([path.map { .field($0) }], fromAllBut: owner, at: now.text)
    }

    /// On the main path the status stays, on the status path everything else; what only the server writes stays on both.
    private func keepWhatIsNotToChange(_ new: inout JSONValue, _ old: JSONValue, _ call: Call) {
        if call.target.subresource == "status" {
            let (status, uid) = (new["status"], new["metadata", "uid"])
            new = old
            new["status"] = status
            if let uid { new["metadata", "uid"] = uid }
        } else if call.type.hasStatus {
            new["status"] = old["status"]
        }
        let fixed = [
            "name", "namespace", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
            "managedFields",
        ]
        for member in fixed { new["metadata", member] = old["metadata", member] }
        if (new["metadata", "uid"]?.text ?? "").isEmpty { new["metadata", "uid"] = old["metadata", "uid"] }
        for member in ["labels", "annotations", "finalizers", "ownerReferences"] {
            if let value = new["metadata", member], value == [:] || value == [] || value == .null { new["metadata", member] = nil }
        }
        new["kind"] = old["kind"]
        new["apiVersion"] = old["apiVersion"]
    }

    private func isNewGeneration(_ new: JSONValue, _ old: JSONValue, _ call: Call) -> Bool {
        guard call.type.hasGeneration, call.target.subresource != "status" else { return false }
        guard call.type.isCustom else {
            // A Deployment counts changes of its annotations too, but for those that its controller makes with the status.
            let countsAnnotations = call.type.storage == "deployments.apps"
            return new["spec"] != old["spec"] || (countsAnnotations && new["metadata", "annotations"] != old["metadata", "annotations"])
        }
        func counted(_ object: JSONValue) -> JSONValue {
            var rest = object
            rest["metadata"] = nil
            if call.type.hasStatus { rest["status"] = nil }
            return rest
        }
        return counted(new) != counted(old)
    }
}
