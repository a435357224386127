/// The body of an answer, piece by piece as the network brings it.
///
/// One task reads it, once. A slow reader makes the server wait: no more than the request's `streamBufferBytes`, and one delivery of
/// libcurl, is kept. Cancelling the reading task, ``cancel()`` or letting go of the stream aborts the transfer.
public final class BodyStream: AsyncSequence, Sendable {
    public typealias Element = BodyChunk
    public typealias Failure = TransportError

    private let stream: AnswerStream
    private let client: HTTPClient  // Lives as long as somebody reads.

    init(_ stream: AnswerStream, client: HTTPClient) {
        self.stream = stream
        self.client = client
    }

    deinit { stream.cancel() }

    /// Where the time went; `nil` until the last piece has arrived.
    public var timings: PhaseTimings? { stream.timings }

    /// The bytes that have arrived and were not read yet.
    public var bufferedBytes: Int { stream.bufferedBytes }

    /// Aborts the transfer; the reader gets `cancelled`.
    public func cancel() { stream.cancel() }

    /// All pieces that have arrived and were not read yet, at least one; `nil` at the end. Cheaper than one after the other; as much again
    /// may gather while they are read.
    public func nextPieces() async throws(TransportError) -> BodyPieces? { try await stream.nextPieces() }

    public func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: BodyStream

        public mutating func next() async throws(TransportError) -> BodyChunk? { try await body.stream.next() }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(TransportError) -> BodyChunk? {
            try await body.stream.next()
        }
    }
}
