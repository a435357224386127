import EngineModels
import HTTPTypes
import Hummingbird
import Measurements
import NIOCore
public import Simulation

/// An embedded engine behind the HTTP API of vLLM: chat completions, streamed or whole, models, health and metrics.
///
/// Tokens leave at their simulated times, divided by the time scale. It listens on this machine only.
public struct EngineServer: Sendable {
    private let engine: EmbeddedEngine
    private let timeScale: Double

    /// - Parameters:
    ///   - engine: Whose clock runs `timeScale` times as fast as real time. The server alone takes what leaves it.
    ///   - timeScale: Simulated seconds per real second; above 0.
    public init(engine: EmbeddedEngine, timeScale: Double) {
        precondition(timeScale > 0 && timeScale.isFinite, "a time scale is above 0, not \(timeScale)")
        self.engine = engine
        self.timeScale = timeScale
    }

    /// Serves on 127.0.0.1 while the work runs; the port is free again when this returns.
    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - work: Gets the port.
    public func serve<Result: Sendable>(
        port: Int = 0, while work: @Sendable @escaping (Int) async throws -> Result
    ) async throws -> Result {
        let pump = EnginePump(engine: engine, timeScale: timeScale)
        let pumping = Task { await pump.run() }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await BoundServer.serve(router(pump), host: "127.0.0.1", port: port, while: work))
        } catch {
            result = .failure(error)
        }
        pumping.cancel()
        await pumping.value
        return try result.get()
    }

    private func router(_ pump: EnginePump) -> Router<BasicRequestContext> {
        let router = Router()
        let model = engine.profile.name
        router.get("/health") { _, _ in Response(status: .ok) }
        router.get("/metrics") { _, _ in Response(pump.metricsText, type: Response.prometheusText) }
        router.get("/v1/models") { _, _ in
            Response(#"{"object":"list","data":[{"id":"\#(model)","object":"model","owned_by":"simulation"}]}"#, type: Self.json)
        }
        router.post("/v1/chat/completions") { request, _ in try await Self.answer(request, pump) }
        return router
    }

    private static let json = "application/json"

    // MARK: Chat completions
    // Who watches for a client that goes away has used its connection up, and says so.

    private static func answer(_ request: Request, _ pump: EnginePump) async throws -> Response {
        var request = request
        let chat: ChatRequest
        do {
            let body = try await request.collectBody(upTo: ChatRequest.bodyBytes)
            chat = try ChatRequest(Array(body.readableBytesView), model: pump.engine.profile.name)
        } catch let refusal as ChatRequest.Refusal {
            return self.refusal(refusal.message, type: "invalid_request_error", status: refusal.status)
        } catch is NIOTooManyBytesError {
            return refusal("the body has more than \(ChatRequest.bodyBytes) bytes", type: "invalid_request_error", status: 413)
        }
        let ticket: EnginePump.Ticket
        do throws(EnginePump.SubmissionFailure) {
            ticket = try pump.submit(chat)
        } catch .full {
            return refusal("\(EnginePump.capacity) requests are here already", type: "overloaded", status: 503)
        } catch .refused(let reason) {
            return refusal(reason.sentence, type: "invalid_request_error", status: 400)
        }
        let answer = ChatAnswer(id: ticket.id, model: pump.engine.profile.name, created: Int(pump.engine.time.seconds), request: chat)
        return chat.isStreamed
            ? stream(answer, ticket, request.body, pump) : try await whole(answer, ticket, request.body, pump)
    }

    /// Server-sent events: role, a chunk for each token as it leaves the engine, the ending.
    private static func stream(_ answer: ChatAnswer, _ ticket: EnginePump.Ticket, _ body: RequestBody, _ pump: EnginePump) -> Response {
        let token = ByteBuffer(string: answer.token)
        let text = ResponseBody { writer in
            defer { pump.cancel(ticket.id) }  // Of no effect after the last token.
            try await body.consumeWithInboundCloseHandler { _ in
                try await writer.write(ByteBuffer(string: answer.role))
                var count = 0
                for await _ in ticket.tokens {
                    try await writer.write(token)
                    count += 1
                }
                guard count == answer.request.outputTokens else { throw CancellationError() }
                try await writer.write(ByteBuffer(string: answer.ending))
            } onInboundClosed: {
                pump.cancel(ticket.id)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache", .connection: "close"],
            body: text)
    }

    private static func whole(
        _ answer: ChatAnswer, _ ticket: EnginePump.Ticket, _ body: RequestBody, _ pump: EnginePump
    ) async throws -> Response {
        defer { pump.cancel(ticket.id) }
        return try await body.consumeWithInboundCloseHandler { _ in
            var count = 0
            for await _ in ticket.tokens { count += 1 }
            guard count == answer.request.outputTokens else {
                return refusal("the engine stopped before the answer was complete", type: "unavailable", status: 503)
            }
            var response = Response(answer.whole, type: json)
            response.headers[.connection] = "close"
            return response
        } onInboundClosed: {
            pump.cancel(ticket.id)
        }
    }

    private static func refusal(_ message: String, type: String, status: Int) -> Response {
        Response(ChatAnswer.error(message, type: type, status: status), type: json, status: .init(code: status))
    }
}

extension RequestRefusal {
    fileprivate var sentence: String {
        switch self {
        case .tooLong(let tokens, let limit): "prompt and answer have \(tokens) tokens together, and the engine holds \(limit)"
        case .emptyPromptOrAnswer: "prompt and answer have at least one token each"
        }
    }
}
