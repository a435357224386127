import Foundation
import Synchronization

/// A scriptable HTTP/1.1 server on 127.0.0.1, for tests against real sockets. It records what it received.
///
///     let server = try LoopbackServer { request, writer in
///         guard request.path == "/v1/models" else { return try writer.answer(404) }
///         try writer.begin(headers: [("Content-Type", "text/event-stream")])
///         try writer.chunk("data: one\n\n")
///         writer.cut(.reset)
///     }
///     defer { server.stop() }
///     … request server.url + "/v1/models" …
///     #expect(server.record.requests.map(\.method) == ["GET"])
///
/// Each connection has its own thread, on which the handler runs and may block; it gets every request of the connection in turn.
public final class LoopbackServer: Sendable {
    public typealias Handler = @Sendable (_ request: LoopbackRequest, _ writer: LoopbackWriter) throws -> Void

    /// What has happened so far.
    public struct Record: Sendable {
        /// In the order their heads and bodies were complete.
        public var requests: [LoopbackRequest] = []
        public var connectionsOpened = 0
        public var connectionsClosed = 0

        public var openConnections: Int { connectionsOpened - connectionsClosed }
    }

    private struct State {
        var record = Record()
        var connections: [Int: StreamSocket] = [:]
        var watchers: [UUID: AsyncStream<Record>.Continuation] = [:]
        var isStopped = false
    }

    /// The port of 127.0.0.1 it listens on.
    public let port: Int
    private let listener: StreamSocket
    private let handler: Handler
    private let state = Mutex(State())
    private let threads = DispatchGroup()

    /// Starts to listen, on a port that the system chooses.
    /// - Parameter handler: Answers a request; an error it throws ends the connection.
    public init(_ handler: @escaping Handler) throws {
        listener = try .listening()
        port = try listener.port()
        self.handler = handler
        startThread { $0.acceptAll() }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    public var record: Record { state.withLock(\.record) }

    /// Waits until the record satisfies a condition.
    /// - Returns: Whether it did within the limit.
    public func wait(within limit: Duration = .seconds(10), until satisfied: @escaping @Sendable (Record) -> Bool) async -> Bool {
        let (changes, continuation) = AsyncStream.makeStream(of: Record.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        state.withLock {
            $0.watchers[id] = continuation
            continuation.yield($0.record)
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            continuation.finish()
        }
        defer {
            timer.cancel()
            state.withLock { _ = $0.watchers.removeValue(forKey: id) }
        }
        for await record in changes where satisfied(record) { return true }
        return false
    }

    /// Ends all connections and waits until every handler has returned.
    public func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            for socket in state.connections.values { socket.shutDown() }
            return !state.isStopped
        }
        if isFirst { listener.shutDown() }
        threads.wait()
    }

    private func startThread(_ body: @escaping @Sendable (LoopbackServer) -> Void) {
        threads.enter()
        let thread = Thread {
            body(self)
            self.threads.leave()
        }
        thread.stackSize = 512 << 10
        thread.start()
    }

    private func acceptAll() {
        while let socket = try? listener.accept() {  // Fails when the server stops.
            guard let number = open(socket) else { break }
            startThread { $0.serve(socket, number) }
        }
        listener.close()
    }

    private func open(_ socket: StreamSocket) -> Int? {
        let number = change { state -> Int? in
            guard !state.isStopped else { return nil }
            let number = state.record.connectionsOpened
            state.record.connectionsOpened += 1
            state.connections[number] = socket
            return number
        }
        if number == nil { socket.close() }
        return number
    }

    private func serve(_ socket: StreamSocket, _ number: Int) {
        var reader = LoopbackRequestReader(socket: socket, connection: number)
        // What a client breaks ends its connection; the test sees it in the record.
        while let request = try? reader.next() {
            change { $0.record.requests.append(request) }
            let writer = LoopbackWriter(socket: socket, answering: request)
            do { try handler(request, writer) } catch { break }
            guard writer.progress == .whole, request.header("Connection")?.lowercased() != "close" else { break }
        }
        change { state in
            state.connections[number] = nil
            state.record.connectionsClosed += 1
            socket.close()  // Under the lock, so that `stop` never shuts down a descriptor somebody else got since.
        }
    }

    @discardableResult
    private func change<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in
            let result = body(&state)
            for watcher in state.watchers.values { watcher.yield(state.record) }
            return result
        }
    }
}
