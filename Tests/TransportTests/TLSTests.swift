import Foundation
import TestSupport
import Testing
import Transport

@Suite("TLS", .enabled(if: TLSServer.isPossible, "needs openssl and python3"))
struct TLSTests {
    private func withServer(
        asksForCertificate: Bool = false, offersHTTP2: Bool = false, _ body: (TLSServer.Certificates, TLSServer) async throws -> Void
    ) async throws {
        let certificates = try TLSServer.Certificates()
        defer { certificates.remove() }
        let server = try TLSServer(certificates, asksForCertificate: asksForCertificate, offersHTTP2: offersHTTP2)
        defer { server.stop() }
        try await body(certificates, server)
    }

    private func text(_ url: String, _ tls: TLSSettings) async throws(TransportError) -> String {
        String(decoding: try await HTTPClient().send(HTTPRequest(url: url, tls: tls)).body, as: UTF8.self)
    }

    @Test("only the authority that was given is trusted, from memory and from a file")
    func authority() async throws {
        try await withServer { certificates, server in
            let expected = "nobody localhost localhost:\(server.port) http/1.1"
            #expect(try await text(server.url, TLSSettings(authorities: .memory(certificates.bytes("authority.pem")))) == expected)
            #expect(try await text(server.url, TLSSettings(authorities: .file(certificates.path("authority.pem")))) == expected)
            let wrong: [TLSSettings?] = [
                nil, TLSSettings(authorities: .memory(try certificates.bytes("stranger.pem"))),
                TLSSettings(authorities: .file(certificates.path("stranger.pem"))),
                TLSSettings(authorities: .file(certificates.path("missing.pem"))),
                TLSSettings(authorities: .memory(Array("no certificate".utf8))),
            ]
            for settings in wrong {
                let error = try #require(await failure(of: HTTPRequest(url: server.url, tls: settings)))
                #expect(error.kind == .tls, "\(error)")
                #expect(!error.mayHaveReachedServer)
            }
        }
    }

    @Test("a certificate of another name is refused, unless that name is expected; verification ends where it is switched off")
    func names() async throws {
        try await withServer { certificates, server in
            let authority = TLSSettings.Source.memory(try certificates.bytes("authority.pem"))
            let url = "https://127.0.0.1:\(server.port)"
            let error = try #require(await failure(of: HTTPRequest(url: url, tls: TLSSettings(authorities: authority))))
            #expect(error.kind == .tls)
            let named = TLSSettings(authorities: authority, serverName: "kubernetes.internal")
            #expect(try await text(url, named) == "nobody kubernetes.internal 127.0.0.1:\(server.port) http/1.1")
            let foreign = TLSSettings(authorities: authority, serverName: "other.internal")
            #expect(await failure(of: HTTPRequest(url: url, tls: foreign))?.kind == .tls)
            #expect(try await text(url, TLSSettings(insecureSkipVerify: true)).hasPrefix("nobody"))
        }
    }

    @Test("the client shows its certificate, from memory and from files; without it the server refuses")
    func identity() async throws {
        try await withServer(asksForCertificate: true) { certificates, server in
            let authority = TLSSettings.Source.memory(try certificates.bytes("authority.pem"))
            let fromMemory = TLSSettings.ClientIdentity(
                certificate: .memory(try certificates.bytes("client.pem")), key: .memory(try certificates.bytes("client.key")))
            let fromFiles = TLSSettings.ClientIdentity(
                certificate: .file(certificates.path("client.pem")), key: .file(certificates.path("client.key")))
            for identity in [fromMemory, fromFiles] {
                #expect(try await text(server.url, TLSSettings(authorities: authority, identity: identity)).hasPrefix("client "))
            }
            #expect(await failure(of: HTTPRequest(url: server.url, tls: TLSSettings(authorities: authority))) != nil)
            let foreignKey = TLSSettings.ClientIdentity(
                certificate: .memory(try certificates.bytes("client.pem")), key: .memory(try certificates.bytes("stranger.key")))
            let error = try #require(
                await failure(of: HTTPRequest(url: server.url, tls: TLSSettings(authorities: authority, identity: foreignKey))))
            #expect(error.kind == .tls)
            #expect(!error.mayHaveReachedServer)
        }
    }

    @Test("a connection made with one client's certificate serves no request without it")
    func identityAndReuse() async throws {
        try await withServer { certificates, server in
            let authority = TLSSettings.Source.memory(try certificates.bytes("authority.pem"))
            let client = try HTTPClient()
            let plain = HTTPRequest(url: server.url, tls: TLSSettings(authorities: authority))
            var trusting = plain
            trusting.tls = TLSSettings(insecureSkipVerify: true)
            #expect(try await client.send(trusting).timings.reusedConnection == false)
            let verified = try await client.send(plain).timings
            #expect(!verified.reusedConnection, "what nobody verified is not taken for verified")
            #expect(try #require(verified.tls) > .zero)
            #expect(try await client.send(plain).timings.reusedConnection)
        }
    }

    @Test("a stream has its connection to itself, even where HTTP/2 is on offer")
    func streamsAvoidHTTP2() async throws {
        try await withServer(offersHTTP2: true) { certificates, server in
            let tls = TLSSettings(authorities: .memory(try certificates.bytes("authority.pem")))
            var body: [UInt8] = []
            for try await chunk in try await HTTPClient().stream(HTTPRequest(url: server.url, tls: tls)).body { body += chunk.bytes }
            #expect(String(decoding: body, as: UTF8.self).hasSuffix(" http/1.1"))
        }
    }

    @Test("the client certificate does not follow a redirect to another host")
    func redirect() async throws {
        try await withServer { certificates, server in
            let authority = TLSSettings.Source.memory(try certificates.bytes("authority.pem"))
            let target = server.url
            let first = try LoopbackServer { _, writer in try writer.answer(302, headers: [("Location", target)]) }
            defer { first.stop() }
            let identity = TLSSettings.ClientIdentity(
                certificate: .memory(try certificates.bytes("client.pem")), key: .memory(try certificates.bytes("client.key")))
            let request = HTTPRequest(
                url: first.url, followRedirects: 1, tls: TLSSettings(authorities: authority, identity: identity))
            #expect(String(decoding: try await HTTPClient().send(request).body, as: UTF8.self).hasPrefix("nobody "))
        }
    }
}
