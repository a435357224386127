/// Whom to trust and who to be. The peer is always verified unless ``insecureSkipVerify`` says otherwise.
public struct TLSSettings: Sendable, Hashable {
    /// PEM, from a file or from memory.
    public enum Source: Sendable, Hashable {
        case file(String)
        case memory([UInt8])
    }

    /// A client certificate, with its chain if it has one, and the key that belongs to it.
    public struct ClientIdentity: Sendable, Hashable {
        public var certificate: Source
        public var key: Source

        public init(certificate: Source, key: Source) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The only authorities to trust; `nil` trusts the system's.
    public var authorities: Source?
    public var identity: ClientIdentity?
    /// The name the certificate must have, and that is asked for (SNI), where it differs from the host of the address.
    public var serverName: String?
    /// Believes any certificate: anyone in between can read and change everything.
    public var insecureSkipVerify: Bool

    public init(
        authorities: Source? = nil, identity: ClientIdentity? = nil, serverName: String? = nil, insecureSkipVerify: Bool = false
    ) {
        self.authorities = authorities
        self.identity = identity
        self.serverName = serverName
        self.insecureSkipVerify = insecureSkipVerify
    }
}
