import FoundationEssentials
import Hummingbird
import HummingbirdCore
import Simulation

/// What is served under which path.
struct ChatRoutes: Sendable {
    let dispatcher: TokenDispatcher
    let settings: ServerSettings
    let model: String

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("/health") { _, _ in Response(status: .ok) }
        router.get("/metrics") { _, _ in
            let page = dispatcher.metrics.page(dispatcher.engine.withPool { $0.status })
            return text(page, type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("/v1/models") { _, _ in
            text(#"{"object":"list","data":[{"id":\#(JSONText.quoted(model)),"object":"model","owned_by":"simulator"}]}"#)
        }
        router.post("/v1/chat/completions") { request, _ in await complete(request) }
        return router
    }

    private func complete(_ request: Request) async -> Response {
        var request = request
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: settings.maximumBodyBytes)
        } catch {
            return refusal("the body could not be read, or has more than \(settings.maximumBodyBytes) bytes", .badRequest)
        }
        let asked: ChatRequest
        do throws(ChatRequest.Refusal) {
            asked = try ChatRequest(Array(body.readableBytesView), model: model, settings: settings)
        } catch {
            return refusal(error.message, .badRequest)
        }
        guard dispatcher.engine.withPool({ $0.canHold(inputTokens: asked.promptTokens, outputTokens: asked.outputTokens) }) else {
            return refusal(
                "\(asked.promptTokens) and \(asked.outputTokens) tokens together do not fit into the engine's cache", .badRequest)
        }
        guard let (id, pieces) = dispatcher.open(inputTokens: asked.promptTokens, outputTokens: asked.outputTokens) else {
            return refusal("\(settings.maximumRequests) requests are under way, and no more are taken", .serviceUnavailable)
        }
        return response(ChatAnswer(id: id, created: Int64(Date().timeIntervalSince1970), model: model), asked, pieces, request)
    }

    // MARK: Answers

    private func response(
        _ answer: ChatAnswer, _ asked: ChatRequest, _ pieces: AsyncStream<TokenDispatcher.Piece>, _ request: Request
    ) -> Response {
        let body = ResponseBody { writer in
            defer { dispatcher.close(answer.id) }
            try await request.body.consumeWithInboundCloseHandler { _ in
                if asked.isStreamed {
                    try await stream(answer, asked, pieces, to: &writer)
                } else {
                    try await whole(answer, asked, pieces, to: &writer)
                }
                try await writer.finish(nil)
            } onInboundClosed: {
                dispatcher.close(answer.id)
            }
        }
        // Watching for a client that leaves uses up the connection.
        let type = asked.isStreamed ? "text/event-stream; charset=utf-8" : "application/json"
        return Response(status: .ok, headers: [.contentType: type, .cacheControl: "no-cache", .connection: "close"], body: body)
    }

    private func stream(
        _ answer: ChatAnswer, _ asked: ChatRequest, _ pieces: AsyncStream<TokenDispatcher.Piece>, to writer: inout any ResponseBodyWriter
    ) async throws {
        var made = 0
        for await piece in pieces {
            try await Task.sleep(until: piece.instant, clock: .continuous)
            if made == 0 { try await writer.write(ByteBuffer(string: answer.roleEvent)) }
            try await writer.write(ByteBuffer(string: answer.tokenEvent(piece.index)))
            made += 1
        }
        guard made == asked.outputTokens else { throw AnswerCutOff() }
        let usage = asked.includesUsage ? answer.usageEvent(prompt: asked.promptTokens, output: made) : ""
        try await writer.write(ByteBuffer(string: answer.finishEvent + usage + ChatAnswer.end))
    }

    private func whole(
        _ answer: ChatAnswer, _ asked: ChatRequest, _ pieces: AsyncStream<TokenDispatcher.Piece>, to writer: inout any ResponseBodyWriter
    ) async throws {
        var made: [TokenDispatcher.Piece] = []
        for await piece in pieces { made.append(piece) }
        guard made.count == asked.outputTokens, let last = made.last else { throw AnswerCutOff() }
        try await Task.sleep(until: last.instant, clock: .continuous)
        try await writer.write(ByteBuffer(string: answer.whole(prompt: asked.promptTokens, output: made.count)))
    }

    private func refusal(_ message: String, _ status: HTTPResponse.Status) -> Response {
        let type = status == .badRequest ? "invalid_request_error" : "overloaded_error"
        return text(JSONText.error(message, type: type, status: status.code), status: status)
    }

    private func text(_ text: String, status: HTTPResponse.Status = .ok, type: String = "application/json") -> Response {
        Response(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// The client has gone, the server is stopping, or the engine was changed so that the request fits no more. Ends the connection, so that
/// nobody takes what there is for the whole.
private struct AnswerCutOff: Error {}
