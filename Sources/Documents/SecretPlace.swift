public import FoundationEssentials

/// Where a secret is.
public enum SecretPlace: Sendable, Hashable {
    case environment(String)
    case file(String)

    /// What it holds now: one line, of 64 KiB at most, without the blanks around it.
    /// - Throws: ``SecretMissing`` that names the place.
    public func read(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(SecretMissing) -> String {
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
