import Hummingbird

/// What a platform asks of a long-running process: `/healthz`, `/readyz` and `/metrics`.
public struct HealthServer: Sendable {
    private let isHealthy: @Sendable () -> Bool
    private let isReady: @Sendable () -> Bool
    private let metrics: @Sendable () -> String

    /// - Parameters:
    ///   - isHealthy: Asked for each `/healthz`; `false` is answered with 503.
    ///   - isReady: The same for `/readyz`.
    ///   - metrics: The page of `/metrics` in the Prometheus text format.
    public init(
        isHealthy: @escaping @Sendable () -> Bool, isReady: @escaping @Sendable () -> Bool, metrics: @escaping @Sendable () -> String
    ) {
        self.isHealthy = isHealthy
        self.isReady = isReady
        self.metrics = metrics
    }

    /// Serves while the work runs; the port is free again when this returns.
    /// - Parameters:
    ///   - host: To listen on, such as `0.0.0.0` or `127.0.0.1`.
    ///   - port: 0 for any that is free.
    ///   - work: Gets the port. Its cancellation, its error and its result are this function's.
    public func serve<Result: Sendable>(
        host: String, port: Int, while work: @Sendable @escaping (Int) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        router.get("/healthz") { [isHealthy] _, _ in Self.answer(isHealthy()) }
        router.get("/readyz") { [isReady] _, _ in Self.answer(isReady()) }
        router.get("/metrics") { [metrics] _, _ in Response(metrics(), type: Response.prometheusText) }
        return try await BoundServer.serve(router, host: host, port: port, while: work)
    }

    private static func answer(_ isWell: Bool) -> Response {
        Response(isWell ? "ok\n" : "not ok\n", type: "text/plain; charset=utf-8", status: isWell ? .ok : .serviceUnavailable)
    }
}
