extension ClusterState {
    /// The `Scale` of an object. Zero replicas are absent from it.
    func scale(of object: JSONValue, _ call: Call) throws(APIFailure) -> JSONValue {
        guard let paths = call.type.scale else { throw .unknownResource }
        var metadata: JSONValue = [:]
        for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] { metadata[name] = object["metadata", name] }
        let replicas = object[paths.specReplicas[...]]?.integer ?? 0
        var status: JSONValue = ["replicas": .integer(object[paths.statusReplicas[...]]?.integer ?? 0)]
        let selector = paths.labelSelector.map { object[$0[...]]?.text } ?? Self.selectorText(object["spec", "selector"])
        status["selector"] = selector.flatMap { $0.isEmpty ? nil : .string($0) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": replicas == 0 ? [:] : ["replicas": .integer(replicas)], "status": status,
        ]
    }

    private static func selectorText(_ selector: JSONValue?) -> String {
        var parts = (selector?["matchLabels"]?.members ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text ?? "")" }
        for expression in selector?["matchExpressions"]?.elements ?? [] {
            let key = expression["key"]?.text ?? ""
            let values = (expression["values"]?.elements ?? []).compactMap(\.text).sorted().joined(separator: ",")
            switch expression["operator"]?.text {
            case "In": parts.append("\(key) in (\(values))")
            case "NotIn": parts.append("\(key) notin (\(values))")
            case "Exists": parts.append(key)
            default: parts.append("!" + key)
            }
        }
        return parts.joined(separator: ",")
    }

    mutating func replaceScale(_ call: Call) throws(APIFailure) -> FakeResponse {
        let scale = try RequestBody.parse(call.request, kind: "Scale")
        guard (scale["kind"] ?? "Scale") == "Scale" else { throw .badRequest("the object provided is no Scale") }
        return try write(scale, call, old: try existing(call))
    }

    mutating func patchScale(_ call: Call, _ kind: PatchType, _ patch: JSONValue, _ old: JSONValue) throws(APIFailure) -> FakeResponse {
        try write(try patchedObject(try scale(of: old, call), kind, patch), call, old: old)
    }

    mutating func applyScale(_ call: Call, _ configuration: JSONValue) throws(APIFailure) -> FakeResponse {
        guard let paths = call.type.scale else { throw .unknownResource }
        let old = try existing(call)
        try check(configuration["spec", "replicas"], old)
        if let version = configuration["metadata", "resourceVersion"]?.text, version != old["metadata", "resourceVersion"]?.text {
            throw .conflict(call.type, call.target.name ?? "")
        }
        var stated: JSONValue = [:]
        if let replicas = configuration["spec", "replicas"] { stated[paths.specReplicas[...]] = replicas }
        let (merged, owners) = try application(call).apply(stated, to: old)
        return .json(200, try scale(of: try update(call, old: old, to: merged, owners: owners), call))
    }

    private mutating func write(_ scale: JSONValue, _ call: Call, old: JSONValue) throws(APIFailure) -> FakeResponse {
        guard let paths = call.type.scale else { throw .unknownResource }
        let replicas = scale["spec", "replicas"] ?? 0
        try check(replicas, old)
        try checkIdentity(scale["metadata", "uid"], old, call)
        var wanted = old
        wanted[paths.specReplicas[...]] = replicas == .null ? 0 : replicas
        wanted["metadata", "resourceVersion"] = scale["metadata", "resourceVersion"]
        return .json(200, try self.scale(of: try update(call, old: old, to: wanted), call))
    }

    private func check(_ replicas: JSONValue?, _ object: JSONValue) throws(APIFailure) {
        guard let replicas, replicas != .null else { return }
        let name = object["metadata", "name"]?.text ?? ""
        guard let number = replicas.integer else {
            throw .badRequest(
                "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal \(replicas.goTypeName) into Go struct "
                    + "field ScaleSpec.spec.replicas of type int32")
        }
        guard number < 0 else { return }
        throw .invalid(kind: "Scale", group: "autoscaling", name: name, [ObjectValidation.negative("spec.replicas", number)])
    }
}
