extension ClusterState {
    mutating func delete(_ call: Call) throws(APIFailure) -> FakeResponse {
        let options = call.request.body.isEmpty ? [:] : try RequestBody.parse(call.request, kind: "DeleteOptions")
        let object = try existing(call)
        try checkPreconditions(options["preconditions"], object, call)
        let isDryRun = call.isDryRun || options["dryRun"]?.elements.contains("All") == true
        let key = key(call.type, call.target.namespace, call.target.name ?? "")
        if call.type == .customResourceDefinitions && !isDryRun { return .json(200, removeDefinition(object, call, key)) }
        if let marked = marked(object, options, call) {
            if isDryRun || object["metadata", "deletionTimestamp"] != nil { return .json(200, presented(object, as: call.type)) }
            let answer = presented(commit(call, key, before: object, after: marked), as: call.type)
            playRollout(after: call, key)
            return .json(200, answer)
        }
        if !isDryRun { remove(object, call) }
        var details = APIFailure.details(call.type, name: call.target.name)
        details["uid"] = object["metadata", "uid"]
        return .json(200, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details])
    }

    private func checkPreconditions(_ preconditions: JSONValue?, _ object: JSONValue, _ call: Call) throws(APIFailure) {
        func failure(_ cause: String) -> APIFailure {
            let name = call.target.name ?? ""
            var failure = APIFailure.conflict(call.type, name, because: cause)
            failure.message = "Operation cannot be fulfilled on \(call.type.kind) \"\(name)\": \(cause)"
            failure.details?["kind"] = .string(call.type.kind)
            return failure
        }
        let (uid, version) = (object["metadata", "uid"]?.text ?? "", object["metadata", "resourceVersion"]?.text ?? "")
        if let wanted = preconditions?["uid"]?.text, wanted != uid {
            throw failure(
                "the UID in the precondition (\(wanted)) does not match the UID in record (\(uid)). "
                    + "The object might have been deleted and then recreated")
        }
        if let wanted = preconditions?["resourceVersion"]?.text, wanted != version {
            throw failure(
                "the ResourceVersion in the precondition (\(wanted)) does not match the ResourceVersion in record (\(version)). "
                    + "The object might have been modified")
        }
    }

    /// The object as it waits for its deletion; `nil` where it can go at once.
    private func marked(_ object: JSONValue, _ options: JSONValue, _ call: Call) -> JSONValue? {
        var marked = object
        var grace: Int64? = 0
        let finalizers = object["metadata", "finalizers"]?.elements ?? []
        switch call.type.storage {
        case "namespaces":
            marked["status", "phase"] = "Terminating"
            grace = nil
        case "pods":
            let seconds = options["gracePeriodSeconds"]?.integer ?? object["spec", "terminationGracePeriodSeconds"]?.integer ?? 30
            if seconds == 0 || object["spec", "nodeName"] == nil { return nil }
            grace = seconds
        default:
            let isForeground = (options["propagationPolicy"]?.text ?? call.query["propagationPolicy"]) == "Foreground"
            let waitsFor = isForeground && !finalizers.contains("foregroundDeletion") ? finalizers + ["foregroundDeletion"] : finalizers
            if waitsFor.isEmpty { return nil }
            marked["metadata", "finalizers"] = .array(waitsFor)
        }
        marked["metadata", "deletionTimestamp"] = .string(now.advanced(bySeconds: grace ?? 0).text)
        marked["metadata", "deletionGracePeriodSeconds"] = grace.map { .integer($0) }
        if let generation = object["metadata", "generation"]?.integer { marked["metadata", "generation"] = .integer(generation + 1) }
        return marked
    }

    private mutating func remove(_ object: JSONValue, _ call: Call) {
        let key = key(call.type, object["metadata", "namespace"]?.text, object["metadata", "name"]?.text ?? "")
        commit(call, key, before: object, after: nil)
        removeDependants(of: object)
    }

    /// What the garbage collector does.
    private mutating func removeDependants(of owner: JSONValue) {
        guard let uid = owner["metadata", "uid"] else { return }
        for (key, object) in objects.sorted(by: { $0.key < $1.key })
        where object["metadata", "ownerReferences"]?.elements.contains(where: { $0["uid"] == uid }) == true {
            guard let type = types.first(where: { $0.storage == key.storage }) else { continue }
            guard objects[key] != nil else { continue }
            commit(controllerCall(type, key, verb: .delete), key, before: object, after: nil)
            removeDependants(of: object)
        }
    }

    mutating func deleteCollection(_ call: Call) throws(APIFailure) -> FakeResponse {
        let found = matching(try ObjectFilter(query: call.query, type: call.type), call)
        if !call.isDryRun {
            for (_, object) in found { remove(object, call) }
        }
        return .json(200, list(found.map(\.value), call, metadata: ["resourceVersion": .string("\(revision)")]))
    }

    /// A write of one of the cluster's own controllers.
    func controllerCall(_ type: ResourceType, _ key: Key, verb: RequestTarget.Verb, subresource: String? = nil) -> Call {
        Call(
            target: RequestTarget(type: type, verb: verb, namespace: key.namespace, name: key.name, subresource: subresource),
            request: FakeRequest("", "", headers: [.init("User-Agent", "kube-controller-manager/1")]), user: .controllerManager, number: nil
        )
    }
}
