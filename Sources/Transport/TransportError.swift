/// Why there is no answer, or no whole one. It never holds user information, paths or queries of an address, headers or bodies.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A part of a request's life that has a deadline of its own.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Name resolution, TCP and TLS.
        case connect
        /// From the request's sending to the answer's first byte.
        case firstByte
        /// Between two pieces of the answer.
        case idle
        /// All of it.
        case total
    }

    /// A bound that an answer broke.
    public enum Limit: Sendable, Hashable {
        case headerBytes(Int)
        case bodyBytes(Int)
    }

    /// What callers switch on.
    public enum Kind: Sendable, Hashable {
        /// The request cannot be sent as it is; nothing was.
        case invalidRequest
        /// The name of the host or the proxy has no address.
        case resolution
        /// No connection came about; nothing was sent.
        case couldNotConnect
        /// No trust came about; nothing was sent.
        case tls
        case timedOut(Phase)
        /// - bytesReceived: Of the body.
        case connectionLost(afterSending: Bool, bytesReceived: Int)
        case tooLarge(Limit)
        /// What came is not HTTP.
        case malformed
        case tooManyRedirects(limit: Int)
        /// The task was cancelled, the body given up, or the client shut down.
        case cancelled
    }

    public let kind: Kind
    /// Scheme, host and port, such as `https://api.internal:6443`; empty where the address could not be read.
    public let origin: String
    /// What happened, in words for people.
    public let cause: String
    /// Whether the server may have acted on the request. `false` is a promise: not a byte of the request was sent.
    public let mayHaveReachedServer: Bool

    init(_ kind: Kind, origin: String, cause: String, mayHaveReachedServer: Bool = false) {
        self.kind = kind
        self.origin = origin
        self.cause = cause
        self.mayHaveReachedServer = mayHaveReachedServer
    }

    public var description: String {
        let subject = origin.isEmpty ? "request" : "request to \(origin)"
        return "\(subject) failed: \(cause). \(mayHaveReachedServer ? "The server may have received it." : "Nothing was sent.")"
    }
}
