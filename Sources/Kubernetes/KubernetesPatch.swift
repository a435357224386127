/// The one request that makes a change in a cluster, exactly as it would be sent.
public struct KubernetesPatch: Sendable, Codable, Hashable {
    /// Path of the API, e.g. `/apis/apps/v1/namespaces/llm/deployments/chat-8b/scale`.
    public var path: String
    public var contentType: ContentType
    /// JSON.
    public var body: String
    /// The same for a person with kubectl.
    public var command: String

    /// The method is PATCH in every case.
    public static let method = "PATCH"

    public enum ContentType: String, Sendable, Codable, Hashable {
        case json = "application/json-patch+json"
        case strategicMerge = "application/strategic-merge-patch+json"
        case merge = "application/merge-patch+json"

        /// As kubectl's `--type` names it.
        var kubectlType: String {
            switch self {
            case .json: "json"
            case .strategicMerge: "strategic"
            case .merge: "merge"
            }
        }
    }
}

/// Why no exact patch can be given, with the cure.
public struct NoPatch: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
