import Foundation
import Testing
import Transport

@Suite("HTTP/2", .enabled(if: HTTP2Server.isPossible, "needs nghttpd (Debian's nghttp2-server), openssl and python3"))
struct HTTP2Tests {
    private static let size = 24 << 20

    private func withServer(tls: Bool = true, _ body: (HTTPClient, HTTPRequest) async throws -> Void) async throws {
        let certificates = try TLSServer.Certificates()
        defer { certificates.remove() }
        try Data("small".utf8).write(to: certificates.folder.appending(path: "small"))
        try Data(count: Self.size).write(to: certificates.folder.appending(path: "large"))
        let server = try HTTP2Server(certificates, withTLS: tls)
        defer { server.stop() }
        var request = HTTPRequest(url: "\(tls ? "https" : "http")://localhost:\(server.port)/small")
        request.tls = TLSSettings(authorities: .memory(try certificates.bytes("authority.pem")))
        if !tls { request.httpVersion = .http2PriorKnowledge }
        let client = try HTTPClient()
        try await body(client, request)
        await client.shutdown()
    }

    @Test("is spoken where a TLS server offers it, or where it was asked for without TLS", arguments: [true, false])
    func negotiation(tls: Bool) async throws {
        try await withServer(tls: tls) { client, request in
            let answer = try await client.send(request)
            #expect(answer.timings.httpVersion == .http2)
            #expect(answer.body == Array("small".utf8))
            #expect((answer.timings.tls != nil) == tls)
        }
    }

    @Test("many requests share one connection, and one that is given up does not disturb the others")
    func sharing() async throws {
        try await withServer { client, request in
            _ = try await client.send(request)
            var large = request
            large.url.replace("/small", with: "/large")
            large.httpVersion = .http2
            large.streamBufferBytes = 64 << 20  // All of it has room, so that it does not wait for its reader.
            let abandoned = try await client.stream(large)
            var iterator = abandoned.body.makeAsyncIterator()
            _ = try await iterator.next()
            let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for _ in 0..<50 { group.addTask { try await client.send(request) } }
                abandoned.body.cancel()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 50)
            #expect(
                answers.allSatisfy { $0.body == Array("small".utf8) && $0.timings.reusedConnection && $0.timings.httpVersion == .http2 })
            let error = await #expect(throws: TransportError.self) { try await iterator.next() }
            #expect(error?.kind == .cancelled)
        }
    }

    @Test("a slow reader gets all of it, and little is kept for it")
    func backPressure() async throws {
        try await withServer { client, request in
            var large = request
            large.url.replace("/small", with: "/large")
            large.streamBufferBytes = 64 << 10
            large.httpVersion = .http2
            let answer = try await client.stream(large)
            var read = 0
            var most = 0
            for try await chunk in answer.body {
                if read < 1 << 20 { try await Task.sleep(for: .milliseconds(1)) }
                read += chunk.bytes.count
                most = max(most, answer.body.bufferedBytes)
            }
            #expect(read == Self.size)
            #expect(most <= 128 << 10)
        }
    }
}
