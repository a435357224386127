import TestSupport
import Testing
import Transport

@Suite("plain requests")
struct PlainRequestTests {
    @Test("sends method, headers and body, and returns status, headers and body")
    func roundTrip() async throws {
        let server = try LoopbackServer { request, writer in
            try writer.answer(201, headers: [("X-Twice", "one"), ("x-twice", "two")], body: request.body)
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let answer = try await client.send(
            HTTPRequest(method: "POST", url: server.url + "/a?b=c", headers: [("X-Own", "1"), ("X-Empty", "")], body: Array("hello".utf8)))
        #expect(answer.status == 201)
        #expect(answer.body == Array("hello".utf8))
        #expect(answer.headers.values("X-TWICE") == ["one", "two"])
        #expect(answer.headers["x-twice"] == "one")
        let request = try #require(server.record.requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/a?b=c")
        #expect(request.header("X-Own") == "1")
        #expect(request.header("X-Empty") == "")
        #expect(request.header("Content-Type") == nil)
        #expect(request.header("Content-Length") == "5")
        await client.shutdown()
    }

    @Test("every method carries a body or none as it was told", arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    func methods(method: String) async throws {
        let server = try LoopbackServer { request, writer in try writer.answer(headers: [("X-Method", request.method)], body: request.body)
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let bare = try await client.send(HTTPRequest(method: method, url: server.url))
        #expect(bare.headers["X-Method"] == method)
        #expect(bare.body.isEmpty)
        guard method != "HEAD" else { return }
        let body = [UInt8](repeating: 7, count: 3 << 20)
        let full = try await client.send(HTTPRequest(method: method, url: server.url, body: body))
        #expect(full.headers["X-Method"] == method)
        #expect(full.body == body)
        #expect(server.record.requests.count == 2)
    }

    @Test("takes a kept connection again, and says so")
    func reuse() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer("ok") }
        defer { server.stop() }
        let client = try HTTPClient()
        let first = try await client.send(HTTPRequest(url: server.url)).timings
        let second = try await client.send(HTTPRequest(url: server.url)).timings
        let cold = try await client.send(HTTPRequest(url: server.url, newConnection: true)).timings
        #expect([first, second, cold].map(\.reusedConnection) == [false, true, false])
        #expect(server.record.requests.map(\.connection) == [0, 0, 1])
        #expect(first.connect != nil && first.dns != nil && first.tls == nil)
        #expect(second.connect == nil && second.dns == nil)
        #expect(await server.wait { $0.connectionsClosed == 1 }, "a connection of one's own is not kept")
    }

    @Test("times follow each other, and the first byte waits for the server")
    func phases() async throws {
        let server = try LoopbackServer { _, writer in
            writer.wait(.milliseconds(40))
            try writer.begin()
            writer.wait(.milliseconds(30))
            try writer.chunk("late")
            try writer.end()
        }
        defer { server.stop() }
        let timings = try await HTTPClient().send(HTTPRequest(method: "POST", url: server.url, body: Array("12345".utf8))).timings
        let sentAt = try #require(timings.sentAt)
        let headAt = try #require(timings.headAt)
        #expect(timings.startedAt <= sentAt && sentAt < headAt && headAt < timings.endedAt)
        #expect(try #require(timings.firstByte) >= .milliseconds(39))
        #expect(timings.total >= .milliseconds(69))
        #expect(timings.bytesReceived > 4 && timings.bytesSent > 5)
        #expect(timings.httpVersion == .http11)
    }

    @Test("interim answers and trailers are no answer")
    func interim() async throws {
        let server = try LoopbackServer { _, writer in
            try writer.raw(
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nTransfer-Encoding: chunked\r\n\r\n")
            try writer.raw("2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n")
        }
        defer { server.stop() }
        let answer = try await HTTPClient().send(HTTPRequest(url: server.url))
        #expect(answer.status == 200)
        #expect(answer.headers["A"] == "b c")
        #expect(answer.headers["Link"] == nil)
        #expect(answer.headers["X-Trailer"] == nil)
        #expect(answer.body == Array("hi".utf8))
    }
}
