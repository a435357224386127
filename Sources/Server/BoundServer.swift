import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// A server that lives as long as a piece of work beside it.
enum BoundServer {
    /// Connections at most.
    static let connections = 1_024
    /// A connection on which nothing happens is closed.
    private static let idleTimeout = TimeAmount.seconds(120)

    /// Serves while the work runs; the port is free again when this returns.
    ///
    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - work: Gets the port. Its cancellation, its error and its result are this function's.
    static func serve<Result: Sendable>(
        _ router: Router<BasicRequestContext>, host: String, port: Int, while work: @Sendable @escaping (Int) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "server")
        logger.logLevel = .critical  // Its lines would stand between those of the command.
        let bound = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, server: .http1(configuration: .init(idleTimeout: idleTimeout)),
            configuration: .init(
                address: .hostname(host, port: port), availableConnectionsDelegate: MaximumAvailableConnections(connections)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { bound.continuation.yield(port) }
            }, logger: logger)
        let service = ServiceGroup(services: [application], gracefulShutdownSignals: [], logger: logger)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                defer { bound.continuation.finish() }
                try await service.run()
                return nil
            }
            group.addTask {
                var ports = bound.stream.makeAsyncIterator()
                guard let port = await ports.next() else { return nil }
                let result = try await work(port)
                // Open connections are let go in order: cutting them off in the middle of being accepted is fatal to NIO.
                await service.triggerGracefulShutdown()
                return result
            }
            defer { group.cancelAll() }
            var result: Result?
            while let end = try await group.next() { result = end ?? result }
            guard let result else { throw CancellationError() }
            return result
        }
    }
}

extension Response {
    /// A text of a type.
    init(_ text: String, type: String, status: HTTPResponse.Status = .ok) {
        self.init(status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static let prometheusText = "text/plain; version=0.0.4; charset=utf-8"
}
