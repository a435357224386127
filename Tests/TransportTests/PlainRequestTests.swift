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
}
