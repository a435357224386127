import Documents
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

/// Where a secret is.
public enum SecretPlace: Sendable, Hashable {
    case environment(String)
    case file(String)

    /// A secret is one line, of 64 KiB at most, without the blanks around it.
    func read(_ environment: [String: String]) throws(SecretMissing) -> String {
        let text: String?
        switch self {
        case .environment(let name): text = environment[name]
        case .file(let path):
            // Why it cannot be read is one with its absence: the place is named either way.
            text = (try? FileContent.read(path: path, limitBytes: 64 << 10)).map { String(decoding: $0, as: UTF8.self) }
        }
        let lines = (text ?? "").split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        let secret = lines.first.map { $0.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed() }
        guard let secret, !secret.isEmpty, lines.count == 1 else { throw SecretMissing(place: self) }
        return String(secret)
    }
}

/// A secret is not where it should be.
public struct SecretMissing: Error, Sendable, Hashable, CustomStringConvertible {
    public let place: SecretPlace

    public var description: String {
        switch place {
        case .environment(let name): "the environment variable \(name) holds no key: set it to one line"
        case .file(let path): "the file \(path) holds no key: it must be readable and hold one line"
        }
    }
}
