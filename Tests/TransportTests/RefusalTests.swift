import TestSupport
import Testing
import Transport

@Suite("requests that are refused before anything is sent")
struct RefusalTests {
    private static let hostile: [(String, HTTPRequest)] = [
        ("a line break in a value", HTTPRequest(url: "", headers: [("X", "a\r\nY: b")])),
        ("a bare line feed in a value", HTTPRequest(url: "", headers: [("X", "a\nY: b")])),
        ("a NUL in a value", HTTPRequest(url: "", headers: [("X", "a\0b")])),
        ("a line break in a name", HTTPRequest(url: "", headers: [("X: 1\r\nY", "b")])),
        ("a colon in a name", HTTPRequest(url: "", headers: [("X:", "b")])),
        ("an empty name", HTTPRequest(url: "", headers: [("", "b")])),
        ("a length of one's own", HTTPRequest(url: "", headers: [("content-length", "5")], body: [1])),
        ("a framing of one's own", HTTPRequest(url: "", headers: [("Transfer-Encoding", "chunked")], body: [1])),
        ("a line break in the method", HTTPRequest(method: "GET / HTTP/1.1\r\nX: y\r\n", url: "")),
        ("an empty method", HTTPRequest(method: "", url: "")),
        ("a tunnel", HTTPRequest(method: "CONNECT", url: "")),
        ("a HEAD with a body", HTTPRequest(method: "HEAD", url: "", body: [1])),
        ("a line break in the path", HTTPRequest(url: "/a\r\nX: y")),
        ("a blank in the path", HTTPRequest(url: "/a b")),
        ("a letter outside ASCII", HTTPRequest(url: "/ä")),
        ("no time to connect", HTTPRequest(url: "", deadlines: Deadlines(connect: .zero))),
        ("no room for headers", HTTPRequest(url: "", maxHeaderBytes: 0)),
    ]

    @Test("header injection, contradicting lengths and senseless limits", arguments: hostile.indices)
    func refused(index: Int) async throws {
        let server = try LoopbackServer { _, writer in try writer.answer() }
        defer { server.stop() }
        var (name, request) = Self.hostile[index]
        request.url = server.url + request.url
        let error = try #require(await failure(of: request), "\(name) was sent")
        #expect(error.kind == .invalidRequest, "\(name): \(error)")
        #expect(!error.mayHaveReachedServer)
        #expect(server.record.connectionsOpened == 0, "\(name)")
    }

    @Test(
        "addresses that are none, or of other protocols",
        arguments: [
            "", "127.0.0.1", "/path", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://", "http://127.0.0.1:99999/",
        ])
    func addresses(url: String) async throws {
        let error = try #require(await failure(of: HTTPRequest(url: url)))
        #expect(error.kind == .invalidRequest)
    }

    @Test("a user agent that would add a header")
    func userAgent() {
        #expect(throws: TransportError.self) { try HTTPClient(settings: ClientSettings(userAgent: "a\r\nX: y")) }
    }
}
