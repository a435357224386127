extension ClusterState {
    /// Who sends a request; 401 for a token that nobody has.
    func authenticate(_ request: FakeRequest) throws(APIFailure) -> FakeUser {
        var user = tokenless
        if let value = request.header("Authorization") {
            guard let token = value.droppingPrefix("Bearer "), let known = tokens[token] else { throw .unauthorized }
            user = known
        }
        return user
    }

    /// The resource that a request is about; `nil` for every other path. The type may be one that the server does not have.
    func target(of request: FakeRequest) -> RequestTarget? {
        guard let parts = RequestTarget.Parts(path: request.path) else { return nil }
        let watches = parts.isWatch || ["1", "true"].contains(request.query["watch"] ?? "")
        let named = parts.name ?? ObjectNames.single(in: request.query)
        let verb = RequestTarget.verb(
            method: request.method, hasName: parts.name != nil, watches: watches && (parts.name == nil || parts.isWatch))
        let type =
            type(group: parts.group, version: parts.version, plural: parts.plural)
            ?? ResourceType(group: parts.group, version: parts.version, plural: parts.plural, kind: "")
        guard let verb else { return nil }
        return RequestTarget(
            type: type, verb: verb, namespace: parts.namespace, name: parts.name ?? (verb == .watch ? nil : named),
            subresource: parts.subresource)
    }

    /// Carries a request out.
    mutating func answer(_ request: FakeRequest, as sender: FakeUser, number: Int?) -> FakeResponse {
        do {
            return try respond(request, as: sender, number: number)
        } catch {
            return error.response
        }
    }

    private mutating func respond(_ request: FakeRequest, as sender: FakeUser, number: Int?) throws(APIFailure) -> FakeResponse {
        let target = target(of: request)
        let user = try impersonated(by: sender, request, target)
        guard let target else { return try pathAnswer(request, user) }
        if target.type.plural.hasPrefix("self") { return try review(target, request, user) }
        guard
            user.may(
                target.verb.rawValue, group: target.type.group, resource: target.resource, namespace: target.namespace, name: target.name)
        else { throw .forbidden(target, user) }
        try checkExistence(target, request)
        try checkAccept(request)
        return try perform(Call(target: target, request: request, user: user, number: number))
    }

    private func impersonated(by user: FakeUser, _ request: FakeRequest, _ target: RequestTarget?) throws(APIFailure) -> FakeUser {
        guard let name = request.header("Impersonate-User") else { return user }
        guard user.rules == nil else {
            let verb = "impersonate-on:user-info:\(target?.verb.rawValue ?? "get")"
            throw target.map { .forbidden($0, user, verb: verb) } ?? .unauthorized
        }
        return FakeUser(name, rules: [])
    }

    private mutating func perform(_ call: Call) throws(APIFailure) -> FakeResponse {
        switch call.target.verb {
        case .get: try get(call)
        case .list: try list(call)
        case .watch: try watch(call)
        case .create: try create(call)
        case .update: try replace(call)
        case .patch: try patch(call)
        case .delete: try delete(call)
        case .deletecollection: try deleteCollection(call)
        }
    }

    private func checkExistence(_ target: RequestTarget, _ request: FakeRequest) throws(APIFailure) {
        guard types.contains(target.type) else {
            let hasGroup = types.contains { $0.group == target.type.group && $0.version == target.type.version }
            throw hasGroup ? .unknownResource : .unknownPath
        }
        if let subresource = target.subresource {
            let isKnown = (subresource == "status" && target.type.hasStatus) || (subresource == "scale" && target.type.scale != nil)
            guard isKnown else { throw .unknownResource }
            guard [.get, .update, .patch].contains(target.verb) else { throw .methodNotAllowed }
        }
    }

    private func checkAccept(_ request: FakeRequest) throws(APIFailure) {
        let accept = request.header("Accept") ?? "*/*"
        let types = accept.split(separator: ",").map { $0.prefix { $0 != ";" } }
        guard !types.contains(where: { ["application/json", "*/*", "application/*"].contains(String($0.filter { $0 != " " })) }) else {
            return
        }
        let list =
            "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
        throw APIFailure(
            code: 406, reason: "NotAcceptable", message: "406: Not Acceptable\n\nAvailable representations: " + list, details: [:])
    }
}

enum ObjectNames {
    /// The one name that a field selector asks for: access rules by name hold for it.
    static func single(in query: [String: String]) -> String? {
        query["fieldSelector"].flatMap { $0.droppingPrefix("metadata.name=") }.flatMap { $0.contains(",") ? nil : $0 }
    }
}
