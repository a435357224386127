enum PatchType: String, CaseIterable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
    case apply = "application/apply-patch+yaml"

    static func accepted(by type: ResourceType) -> [PatchType] { allCases.filter { !type.isCustom || $0 != .strategic } }
}

extension ClusterState {
    mutating func patch(_ call: Call) throws(APIFailure) -> FakeResponse {
        let kind = try patchType(of: call)
        if kind == .apply { return try apply(call) }
        let patch = try RequestBody.parse(call.request, kind: call.type.kind)
        let old = try existing(call)
        if call.target.subresource == "scale" { return try patchScale(call, kind, patch, old) }
        var patched = try patchedObject(presented(old, as: call.type), kind, patch)
        if let error = ObjectSchema.typeError(in: patched, of: call.type) {
            throw .invalid(kind: "", group: "", name: "", [.invalid("patch", .string(patched.json), error)])
        }
        let warnings = try pruned(&patched, call)
        if call.type.storage == "events" { patched = EventForms.stored(patched, group: call.type.group) }
        let new = try update(call, old: old, to: patched)
        return .json(200, presented(new, as: call.type, metadataOnly: metadataOnly(call)), headers: warnings)
    }

    private func patchType(of call: Call) throws(APIFailure) -> PatchType {
        let accepted = PatchType.accepted(by: call.type)
        guard let kind = call.request.contentType.flatMap(PatchType.init) else {
            throw APIFailure(code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type", details: [:])
        }
        guard accepted.contains(kind) else {
            let list = accepted.map(\.rawValue).joined(separator: ", ")
            throw APIFailure(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: \(list)")
        }
        return kind
    }

    func patchedObject(_ object: JSONValue, _ kind: PatchType, _ patch: JSONValue) throws(APIFailure) -> JSONValue {
        switch kind {
        case .json:
            do { return try JSONPatch.apply(patch, to: object) } catch { throw .patchFailed }
        case .merge: return MergePatch.apply(patch, to: object)
        case .strategic, .apply: return StrategicMergePatch.apply(patch, to: object)
        }
    }

    private mutating func apply(_ call: Call) throws(APIFailure) -> FakeResponse {
        guard let manager = call.query["fieldManager"], !manager.isEmpty else {
            let cause = APIFailure.FieldCause.required("fieldManager", "is required for apply patch")
            throw .invalid(kind: "PatchOptions", group: "meta.k8s.io", name: "", [cause])
        }
        var configuration = try RequestBody.parse(call.request, kind: call.type.kind)
        guard let kind = configuration["kind"]?.text, let apiVersion = configuration["apiVersion"]?.text else {
            throw .badRequest("invalid object type: /, Kind=")
        }
        guard configuration["metadata", "managedFields"] == nil else { throw .badRequest("metadata.managedFields must be nil") }
        let isScale = call.target.subresource == "scale"
        guard kind == (isScale ? "Scale" : call.type.kind), apiVersion == (isScale ? "autoscaling/v1" : call.type.apiVersion) else {
            throw .badRequest("invalid object type: \(apiVersion), Kind=\(kind)")
        }
        if isScale { return try applyScale(call, configuration) }
        let name = call.target.name ?? ""
        let place = configuration["metadata", "namespace"]?.text ?? ""
        if let unknown = ObjectSchema.prune(&configuration, of: call.type).first {
            let text = "failed to create typed patch object (\(place)/\(name); \(apiVersion), Kind=\(kind))"
            throw APIFailure(code: 500, message: text + ": .\(unknown): field not declared in schema")
        }
        return try apply(configuration, call)
    }

    private mutating func apply(_ configuration: JSONValue, _ call: Call) throws(APIFailure) -> FakeResponse {
        let name = call.target.name ?? ""
        let application = application(call)
        let stated = stated(by: configuration, call)
        guard let old = objects[key(call.type, call.target.namespace, name)] else {
            guard call.target.subresource == nil else { throw .notFound(call.type, name) }
            var object = configuration
            object["metadata", "name"] = .string(name)
            let namespace = try settleNamespace(&object, call)
            let created = try insert(object, call, namespace: namespace) { _, _ in
                var owners = ManagedFields(of: [:])
                owners.set(call.type.semantics.stated(by: stated), of: application.manager, at: application.time)
                return owners
            }
            return .json(201, presented(created, as: call.type))
        }
        if let version = configuration["metadata", "resourceVersion"]?.text, version != old["metadata", "resourceVersion"]?.text {
            throw .conflict(call.type, name)
        }
        let (merged, owners) = try application.apply(stated, to: presented(old, as: call.type))
        return .json(200, presented(try update(call, old: old, to: merged, owners: owners), as: call.type))
    }

    func application(_ call: Call) -> ServerSideApply {
        ServerSideApply(
            semantics: call.type.semantics, manager: manager(call, "Apply"), time: now.text, force: call.query["force"] == "true")
    }

    /// What an applied configuration may say on this path.
    private func stated(by configuration: JSONValue, _ call: Call) -> JSONValue {
        var stated = configuration.ownable
        if call.target.subresource == "status" {
            stated = ["status": configuration["status"] ?? [:]]
        } else if call.type.hasStatus {
            stated["status"] = nil
        }
        if stated["metadata"] == [:] { stated["metadata"] = nil }
        return stated
    }
}
