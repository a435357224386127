import TestSupport
import Testing
import Transport

/// The error a request ends with; `nil` where it succeeds.
func failure(of request: HTTPRequest, from client: HTTPClient? = nil) async -> TransportError? {
    do throws(TransportError) {
        let client = if let client { client } else { try HTTPClient() }
        _ = try await client.send(request)
        return nil
    } catch {
        return error
    }
}

@Suite("what goes wrong on the way")
struct FailureTests {
    @Test("a refused connection sent nothing; one that is cut before the answer may have been heard")
    func refusedAndCut() async throws {
        let server = try LoopbackServer { _, writer in writer.cut(.reset) }
        let cut = try #require(await failure(of: HTTPRequest(method: "POST", url: server.url, body: [1])))
        #expect(cut.kind == .connectionLost(afterSending: true, bytesReceived: 0))
        #expect(cut.mayHaveReachedServer)
        server.stop()
        let refused = try #require(await failure(of: HTTPRequest(method: "POST", url: server.url, body: [1])))
        #expect(refused.kind == .couldNotConnect)
        #expect(!refused.mayHaveReachedServer)
        #expect(refused.origin == server.url)
    }

    @Test("a name without an address is told from an address without a server")
    func unresolved() async throws {
        let error = try #require(await failure(of: HTTPRequest(url: "http://no-such-host.invalid/")))
        #expect(error.kind == .resolution)
        #expect(!error.mayHaveReachedServer)
    }

    @Test(
        "a body that ends too early is no body",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ])
    func truncated(answer: String) async throws {
        let server = try LoopbackServer { _, writer in try writer.raw(answer) }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url)))
        #expect(error.kind == .connectionLost(afterSending: true, bytesReceived: 3))
        #expect(error.mayHaveReachedServer)
    }

    @Test(
        "what is not HTTP is refused",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        ])
    func malformed(answer: String) async throws {
        let server = try LoopbackServer { _, writer in try writer.raw(answer) }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url)))
        #expect(error.kind == .malformed, "\(error)")
        #expect(error.mayHaveReachedServer)
    }

    @Test(
        "headers and bodies have a bound",
        arguments: [
            (String(repeating: "X-Many: 0123456789\r\n", count: 10_000), "", TransportError.Limit.headerBytes(64 << 10)),
            ("X-Long: " + String(repeating: "a", count: 90_000) + "\r\n", "", .headerBytes(64 << 10)),
            ("X-Long: " + String(repeating: "a", count: 3_000_000) + "\r\n", "", .headerBytes(64 << 10)),
            ("", String(repeating: "b", count: 1_001), .bodyBytes(1_000)),
        ])
    func bounds(headers: String, body: String, limit: TransportError.Limit) async throws {
        let server = try LoopbackServer { _, writer in
            try writer.raw("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.count)\r\n\r\n\(body)")
        }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url, maxBodyBytes: 1_000)))
        #expect(error.kind == .tooLarge(limit))
    }

    @Test("a flood of interim answers has a bound")
    func interimFlood() async throws {
        let server = try LoopbackServer { _, writer in while true { try writer.raw("HTTP/1.1 102 Processing\r\n\r\n") } }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url)))
        #expect(error.kind == .tooLarge(.headerBytes(64 << 10)))
    }

    @Test("a body without end is given up at its bound, compressed or not")
    func endlessBody() async throws {
        let server = try LoopbackServer { request, writer in
            try writer.begin(headers: [("Content-Encoding", "gzip")])
            while true { try writer.chunk([UInt8](repeating: 0, count: 100_000)) }
        }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url, headers: [("Accept-Encoding", "gzip")])))
        #expect(error.kind == .tooLarge(.bodyBytes(16 << 20)))
        #expect(await server.wait { $0.openConnections == 0 })
    }

    @Test("a request that may not be repeated is sent once, though its kept connection dies", arguments: [("POST", 1), ("GET", 2)])
    func repetition(method: String, times: Int) async throws {
        let server = try LoopbackServer { request, writer in
            if request.connection == 0 && request.path == "/second" { return writer.cut(.close) }
            try writer.answer("ok")
        }
        defer { server.stop() }
        let client = try HTTPClient()
        _ = try await client.send(HTTPRequest(url: server.url + "/first"))
        let error = await failure(of: HTTPRequest(method: method, url: server.url + "/second"), from: client)
        #expect(server.record.requests.filter { $0.path == "/second" }.count == times)
        #expect((error == nil) == (times == 2))
        if let error {
            #expect(error.kind == .connectionLost(afterSending: true, bytesReceived: 0))
            #expect(error.mayHaveReachedServer)
        }
    }

    @Test("errors tell no secrets of the request")
    func secrets() async throws {
        let server = try LoopbackServer { _, writer in writer.cut(.close) }
        defer { server.stop() }
        let url = "http://user:hunter2@127.0.0.1:\(server.port)/hidden?key=hunter2"
        let lost = try #require(
            await failure(of: HTTPRequest(url: url, headers: [("Authorization", "hunter2")], body: Array("hunter2".utf8))))
        let refused = try #require(await failure(of: HTTPRequest(url: url, headers: [("X-Key", "hunter2\r\nA: b")])))
        for error in [lost, refused] {
            #expect(!"\(error)\(String(reflecting: error))".contains("hunter2"))
            #expect(!"\(error)".contains("hidden"))
        }
    }
}
