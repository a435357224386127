import TestSupport
import Testing
import Transport

@Suite("redirects")
struct RedirectTests {
    private static let secrets = [
        ("Authorization", "Bearer s3cret"), ("Cookie", "a=s3cret"), ("X-API-Key", "s3cret"), ("Accept", "application/json"),
    ].map { (name: $0.0, value: $0.1) }

    @Test("a redirect is an answer like any other unless following was asked for")
    func notFollowed() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(302, headers: [("Location", "/next")]) }
        defer { server.stop() }
        #expect(try await HTTPClient().send(HTTPRequest(url: server.url)).status == 302)
        #expect(server.record.requests.count == 1)
    }

    @Test("to another origin goes no credential, by whatever name", arguments: [false, true])
    func otherOrigin(isStreaming: Bool) async throws {
        let other = try LoopbackServer { _, writer in try writer.answer("there") }
        defer { other.stop() }
        let url = other.url
        let server = try LoopbackServer { _, writer in try writer.answer(302, headers: [("Location", url + "/next")]) }
        defer { server.stop() }
        let request = HTTPRequest(url: "http://user:s3cret@127.0.0.1:\(server.port)", headers: Self.secrets, followRedirects: 1)
        let client = try HTTPClient()
        if isStreaming {
            var body: [UInt8] = []
            for try await chunk in try await client.stream(request).body { body += chunk.bytes }
            #expect(body == Array("there".utf8))
        } else {
            #expect(try await client.send(request).body == Array("there".utf8))
        }
        let first = try #require(server.record.requests.first)
        #expect(first.header("Authorization") == "Bearer s3cret")
        let second = try #require(other.record.requests.first)
        #expect(second.path == "/next")
        #expect(second.headers.allSatisfy { !$0.value.contains("s3cret") })
        #expect(second.header("Accept") == "application/json")
        #expect(second.header("Authorization") == nil)
    }

    @Test("to the same origin everything goes, and POST becomes GET where it must", arguments: [(302, "GET"), (303, "GET"), (307, "POST")])
    func sameOrigin(status: Int, method: String) async throws {
        let server = try LoopbackServer { request, writer in
            guard request.path == "/a/first" else { return try writer.answer("ok") }
            try writer.answer(status, headers: [("Location", "second?q=1")])
        }
        defer { server.stop() }
        _ = try await HTTPClient().send(
            HTTPRequest(method: "POST", url: server.url + "/a/first", headers: Self.secrets, body: Array("text".utf8), followRedirects: 2))
        let second = try #require(server.record.requests.last)
        #expect(second.target == "/a/second?q=1")
        #expect(second.method == method)
        #expect(second.text == (method == "POST" ? "text" : ""))
        #expect(second.header("X-API-Key") == "s3cret")
    }

    @Test("a circle ends at the number asked for")
    func circle() async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(301, headers: [("Location", "/again")]) }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url, followRedirects: 3)))
        #expect(error.kind == .tooManyRedirects(limit: 3))
        #expect(server.record.requests.count == 4)
    }

    @Test(
        "a redirect to another protocol, to nowhere or with a user is not followed",
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://a b/", "http://u:p@localhost:1/"])
    func refused(location: String) async throws {
        let server = try LoopbackServer { _, writer in try writer.answer(302, headers: [("Location", location)]) }
        defer { server.stop() }
        let error = try #require(await failure(of: HTTPRequest(url: server.url, followRedirects: 3)))
        #expect(error.kind == .malformed)
        #expect(server.record.requests.count == 1)
    }

    @Test("all hops share one total deadline")
    func total() async throws {
        let server = try LoopbackServer { _, writer in
            writer.wait(.milliseconds(30))
            try writer.answer(301, headers: [("Location", "/again")])
        }
        defer { server.stop() }
        let error = try #require(
            await failure(of: HTTPRequest(url: server.url, deadlines: Deadlines(total: .milliseconds(100)), followRedirects: 1_000)))
        #expect(error.kind == .timedOut(.total))
        #expect(server.record.requests.count < 6)
    }
}
