/// How long each part of a request may take; `nil` is no limit.
public struct Deadlines: Sendable, Hashable {
    /// Name resolution, TCP and TLS together.
    public var connect: Duration?
    /// From the moment the request is sent to the first byte of the answer.
    public var firstByte: Duration?
    /// Between two pieces of an answer, while the reader takes them.
    public var idle: Duration?
    /// From the call to the last byte, redirects and the reader's own time included.
    public var total: Duration?

    public init(
        connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(60), idle: Duration? = .seconds(60), total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

/// Which version of HTTP to speak.
public enum HTTPVersionPreference: Sendable, Hashable {
    /// For whole answers as ``http2``, for streamed ones as ``http1``: while one stream of an HTTP/2 connection waits for its reader,
    /// libcurl (up to 7.88 at least) holds up all others of the connection.
    case automatic
    case http1
    /// HTTP/2 where a TLS server offers it, HTTP/1.1 elsewhere. Who streams so must read on while waiting for another answer of that server.
    case http2
    /// HTTP/2 without asking, for servers without TLS that speak nothing else.
    case http2PriorKnowledge
}

/// One request. Names, values, method and address are checked before anything is sent.
public struct HTTPRequest: Sendable {
    /// A token such as `GET`; case matters.
    public var method: String
    /// Absolute, `http` or `https`, ASCII.
    public var url: String
    /// Sent in this order. `Content-Length` and `Transfer-Encoding` are the transport's own and refused here.
    public var headers: [(name: String, value: String)]
    /// `nil` sends none; an empty one is sent with length 0.
    public var body: [UInt8]?
    public var deadlines: Deadlines
    /// Of all heads and trailers of the answer together, at least 1.
    public var maxHeaderBytes: Int
    /// Of a whole answer; a streamed one may be longer.
    public var maxBodyBytes: Int
    /// How much of a streamed body waits for its reader before the transfer pauses. One delivery of libcurl may exceed it.
    public var streamBufferBytes: Int
    /// How much of a streamed answer gathers before its reader is woken; its end wakes in any case, and no more than
    /// `streamBufferBytes` gathers. Times are taken before, so that who only measures loses nothing and is woken once instead of for
    /// every token. With 0 the head and every piece wake.
    public var wakeAfterBytes: Int
    /// How many redirects to follow; with 0 a redirect is an answer like any other. What leads to another scheme, host or port gets
    /// neither credentials nor the client certificate, and only headers that say nothing about the sender.
    public var followRedirects: Int
    /// `nil` trusts the system's authorities.
    public var tls: TLSSettings?
    public var httpVersion: HTTPVersionPreference
    /// Whether to open a connection for this request alone.
    public var newConnection: Bool
    /// Whether to open a connection although others are idle, and to leave it to later requests.
    public var opensConnection: Bool
    /// Not to be sent before this moment, and right at it where a connection is idle; deadlines count from then. The transport's thread
    /// waits for it itself, so that no task needs to wake up in time.
    public var startAt: MonotonicTime?

    public init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        deadlines: Deadlines = Deadlines(), maxHeaderBytes: Int = 64 << 10, maxBodyBytes: Int = 16 << 20,
        streamBufferBytes: Int = 256 << 10, wakeAfterBytes: Int = 0, followRedirects: Int = 0, tls: TLSSettings? = nil,
        httpVersion: HTTPVersionPreference = .automatic, newConnection: Bool = false, opensConnection: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadlines = deadlines
        self.maxHeaderBytes = maxHeaderBytes
        self.maxBodyBytes = maxBodyBytes
        self.streamBufferBytes = streamBufferBytes
        self.wakeAfterBytes = wakeAfterBytes
        self.followRedirects = followRedirects
        self.tls = tls
        self.httpVersion = httpVersion
        self.newConnection = newConnection
        self.opensConnection = opensConnection
    }
}
