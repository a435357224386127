/// What carrying out a recommendation would send, and what would take it back.
public enum PlannedChange: Sendable, Codable, Hashable {
    case exact(apply: PatchRequest, undo: PatchRequest)
    /// Why no exact request can be given, with the cure.
    case none(reason: String)
}

/// One request that changes an object in a cluster, exactly as it would be sent; the method is always PATCH.
public struct PatchRequest: Sendable, Codable, Hashable {
    /// Path of the API, e.g. `/apis/apps/v1/namespaces/llm/deployments/chat-8b/scale`.
    public var path: String
    public var contentType: ContentType
    /// JSON.
    public var body: String
    /// The same for a person with kubectl.
    public var command: String

    /// The method of every such request.
    public static let method = "PATCH"

    public init(path: String, contentType: ContentType, body: String, command: String) {
        self.path = path
        self.contentType = contentType
        self.body = body
        self.command = command
    }

    public enum ContentType: String, Sendable, Codable, Hashable {
        case json = "application/json-patch+json"
        case strategicMerge = "application/strategic-merge-patch+json"
        case merge = "application/merge-patch+json"
    }
}
