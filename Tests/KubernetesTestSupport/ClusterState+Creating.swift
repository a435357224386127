extension ClusterState {
    /// The body of a request as an object of the type, with what the type does not know taken out.
    func decoded(_ call: Call) throws(APIFailure) -> (object: JSONValue, warnings: [FakeRequest.Header]) {
        let type = call.type
        var object = try RequestBody.parse(call.request, kind: type.kind)
        let refusal = "\(type.kind) in version \"\(type.version)\" cannot be handled as a \(type.kind): "
        guard object.isObject else { throw .badRequest(refusal + "not an object") }
        let (kind, apiVersion) = (object["kind"]?.text ?? type.kind, object["apiVersion"]?.text ?? type.apiVersion)
        guard kind == type.kind && apiVersion == type.apiVersion else {
            let version = apiVersion.split(separator: "/").last.map(String.init) ?? ""
            throw .badRequest(
                "\(kind) in version \"\(version)\" cannot be handled as a \(type.kind): converting (\(version).\(kind)) to "
                    + "(\(type.group.isEmpty ? "core" : type.group).\(type.kind)): unknown conversion")
        }
        object["kind"] = .string(kind)
        object["apiVersion"] = .string(apiVersion)
        if let error = ObjectSchema.typeError(in: object, of: type) { throw .badRequest(refusal + error) }
        let warnings = try pruned(&object, call)
        return (object, warnings)
    }

    /// - Returns: A warning for each field that was taken out.
    func pruned(_ object: inout JSONValue, _ call: Call) throws(APIFailure) -> [FakeRequest.Header] {
        let unknown = ObjectSchema.prune(&object, of: call.type)
        switch call.query["fieldValidation"] ?? "Warn" {
        case "Strict" where !unknown.isEmpty:
            let list = unknown.map { "unknown field \"\($0)\"" }.joined(separator: ", ")
            throw .badRequest(
                "\(call.type.kind) in version \"\(call.type.version)\" cannot be handled as a \(call.type.kind): "
                    + "strict decoding error: \(list)")
        case "Ignore": return []
        default: return unknown.map { .init("Warning", "299 - \"unknown field \\\"\($0)\\\"\"") }
        }
    }

    mutating func create(_ call: Call) throws(APIFailure) -> FakeResponse {
        guard call.target.name == nil else { throw .methodNotAllowed }
        var (object, warnings) = try decoded(call)
        let namespace = try settleNamespace(&object, call)
        let created = try insert(object, call, namespace: namespace) { state, object in
            let comparison = FieldComparison(
                from: ObjectSkeleton.empty(call.type), to: state.presented(object, as: call.type).ownable, semantics: call.type.semantics)
            var owners = ManagedFields(of: [:])
            owners.update(comparison, by: state.manager(call, "Update"), at: state.now.text)
            return owners
        }
        return .json(201, presented(created, as: call.type, metadataOnly: metadataOnly(call)), headers: warnings)
    }

    func settleNamespace(_ object: inout JSONValue, _ call: Call) throws(APIFailure) -> String? {
        guard call.type.isNamespaced else { return nil }
        guard let namespace = call.target.namespace else { throw .methodNotAllowed }
        if let stated = object["metadata", "namespace"]?.text, !stated.isEmpty, stated != namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        object["metadata", "namespace"] = .string(namespace)
        return namespace
    }

    /// Makes a new object: name, uid, defaults, checks, owners.
    mutating func insert(
        _ given: JSONValue, _ call: Call, namespace: String?, owners: (ClusterState, JSONValue) -> ManagedFields
    ) throws(APIFailure) -> JSONValue {
        var object = given
        if (object["metadata", "name"]?.text ?? "").isEmpty, let prefix = object["metadata", "generateName"]?.text {
            object["metadata", "name"] = .string(prefix + newSuffix())
        }
        let name = object["metadata", "name"]?.text ?? ""
        if call.type.hasStatus && call.type.storage != "pods" { object["status"] = nil }
        if call.type.storage == "events" { object = EventForms.stored(object, group: call.type.group) }
        ObjectDefaults.apply(to: &object, of: call.type)
        for member in ["resourceVersion", "managedFields", "deletionTimestamp", "selfLink", "deletionGracePeriodSeconds", "generation"] {
            object["metadata", member] = nil
        }
        object["metadata", "uid"] = .string(newUID())
        object["metadata", "creationTimestamp"] = .string(now.text)
        if call.type.hasGeneration { object["metadata", "generation"] = 1 }
        object["kind"] = .string(call.type.kind)
        object["apiVersion"] = .string(call.type.apiVersion)
        if let namespace { try checkNamespace(namespace, call, name) }
        let causes = ObjectValidation.causes(in: object, of: call.type, before: nil)
        guard causes.isEmpty else { throw .invalid(call.type, name, causes) }
        let key = key(call.type, namespace, name)
        guard objects[key] == nil else { throw .alreadyExists(call.type, name) }
        let entries = owners(self, object).json
        if entries != [] { object["metadata", "managedFields"] = entries }
        if call.isDryRun { return object }
        if call.type.storage == ResourceType.customResourceDefinitions.storage, let type = ResourceType(definition: object) {
            types.append(type)
        }
        let created = commit(call, key, before: nil, after: object)
        if call.type == .customResourceDefinitions { establish(created, key) }
        playRollout(after: call, key)
        return created
    }

    private func checkNamespace(_ namespace: String, _ call: Call, _ name: String) throws(APIFailure) {
        guard let object = objects[key(.namespaces, nil, namespace)] else { throw .notFound(.namespaces, namespace) }
        guard object["metadata", "deletionTimestamp"] != nil else { return }
        throw .forbidden(
            call.type, name, because: "unable to create new content in namespace \(namespace) because it is being terminated",
            causes: [
                [
                    "reason": "NamespaceTerminating", "message": .string("namespace \(namespace) is being terminated"),
                    "field": "metadata.namespace",
                ]
            ])
    }

    func manager(_ call: Call, _ operation: String) -> ManagedFields.Manager {
        ManagedFields.Manager(
            name: call.manager, operation: operation, apiVersion: call.type.apiVersion, subresource: call.target.subresource)
    }
}

/// The fields that Go's empty struct of a type writes: they are there before anyone sets them, so nobody owns them.
enum ObjectSkeleton {
    static func empty(_ type: ResourceType) -> JSONValue {
        if type.isCustom { return ["metadata": [:]] }
        var object: JSONValue = ["metadata": [:], "spec": [:], "status": [:]]
        switch type.storage {
        case "deployments.apps": object["spec"] = ["strategy": [:], "template": ["metadata": [:], "spec": ["containers": .null]]]
        case "statefulsets.apps":
            object["spec"] = ["updateStrategy": [:], "template": ["metadata": [:], "spec": ["containers": .null]], "serviceName": ""]
            object["status"] = ["replicas": 0]
        case "pods": object["spec"] = ["containers": .null]
        case "namespaces": object = ["metadata": [:], "spec": ["finalizers": ["kubernetes"]], "status": ["phase": "Active"]]
        case "events": return event(type)
        case "customresourcedefinitions.apiextensions.k8s.io":
            object["spec"] = ["names": [:]]
            object["status"] = ["conditions": .null, "acceptedNames": ["plural": "", "kind": ""], "storedVersions": ["v1"]]
        default: break
        }
        return object
    }

    private static func event(_ type: ResourceType) -> JSONValue {
        type.group.isEmpty
            ? [
                "metadata": [:], "source": [:], "eventTime": .null, "firstTimestamp": .null, "lastTimestamp": .null,
                "reportingComponent": "",
                "reportingInstance": "",
            ] : ["metadata": [:], "deprecatedSource": [:], "deprecatedFirstTimestamp": .null, "deprecatedLastTimestamp": .null]
    }
}
