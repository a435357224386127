/// What all requests of a client share.
public struct ClientSettings: Sendable, Hashable {
    public enum Proxy: Sendable, Hashable {
        /// As `http_proxy`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say; `HTTP_PROXY` in capitals is ignored, since servers set it from
        /// a header of that name.
        case environment
        case none
    }

    /// Kept open for the next requests; beyond it the oldest is closed. Taken into `1...100_000`: libcurl takes 0 for a default of its own.
    public var maxIdleConnections: Int
    /// How long an unused connection may be taken again, `1 s...1 d`.
    public var idleConnectionLifetime: Duration
    /// Sent where a request has no `User-Agent` of its own.
    public var userAgent: String
    public var proxy: Proxy
    /// How long bytes may lie in the system's buffers where many streams bring some, up to a second. Their times are the system's own, so
    /// that who only measures loses nothing, and a thousand streams cost half; with zero they are read at once.
    public var readInterval: Duration

    static let mostIdleConnections = 100_000

    public init(
        maxIdleConnections: Int = 1024, idleConnectionLifetime: Duration = .seconds(110), userAgent: String = "llm-auto-optimizer",
        proxy: Proxy = .environment, readInterval: Duration = .zero
    ) {
        self.maxIdleConnections = maxIdleConnections
        self.idleConnectionLifetime = idleConnectionLifetime
        self.userAgent = userAgent
        self.proxy = proxy
        self.readInterval = readInterval
    }

    /// For measuring up to this many streams at once: each keeps its connection, and what they bring is read together.
    public static func measuring(streams: Int) -> ClientSettings {
        ClientSettings(maxIdleConnections: max(streams, 16), readInterval: .milliseconds(1))
    }
}

/// Sends requests over connections it keeps and reuses. All of its work with the network happens on one thread of its own.
///
/// A request whose connection breaks before an answer is repeated only where its method is idempotent and the connection was an old one.
/// Bodies are never decompressed, cookies never kept, `.netrc` never read. Letting go of a client shuts it down.
public final class HTTPClient: Sendable {
    private let loop: EventLoop

    /// - Throws: ``TransportError`` of kind `invalidRequest` where the user agent is no header value, of kind `couldNotConnect` where the system gives no thread or descriptor.
    public init(settings: ClientSettings = ClientSettings()) throws(TransportError) {
        guard CheckedRequest.isFieldValue(settings.userAgent) else {
            throw TransportError(.invalidRequest, origin: "", cause: "the user agent holds a line break or another control character")
        }
        loop = try EventLoop(settings: settings)
    }

    deinit { loop.stop() }

    /// Sends a request and returns the whole answer, whatever its status.
    public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPAnswer {
        try await follow(request) { (checked) async throws(TransportError) in
            let answer = try await WholeAnswer(limitBytes: checked.request.maxBodyBytes, loop: self.loop).fetch(checked)
            return (answer, answer.status, answer.headers)
        }
    }

    /// Sends a request and returns when the headers of the answer are there, whatever its status.
    public func stream(_ request: HTTPRequest) async throws(TransportError) -> StreamingAnswer {
        var request = request
        if request.httpVersion == .automatic { request.httpVersion = .http1 }
        return try await follow(request) { (checked) async throws(TransportError) in
            let stream = AnswerStream(checked, loop: self.loop)
            let head = try await stream.open(checked)
            let answer = StreamingAnswer(
                status: head.status, headers: head.headers, sentAt: head.sentAt, headAt: head.headAt,
                body: BodyStream(stream, client: self))
            return (answer, head.status, head.headers)
        }
    }

    /// Cancels all requests, closes all connections and returns when the thread has let go of all descriptors. Later requests are cancelled.
    public func shutdown() async {
        loop.stop()
        await loop.waitUntilOver()
    }

    private func follow<Answer>(
        _ request: HTTPRequest,
        _ exchange: (CheckedRequest) async throws(TransportError) -> (answer: Answer, status: Int, headers: HTTPHeaders)
    ) async throws(TransportError) -> Answer {
        var checked = try CheckedRequest(request)
        let end = request.deadlines.total.map { max(.now, request.startAt ?? .now) + $0 }
        for hop in 0... {
            let (answer, status, headers) = try await exchange(checked)
            guard request.followRedirects > 0, var next = try Redirect.next(after: checked, status: status, headers: headers) else {
                return answer
            }
            let origin = checked.address.origin.description
            guard hop < request.followRedirects else {
                throw TransportError(
                    .tooManyRedirects(limit: request.followRedirects), origin: origin,
                    cause: "more than \(request.followRedirects) redirects", mayHaveReachedServer: true)
            }
            if let end {
                let left = end - .now
                guard left > .zero else {
                    throw TransportError(
                        .timedOut(.total), origin: origin, cause: "redirects took all the time allowed", mayHaveReachedServer: true)
                }
                next.deadlines.total = left
            }
            checked = try CheckedRequest(next)
        }
        preconditionFailure("an endless range ended")
    }
}
