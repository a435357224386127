import TestSupport
import Testing
import Transport

@Suite("giving up")
struct CancellationTests {
    private func stallingServer() throws -> LoopbackServer {
        try LoopbackServer { request, writer in
            if request.path == "/body" {
                try writer.begin()
                try writer.chunk("a")
            }
            writer.stall()
        }
    }

    @Test("cancelling a task ends its request and its connection, before the head and after it", arguments: ["/head", "/body"])
    func cancelled(path: String) async throws {
        let server = try stallingServer()
        defer { server.stop() }
        let client = try HTTPClient()
        let url = server.url + path
        for isStreaming in [false, true] {
            let task = Task { () -> TransportError? in
                do throws(TransportError) {
                    guard isStreaming else {
                        _ = try await client.send(HTTPRequest(url: url))
                        return nil
                    }
                    let answer = try await client.stream(HTTPRequest(url: url))
                    var iterator = answer.body.makeAsyncIterator()
                    while try await iterator.next() != nil {}
                    return nil
                } catch { return error }
            }
            let requests = isStreaming ? 2 : 1
            #expect(await server.wait { $0.requests.count == requests })
            task.cancel()
            let error = try #require(await task.value)
            #expect(error.kind == .cancelled)
            #expect(error.mayHaveReachedServer)
            #expect(await server.wait { $0.openConnections == 0 })
        }
    }

    @Test("a task that is cancelled already sends nothing", arguments: 0..<20)
    func cancelledBefore(round: Int) async throws {
        let server = try stallingServer()
        defer { server.stop() }
        let client = try HTTPClient()
        let url = server.url
        let task = Task { () -> TransportError? in
            withUnsafeCurrentTask { $0?.cancel() }
            return round % 2 == 0
                ? await failure(of: HTTPRequest(url: url), from: client)
                : await {
                    do throws(TransportError) {
                        _ = try await client.stream(HTTPRequest(url: url))
                        return nil
                    } catch { return error }
                }()
        }
        let error = try #require(await task.value)
        #expect(error.kind == .cancelled)
        if !error.mayHaveReachedServer { #expect(server.record.requests.isEmpty) }
    }

    @Test("what has arrived and was given up is not delivered")
    func cancelledAfterwards() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer("all of it") }
        defer { server.stop() }
        let body = try await HTTPClient().stream(HTTPRequest(url: server.url)).body
        while body.timings == nil { await Task.yield() }
        body.cancel()
        #expect(body.bufferedBytes == 0)
        var iterator = body.makeAsyncIterator()
        let error = await #expect(throws: TransportError.self) { try await iterator.next() }
        #expect(error?.kind == .cancelled)
    }

    @Test("letting go of a body ends the transfer")
    func dropped() async throws {
        let server = try stallingServer()
        defer { server.stop() }
        let client = try HTTPClient()
        _ = try await client.stream(HTTPRequest(url: server.url + "/body")).status
        #expect(await server.wait { $0.requests.count == 1 && $0.openConnections == 0 })
        await client.shutdown()
    }

    @Test("shutting down ends what is under way, and what comes later")
    func shutdown() async throws {
        let server = try stallingServer()
        defer { server.stop() }
        let client = try HTTPClient()
        let url = server.url
        async let waiting = failure(of: HTTPRequest(url: url), from: client)
        #expect(await server.wait { $0.requests.count == 1 })
        await client.shutdown()
        #expect(await waiting?.kind == .cancelled)
        let later = await failure(of: HTTPRequest(url: url), from: client)
        #expect(later?.kind == .cancelled)
        #expect(later?.mayHaveReachedServer == false)
        #expect(await server.wait { $0.openConnections == 0 })
        await client.shutdown()
    }

    @Test("cancelling while answers pour in leaves nothing behind", .timeLimit(.minutes(1)))
    func race() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.begin()
            while true { try writer.chunk([UInt8](repeating: 1, count: 10_000)) }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let url = server.url
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                group.addTask {
                    let task = Task {
                        let answer = try await client.stream(HTTPRequest(url: url, streamBufferBytes: 20_000))
                        for try await _ in answer.body {}
                    }
                    for _ in 0..<index { await Task.yield() }
                    task.cancel()
                    await #expect(throws: TransportError.self) { try await task.value }
                }
            }
        }
        #expect(await server.wait { $0.openConnections == 0 })
        await client.shutdown()
    }
}
