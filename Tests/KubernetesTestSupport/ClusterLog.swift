/// A request as the cluster saw it.
public struct RequestRecord: Sendable, Hashable {
    /// 1 for the first request.
    public let number: Int
    public let time: FakeTime
    public let user: String
    public let method: String
    /// "get", "list", "watch", "patch", …; empty for a path that is no resource.
    public let verb: String
    public let target: String
    public var status: Int
    /// Whether it changed anything that is kept.
    public var tookEffect: Bool
    /// The fault that was played, if any.
    public var fault: String?
}

/// A write that took effect.
public struct WriteRecord: Sendable, Hashable {
    /// Of the request; `nil` for what the cluster's own controllers wrote.
    public let request: Int?
    public let time: FakeTime
    public let user: String
    public let manager: String
    /// "create", "update", "patch", "delete"
    public let verb: String
    /// "deployments.apps"
    public let resource: String
    public let namespace: String
    public let name: String
    public let subresource: String?
    public let resourceVersion: Int
    /// `nil` for a creation.
    public let before: JSONValue?
    /// For a deletion, the object as it was last.
    public let after: JSONValue

    /// For a log file.
    public var json: JSONValue {
        var value: JSONValue = [
            "time": .string(time.microText), "user": .string(user), "manager": .string(manager), "verb": .string(verb),
            "resource": .string(resource), "namespace": .string(namespace), "name": .string(name),
            "resourceVersion": .integer(Int64(resourceVersion)), "after": after,
        ]
        value["request"] = request.map { .integer(Int64($0)) }
        value["subresource"] = subresource.map { .string($0) }
        value["before"] = before
        return value
    }
}
