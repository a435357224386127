import Foundation
import TestSupport
import Testing

@Suite("the loopback server, driven by a client that is not ours")
struct LoopbackServerTests {
    private func curl(_ arguments: String...) throws -> (output: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["curl", "-sS", "--max-time", "5"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus)
    }

    @Test("answers on a connection that stays open, and keeps what it received")
    func keepsAlive() throws {
        let server = try LoopbackServer { request, writer in try writer.answer(body: request.body) }
        defer { server.stop() }
        let (output, status) = try curl("-d", "hello", "-H", "X-Test: 1", "\(server.url)/a?b=c", "\(server.url)/second")
        #expect(status == 0)
        #expect(output == "hellohello")
        let requests = server.record.requests
        #expect(requests.map(\.path) == ["/a", "/second"])
        #expect(requests.map(\.query) == ["b=c", nil])
        #expect(requests.map(\.method) == ["POST", "POST"])
        #expect(requests.map(\.connection) == [0, 0])
        #expect(requests[0].header("x-test") == "1")
        #expect(requests[0].text == "hello")
    }

    @Test("streams chunks, and reads bodies that come in chunks")
    func streams() throws {
        let server = try LoopbackServer { request, writer in
            try writer.begin(headers: [("X-Length", "\(request.body.count)")])
            for part in ["one ", "two ", "three"] { try writer.chunk(part) }
            try writer.end()
        }
        defer { server.stop() }
        let (output, status) = try curl("-i", "-H", "Transfer-Encoding: chunked", "-d", "0123456789", server.url)
        #expect(status == 0)
        #expect(output.hasSuffix("one two three"))
        #expect(output.contains("X-Length: 10"))
    }

    /// The exit codes are curl's: 18 a partial body, 52 an empty answer, 56 a reset.
    @Test(
        "cuts a connection where it is told to",
        arguments: [(LoopbackWriter.Cut.close, false, Int32(52)), (.reset, false, 56), (.close, true, 18), (.reset, true, 56)])
    func cuts(how: LoopbackWriter.Cut, afterHead: Bool, status: Int32) throws {
        let server = try LoopbackServer { _, writer in
            if afterHead { try writer.begin() }
            if afterHead { try writer.raw("ff\r\nabc") }
            writer.cut(how)
        }
        defer { server.stop() }
        #expect(try curl(server.url).status == status)
    }

    @Test("a stalled handler ends when the client goes, and when the server stops")
    func stalls() async throws {
        let server = try LoopbackServer { _, writer in writer.stall() }
        #expect(try curl("--max-time", "0.1", server.url).status == 28)
        #expect(await server.wait { $0.connectionsClosed == 1 })
        async let second = curl(server.url).status
        #expect(await server.wait { $0.requests.count == 2 })
        server.stop()
        #expect(try await second == 52)
        #expect(server.record.openConnections == 0)
        #expect(try curl(server.url).status == 7, "nothing listens any more")
    }
}
