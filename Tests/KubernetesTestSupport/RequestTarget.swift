/// What a request's path and method mean.
struct RequestTarget: Sendable, Hashable {
    enum Verb: String, Sendable {
        case get, list, watch, create, update, patch, delete, deletecollection
    }

    var type: ResourceType
    var verb: Verb
    var namespace: String?
    var name: String?
    var subresource: String?

    /// What access rules name: "deployments/scale".
    var resource: String { subresource.map { type.plural + "/" + $0 } ?? type.plural }

    /// The parts of a resource path: `/api/v1/…`, `/apis/apps/v1/…`; `nil` for every other path.
    struct Parts {
        var group: String
        var version: String
        var namespace: String?
        var plural: String
        var name: String?
        var subresource: String?
        var isWatch = false

        init?(path: String) {
            var rest = path.split(separator: "/").map(String.init)[...]
            guard let root = rest.popFirst(), root == "api" || root == "apis" else { return nil }
            if root == "apis" {
                guard let name = rest.popFirst() else { return nil }
                group = name
            } else {
                group = ""
            }
            guard let version = rest.popFirst(), !rest.isEmpty else { return nil }
            self.version = version
            if rest.first == "watch" {
                isWatch = true
                rest = rest.dropFirst()
            }
            if rest.first == "namespaces", rest.count >= 3, !(rest.count == 3 && Self.namespaceSubresources.contains(rest.last ?? "")) {
                namespace = rest.dropFirst().first
                rest = rest.dropFirst(2)
            }
            guard let plural = rest.popFirst(), rest.count <= 2 else { return nil }
            self.plural = plural
            name = rest.popFirst()
            subresource = rest.popFirst()
        }

        private static let namespaceSubresources = ["status", "finalize"]
    }

    static func verb(method: String, hasName: Bool, watches: Bool) -> Verb? {
        switch (method, hasName) {
        case ("GET", _) where watches: .watch
        case ("GET", true): .get
        case ("GET", false): .list
        case ("POST", false): .create
        case ("POST", true): .create
        case ("PUT", true): .update
        case ("PATCH", true): .patch
        case ("DELETE", true): .delete
        case ("DELETE", false): .deletecollection
        default: nil
        }
    }

    var isWrite: Bool { ![.get, .list, .watch].contains(verb) }
}
