/// Where the time of one request went. After redirects these are the figures of the last request alone.
public struct PhaseTimings: Sendable, Hashable {
    public enum HTTPVersion: String, Sendable, Hashable {
        case http10 = "1.0"
        case http11 = "1.1"
        case http2 = "2"
        case other
    }

    /// When the transport took the request up.
    public let startedAt: MonotonicTime
    /// When the connection was ready and the request was handed to the socket.
    public let sentAt: MonotonicTime?
    /// When the head of the answer began to arrive.
    public let headAt: MonotonicTime?
    /// When all was over.
    public let endedAt: MonotonicTime
    /// Name resolution; `nil` on a connection that was there already, as are the next two.
    public let dns: Duration?
    /// TCP, without name resolution.
    public let connect: Duration?
    /// The TLS handshake; `nil` without TLS.
    public let tls: Duration?
    public let reusedConnection: Bool
    /// Of head and body, as they were sent.
    public let bytesSent: Int
    /// Of head and body, as they came.
    public let bytesReceived: Int
    public let httpVersion: HTTPVersion

    /// From sending the request to the first byte of the answer.
    public var firstByte: Duration? {
        guard let sentAt, let headAt else { return nil }
        return headAt - sentAt
    }

    /// From taking the request up to its end.
    public var total: Duration { endedAt - startedAt }
}
