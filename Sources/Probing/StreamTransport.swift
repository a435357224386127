/// Opens streams: what probing needs of a transport. Times are nanoseconds of the monotonic clock of the transport.
public protocol StreamTransport: Sendable {
    associatedtype Body: AsyncSequence & Sendable where Body.Element == StreamPiece
    /// Sends a request and returns when the head of the answer has come.
    ///
    /// What the body throws, and what this throws, says with ``StreamFailure`` what went wrong; other errors count as broken connections.
    func open(_ request: StreamRequest) async throws -> OpenStream<Body>
    /// Now, on the clock of ``StreamPiece/receivedAt``.
    var now: UInt64 { get }
}

public struct StreamRequest: Sendable, Hashable {
    public var url: String
    /// JSON, sent by POST.
    public var body: [UInt8]
    /// The value of the `Authorization` header. Never to be logged.
    public var authorization: String?
    /// For the whole exchange.
    public var timeout: Duration

    public init(url: String, body: [UInt8], authorization: String?, timeout: Duration) {
        self.url = url
        self.body = body
        self.authorization = authorization
        self.timeout = timeout
    }
}

/// An answer whose body is still coming.
public struct OpenStream<Body: AsyncSequence & Sendable>: Sendable where Body.Element == StreamPiece {
    public var status: Int
    /// When the request was handed to the connection; `nil` where the transport does not say.
    public var sentAt: UInt64?
    /// Name look-up, connection and TLS; zero on a warm connection, `nil` where the transport does not say.
    public var connectNanoseconds: UInt64?
    public var body: Body

    public init(status: Int, sentAt: UInt64? = nil, connectNanoseconds: UInt64? = nil, body: Body) {
        self.status = status
        self.sentAt = sentAt
        self.connectNanoseconds = connectNanoseconds
        self.body = body
    }
}

/// Bytes of a body as they arrived together.
public struct StreamPiece: Sendable, Hashable {
    public var bytes: [UInt8]
    public var receivedAt: UInt64

    public init(bytes: [UInt8], receivedAt: UInt64) {
        self.bytes = bytes
        self.receivedAt = receivedAt
    }
}

/// What went wrong below HTTP.
public struct StreamFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable, Hashable {
        /// Nobody answers at the address: no such name, refused, no route.
        case unreachable
        case timeout
        /// The connection ended in the middle.
        case disconnected
        case tls
        case cancelled
    }

    public let kind: Kind
    /// A clause for people, without credentials.
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
