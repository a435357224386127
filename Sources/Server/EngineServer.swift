import Hummingbird
import HummingbirdCore
import Logging
public import Simulation

/// A simulated engine behind the HTTP API that real ones have: OpenAI's chat completions, and vLLM's metrics.
///
/// Tokens come at the times the simulation gives them, brought to real time by ``ServerSettings/timeScale``. It listens on 127.0.0.1 only.
public struct EngineServer: Sendable {
    /// To be changed, and to be looked into.
    public let engine: EmbeddedEngine
    public let port: Int
    /// As requests name it.
    public let model: String

    /// Base URL of the API, such as `http://127.0.0.1:8000/v1`.
    public var endpoint: String { "http://127.0.0.1:\(port)/v1" }

    /// Serves while a body runs, and is gone, port and all, when this returns; answers under way are cut off.
    ///
    /// - Throws: What the body throws, or ``ServerStopped`` where the port cannot be had.
    @discardableResult public static func serve<Answer: Sendable>(
        _ setup: PoolSetup, settings: ServerSettings = ServerSettings(), _ body: @Sendable (EngineServer) async throws -> Answer
    ) async throws -> Answer {
        precondition(settings.timeScale > 0 && settings.timeScale.isFinite, "time runs \(settings.timeScale) times as fast")
        var setup = setup
        setup.listens = true
        let clock = ScaledClock(scale: settings.timeScale)
        let engine = EmbeddedEngine(setup, clock: { clock.now })
        let model = setup.profile.model
        let dispatcher = TokenDispatcher(
            engine: engine, clock: clock, metrics: ServerMetrics(clock: clock, model: model), maximumRequests: settings.maximumRequests)
        let (ports, running) = AsyncStream<Int>.makeStream()
        let application = application(ChatRoutes(dispatcher: dispatcher, settings: settings, model: model), settings, running)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                defer { running.finish() }
                try await application.run()
            }
            group.addTask { await dispatcher.run() }
            guard let port = await ports.first(where: { _ in true }) else {
                group.cancelAll()
                // What it says is that the port could not be had, and so does the error below.
                while !group.isEmpty { _ = try? await group.next() }
                try Task.checkCancellation()
                throw ServerStopped(port: settings.port)
            }
            let answer = try await body(EngineServer(engine: engine, port: port, model: model))
            group.cancelAll()
            // What a server says when it is told to stop is no failure.
            while !group.isEmpty { _ = try? await group.next() }
            return answer
        }
    }

    private static func application(
        _ routes: ChatRoutes, _ settings: ServerSettings, _ running: AsyncStream<Int>.Continuation
    ) -> some ApplicationProtocol {
        Application(
            router: routes.router,
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: settings.port), serverName: "llm-auto-optimizer",
                availableConnectionsDelegate: MaximumAvailableConnections(settings.maximumRequests + 64)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { running.yield(port) }
                running.finish()
            },
            logger: Logger(label: "engine-server") { _ in SwiftLogNoOpLogHandler() })
    }
}

/// A server that did not come to serve.
public struct ServerStopped: Error, CustomStringConvertible {
    public let port: Int

    public var description: String { "the simulated engine could not listen on 127.0.0.1:\(port)" }
}
