/// Paths that are no resources: versions, health, discovery; and reviews of the caller's own rights.
extension ClusterState {
    private static let open: Set<String> = ["/version", "/healthz", "/livez", "/readyz"]

    func pathAnswer(_ request: FakeRequest, _ user: FakeUser) throws(APIFailure) -> FakeResponse {
        let path = request.path.count > 1 ? request.path.trimmingSuffix("/") : request.path
        let isDiscovery = path == "/api" || path == "/apis" || path.hasPrefix("/api/") || path.hasPrefix("/apis/")
        let isAllowed = user.rules == nil || Self.open.contains(path) || (isDiscovery && user != .anonymous)
        guard isAllowed else {
            throw APIFailure(
                code: 403, reason: "Forbidden",
                message: "forbidden: User \"\(user.name)\" cannot \(request.method.lowercased()) path \"\(path)\"", details: [:])
        }
        let isResource = RequestTarget.Parts(path: path) != nil
        guard let answer = isResource ? nil : known(path, request) else {
            if isResource, let parts = RequestTarget.Parts(path: path),
                types.contains(where: { $0.group == parts.group && $0.version == parts.version })
            {
                throw .methodNotAllowed
            }
            throw .unknownPath
        }
        guard request.method == "GET" else { throw .methodNotAllowed }
        return answer
    }

    private func known(_ path: String, _ request: FakeRequest) -> FakeResponse? {
        switch path {
        case "/version": return .json(200, Self.version)
        case "/healthz", "/livez", "/readyz":
            return .plain(
                200, request.query["verbose"] == nil ? "ok" : "[+]ping ok\n[+]log ok\n[+]etcd ok\n\(path.dropFirst()) check passed\n")
        case "/api":
            let addresses: JSONValue = [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"]]
            return .json(200, ["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses])
        case "/apis": return .json(200, ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groupNames.map(group))])
        default: return discovery(path)
        }
    }

    private static let version: JSONValue = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.3", "gitCommit": "7b29fb077260554429dcef8234272e9fd25fcfbd",
        "gitTreeState": "clean", "buildDate": "2026-08-21T00:00:00Z", "goVersion": "go1.26.6", "compiler": "gc", "platform": "linux/amd64",
    ]

    private var groupNames: [String] { Set(types.map(\.group)).subtracting([""]).sorted() }

    private func group(_ name: String) -> JSONValue {
        let versions = Set(types.filter { $0.group == name }.map(\.version)).sorted()
        let entries = versions.map { version -> JSONValue in
            ["groupVersion": .string(name + "/" + version), "version": .string(version)]
        }
        return ["name": .string(name), "versions": .array(entries), "preferredVersion": entries.last ?? [:]]
    }

    /// "/api/v1", "/apis/apps", "/apis/apps/v1"
    private func discovery(_ path: String) -> FakeResponse? {
        let parts = path.split(separator: "/").map(String.init)
        let groupName = parts.first == "api" ? "" : parts.dropFirst().first ?? ""
        if parts.first == "apis", parts.count == 2, groupNames.contains(groupName) {
            var value = group(groupName)
            value["kind"] = "APIGroup"
            value["apiVersion"] = "v1"
            return .json(200, value)
        }
        guard let root = parts.first, parts.count == (root == "api" ? 2 : 3), root == "api" || root == "apis" else { return nil }
        let found = types.filter { $0.group == groupName && $0.version == parts.last }.sorted { $0.plural < $1.plural }
        guard let first = found.first else { return nil }
        return .json(
            200,
            [
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(first.apiVersion),
                "resources": .array(found.flatMap(Self.entries)),
            ])
    }

    private static func entries(_ type: ResourceType) -> [JSONValue] {
        let verbs: JSONValue = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        func entry(_ name: String, _ kind: String, _ verbs: JSONValue, singular: String = "") -> JSONValue {
            [
                "name": .string(name), "singularName": .string(singular), "namespaced": .bool(type.isNamespaced), "kind": .string(kind),
                "verbs": verbs,
            ]
        }
        var entries = [entry(type.plural, type.kind, verbs, singular: type.singular)]
        if type.scale != nil {
            var scale = entry(type.plural + "/scale", "Scale", ["get", "patch", "update"])
            scale["group"] = "autoscaling"
            scale["version"] = "v1"
            entries.append(scale)
        }
        if type.hasStatus { entries.append(entry(type.plural + "/status", type.kind, ["get", "patch", "update"])) }
        return entries
    }

    private func owners(ofReview body: JSONValue, _ request: FakeRequest) -> JSONValue {
        let manager = ManagedFields.Manager(
            name: String((request.header("User-Agent") ?? "unknown").prefix { $0 != "/" }), operation: "Update",
            apiVersion: "authorization.k8s.io/v1", subresource: nil)
        let comparison = FieldComparison(from: ["spec": [:]], to: ["spec": body["spec"] ?? [:]], semantics: .builtIn)
        var owners = ManagedFields(of: [:])
        owners.update(comparison, by: manager, at: now.text)
        return owners.json
    }

    /// SelfSubjectAccessReview and SelfSubjectReview: what the caller may do, and who it is.
    func review(_ target: RequestTarget, _ request: FakeRequest, _ user: FakeUser) throws(APIFailure) -> FakeResponse {
        guard target.verb == .create, user != .anonymous else { throw .forbidden(target, user) }
        let body = try RequestBody.parse(request, kind: "SelfSubjectAccessReview")
        switch (target.type.group, target.type.plural) {
        case ("authorization.k8s.io", "selfsubjectaccessreviews"):
            let asked = body["spec", "resourceAttributes"] ?? [:]
            let plural = asked["resource"]?.text ?? ""
            let resource = asked["subresource"]?.text.flatMap { $0.isEmpty ? nil : plural + "/" + $0 } ?? plural
            let isAllowed = user.may(
                asked["verb"]?.text ?? "", group: asked["group"]?.text ?? "", resource: resource, namespace: asked["namespace"]?.text,
                name: asked["name"]?.text)
            var status: JSONValue = ["allowed": .bool(isAllowed)]
            if isAllowed { status["reason"] = "RBAC: allowed" }
            return .json(
                201,
                [
                    "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
                    "metadata": ["managedFields": owners(ofReview: body, request)],
                    "spec": body["spec"] ?? [:],
                    "status": status,
                ])
        case ("authentication.k8s.io", "selfsubjectreviews"):
            return .json(
                201,
                [
                    "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
                    "metadata": ["creationTimestamp": .string(now.text)],
                    "status": ["userInfo": ["username": .string(user.name), "groups": ["system:authenticated"]]],
                ])
        default: throw .unknownPath
        }
    }
}
