/// One exchange with a server of metrics: what telemetry needs of a transport.
public protocol MetricsFetch: Sendable {
    /// - Throws: ``FetchError`` where no answer came; an answer of any status is returned.
    func fetch(_ request: MetricsRequest) async throws(FetchError) -> MetricsAnswer
}

public struct MetricsRequest: Sendable, Hashable {
    public var url: String
    /// Sent by POST as `application/x-www-form-urlencoded` where present; GET otherwise.
    public var form: [UInt8]?
    /// The value of the `Authorization` header. Never to be logged.
    public var authorization: String?
    /// For the whole exchange.
    public var timeout: Duration
    /// Of the body; a longer one is an error.
    public var limitBytes: Int

    public init(url: String, form: [UInt8]? = nil, authorization: String? = nil, timeout: Duration, limitBytes: Int) {
        self.url = url
        self.form = form
        self.authorization = authorization
        self.timeout = timeout
        self.limitBytes = limitBytes
    }
}

public struct MetricsAnswer: Sendable, Hashable {
    public var status: Int
    public var body: [UInt8]

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why no answer came: a clause for people, without credentials, such as `connection refused`.
public struct FetchError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
