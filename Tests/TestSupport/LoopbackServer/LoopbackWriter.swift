/// How a handler of a ``LoopbackServer`` answers, well or badly. Every call writes at once and belongs on the handler's own thread.
///
/// A handler that returns after a whole answer keeps the connection open for the next request (unless the client asked to close it); one
/// that returns without an answer, in the middle of one, or after `raw` ends the connection in an orderly way. Writing to a
/// peer that is gone throws, and a handler lets that error pass.
public final class LoopbackWriter {
    /// How a connection ends before its time.
    public enum Cut: Sendable {
        /// An orderly end of the stream (FIN).
        case close
        /// A reset (RST); what the client has not read yet may be lost.
        case reset
    }

    enum Progress { case nothing, streaming, whole, unframed, cut }

    private let socket: StreamSocket
    private let isHead: Bool
    private(set) var progress = Progress.nothing

    init(socket: StreamSocket, answering request: LoopbackRequest) {
        self.socket = socket
        isHead = request.method == "HEAD"
    }

    /// A whole answer with its length.
    public func answer(_ status: Int = 200, headers: [(String, String)] = [], body: [UInt8]) throws {
        let length = headers.contains { $0.0.lowercased() == "content-length" } ? [] : [("Content-Length", "\(body.count)")]
        try socket.send(Self.head(status, headers + length) + (isHead ? [] : body))
        progress = .whole
    }

    public func answer(_ status: Int = 200, headers: [(String, String)] = [], _ body: String = "") throws {
        try answer(status, headers: headers, body: Array(body.utf8))
    }

    /// A whole answer that all is well.
    public func answer(_ body: String) throws { try answer(200, body) }

    /// The head of an answer that comes in chunks.
    public func begin(_ status: Int = 200, headers: [(String, String)] = []) throws {
        try socket.send(Self.head(status, headers + [("Transfer-Encoding", "chunked")]))
        progress = .streaming
    }

    /// One chunk, in one packet where it fits; empty ones are left out, since they would end the body.
    public func chunk(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        try socket.send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10])
    }

    public func chunk(_ text: String) throws { try chunk(Array(text.utf8)) }

    /// The end of an answer that came in chunks.
    public func end() throws {
        try socket.send(Array("0\r\n\r\n".utf8))
        progress = .whole
    }

    /// Bytes as they are, in place of an answer or inside one.
    public func raw(_ bytes: [UInt8]) throws {
        try socket.send(bytes)
        progress = .unframed
    }

    public func raw(_ text: String) throws { try raw(Array(text.utf8)) }

    /// Waits, but no longer than the client stays connected and the server runs.
    /// - Returns: Whether the client is still there.
    @discardableResult
    public func wait(_ time: Duration) -> Bool {
        let milliseconds = time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000
        return !socket.waitForHangup(milliseconds: Int32(clamping: milliseconds))
    }

    /// Says nothing more until the client goes away or the server stops.
    public func stall() { _ = socket.waitForHangup(milliseconds: -1) }

    /// Ends the connection here, whatever has been written so far.
    public func cut(_ how: Cut) {
        if how == .reset { socket.resetOnClose() }
        progress = .cut
    }

    /// Makes writing wait as soon as the client has this much to read, apart from what the client's own system keeps for it.
    public func limitSendBuffer(bytes: Int) { socket.limitSendBuffer(bytes: Int32(clamping: bytes)) }

    private static func head(_ status: Int, _ headers: [(String, String)]) -> [UInt8] {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) Status\r\n\(lines)\r\n".utf8)
    }
}
