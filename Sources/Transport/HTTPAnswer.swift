/// What a server answered, with the whole body as it was sent: nothing is decompressed.
public struct HTTPAnswer: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: [UInt8]
    public let timings: PhaseTimings
}

/// A piece of a body, as it came out of the connection.
public struct BodyChunk: Sendable {
    public let bytes: [UInt8]
    /// Taken when the network delivered it, before anything else was done with it.
    public let receivedAt: MonotonicTime
}

/// What a server began to answer.
public struct StreamingAnswer: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    /// When the request was handed to the socket.
    public let sentAt: MonotonicTime
    /// When the head began to arrive.
    public let headAt: MonotonicTime
    /// To be read once, by one task. Letting go of it aborts the transfer.
    public let body: BodyStream
}

/// The start of an answer, as soon as its headers are complete.
struct AnswerHead: Sendable {
    var status: Int
    var headers = HTTPHeaders()
    var sentAt: MonotonicTime
    var headAt: MonotonicTime
}
