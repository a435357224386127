import TestSupport

/// Serves a ``FakeCluster`` over HTTP on 127.0.0.1.
///
///     let cluster = FakeCluster(namespaces: ["llm"])
///     cluster.admit(.administrator, token: "secret")
///     let server = try FakeAPIServer(cluster)
///     defer { server.stop() }
///     … server.url …
public final class FakeAPIServer: Sendable {
    public let cluster: FakeCluster
    private let server: LoopbackServer

    public init(_ cluster: FakeCluster) throws {
        self.cluster = cluster
        server = try LoopbackServer { request, writer in
            let fake = FakeRequest(
                request.method, request.target, headers: request.headers.map { .init($0.name, $0.value) }, body: request.body)
            if let answer = AdminPaths.answer(fake, cluster) { return try writer.answer(answer) }
            switch cluster.serve(fake) {
            case .response(let response): try Self.send(response, of: cluster, to: writer)
            case .cutInAnswer(let response): try Self.sendHalf(response, to: writer)
            case .cut: writer.cut(.close)
            }
        }
    }

    /// `http://127.0.0.1:PORT`
    public var url: String { server.url }

    /// Ends all watches and stalled requests, and every connection.
    public func stop() {
        cluster.abandonStalled()
        cluster.cutWatches()
        server.stop()
    }

    private static func send(_ response: FakeResponse, of cluster: FakeCluster, to writer: LoopbackWriter) throws {
        guard case .watch(let watch) = response.body else { return try writer.answer(response) }
        defer { cluster.endWatch(watch.id) }
        try writer.begin(response.status, headers: response.headers.map { ($0.name, $0.value) })
        try stream(watch, of: cluster, to: writer)
    }

    /// How often a watch without events looks whether its client is still there.
    private static let pollMilliseconds = 50

    /// Sends events until the server ends the stream, its time is over or the client is gone. A bookmark comes 2 s before the end.
    private static func stream(_ watch: FakeWatch, of cluster: FakeCluster, to writer: LoopbackWriter) throws {
        let clock = ContinuousClock()
        let end = watch.timeoutSeconds.map { clock.now + .seconds($0) }
        var bookmark = watch.timeoutSeconds.flatMap { $0 > 2 ? clock.now + .seconds($0 - 2) : nil }
        while writer.wait(.zero) {
            switch watch.next(withinMilliseconds: pollMilliseconds) {
            case .event(let event): try writer.chunk(event.json + "\n")
            case .end: return try writer.end()
            case .cut: return writer.cut(.close)
            case nil: if let end, clock.now >= end { return try writer.end() }
            }
            if let due = bookmark, clock.now >= due {
                cluster.sendBookmark(to: watch.id)
                bookmark = nil
            }
        }
    }

    private static func sendHalf(_ response: FakeResponse, to writer: LoopbackWriter) throws {
        guard case .whole(let bytes) = response.body else { return writer.cut(.close) }
        let headers = response.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = "HTTP/1.1 \(response.status) Status\r\n\(headers)Content-Length: \(bytes.count)\r\n\r\n"
        try writer.raw(Array(head.utf8) + bytes.prefix(bytes.count / 2))
        writer.cut(.close)
    }
}

extension LoopbackWriter {
    fileprivate func answer(_ response: FakeResponse) throws {
        guard case .whole(let bytes) = response.body else { return }
        try answer(response.status, headers: response.headers.map { ($0.name, $0.value) }, body: bytes)
    }
}
