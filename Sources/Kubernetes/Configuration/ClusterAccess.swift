public import Transport

/// Where an API server is, whom to believe there, and who to be.
public struct ClusterAccess: Sendable {
    /// Scheme, host, port and perhaps a path, without a slash at the end: `https://10.0.0.1:443`.
    public let server: String
    /// Trust and, where the credentials are a client certificate, the identity.
    public let tls: TLSSettings
    /// Where objects without a namespace are looked for.
    public let namespace: String
    public let impersonation: Impersonation?
    let credentials: Credentials
    /// Where this comes from, for errors: a file and its context, or the service account.
    public let origin: String

    /// - Throws: `ConfigurationError` where the address is none, or the credentials would go over the network in the clear.
    init(
        server: String, tls: TLSSettings = TLSSettings(), namespace: String = "default",
        impersonation: Impersonation? = nil, credentials: Credentials = .none, origin: String
    ) throws(ConfigurationError) {
        guard let address = ServerAddress(server) else {
            throw ConfigurationError(
                origin, "the server's address is not one of scheme, host and port", cure: "write it as https://HOST:PORT")
        }
        guard address.isEncrypted || address.isLoopback || credentials.isNone else {
            throw ConfigurationError(
                origin, "credentials would go to \(address.text) in the clear", cure: "use an https:// address, or remove the credentials")
        }
        self.server = address.text
        self.tls = tls
        self.namespace = namespace
        self.impersonation = impersonation
        self.credentials = credentials
        self.origin = origin
    }

    /// Access to a server that asks for nothing, such as `kubectl proxy`, or for a token that does not change.
    /// - Throws: `ConfigurationError` where the address is none, or the token would go over the network in the clear.
    public init(server: String, token: String? = nil, tls: TLSSettings = TLSSettings()) throws(ConfigurationError) {
        try self.init(server: server, tls: tls, credentials: token.map { .token($0) } ?? .none, origin: "access to \(server)")
    }
}

extension ClusterAccess: CustomStringConvertible {
    /// The server and where this is from, without secrets.
    public var description: String { "\(server) by \(credentials) (\(origin))" }
}

/// Another user to act as.
public struct Impersonation: Sendable, Hashable {
    public var user: String
    public var groups: [String]
    public var uid: String?

    public init(user: String, groups: [String] = [], uid: String? = nil) {
        self.user = user
        self.groups = groups
        self.uid = uid
    }

    var headers: [(name: String, value: String)] {
        [("Impersonate-User", user)] + groups.map { ("Impersonate-Group", $0) } + (uid.map { [("Impersonate-Uid", $0)] } ?? [])
    }
}

/// How to prove who one is. Its description holds no secret.
enum Credentials: Sendable, CustomStringConvertible {
    /// None, or a client certificate.
    case none
    case token(String)
    /// A file that is written anew when its token changes; the token beside it serves until the file can be read.
    case tokenFile(path: String, fallback: String?)
    case password(user: String, password: String)
    case plugin(ExecPlugin)

    var isNone: Bool { if case .none = self { true } else { false } }

    var description: String {
        switch self {
        case .none: "no credentials"
        case .token: "a token"
        case .tokenFile(let path, _): "the token in \(path)"
        case .password(let user, _): "the password of \(user)"
        case .plugin(let plugin): "the plugin \(plugin.command)"
        }
    }
}

/// The parts of a server's address that decide about it.
struct ServerAddress {
    let text: String
    let isEncrypted: Bool
    let host: String

    /// `nil` for what is no address of http or https, and for one that carries a user, a query or a fragment.
    init?(_ address: String) {
        let trimmed = address.trimmed
        let lowered = trimmed.lowercased()
        guard lowered.hasPrefix("https://") || lowered.hasPrefix("http://"), trimmed.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        isEncrypted = lowered.hasPrefix("https://")
        let rest = trimmed.drop { $0 != ":" }.dropFirst(3)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, !rest.contains("?"), !rest.contains("#"), !authority.contains("@"), !rest.contains("\\") else {
            return nil
        }
        host = authority.hasPrefix("[") ? String(authority.dropFirst().prefix { $0 != "]" }) : String(authority.prefix { $0 != ":" })
        guard !host.isEmpty else { return nil }
        text = String(trimmed.reversed().drop { $0 == "/" }.reversed())
    }

    var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}
