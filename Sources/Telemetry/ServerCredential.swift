public import Documents
public import FoundationEssentials

/// How to prove to a server who is asking. The secret is read from the environment or a file each time it is needed, so that one that was
/// renewed is found, and is part of no description.
public enum ServerCredential: Sendable, Hashable {
    case none
    case bearer(SecretPlace)
    case basic(user: String, SecretPlace)

    /// The value of the `Authorization` header; `nil` where none is needed.
    /// - Throws: ``SecretMissing`` that names the place.
    public func authorization(environment: [String: String] = ProcessInfo.processInfo.environment) throws(SecretMissing) -> String? {
        switch self {
        case .none: nil
        case .bearer(let place): "Bearer " + (try place.read(environment))
        case .basic(let user, let place):
            "Basic " + Data((user + ":" + (try place.read(environment))).utf8).base64EncodedString()
        }
    }
}
