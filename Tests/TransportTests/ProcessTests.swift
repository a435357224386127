import Foundation
import TestSupport
import Testing

@Suite("what a process shares")
struct ProcessTests {
    private func helper(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "TransportHelper")
        process.arguments = arguments
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.lowercased().hasSuffix("_proxy") }
        process.environment = inherited.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    @Test("after 200 requests and a shutdown, descriptors and threads are as before")
    func leaks() throws {
        let server = try LoopbackServer { _, writer in try writer.answer("ok") }
        defer { server.stop() }
        let lines = try helper("leaks", server.url, "200").split(separator: "\n")
        try #require(lines.count == 2)
        #expect(lines[0] == lines[1])
        #expect(lines[1].hasSuffix(", 0 transport threads"))
        #expect(server.record.requests.count >= 130)
    }

    @Test("a proxy of the environment is asked, but not for what it is not for")
    func proxy() throws {
        let proxy = try LoopbackServer { request, writer in try writer.answer("proxied \(request.target)") }
        defer { proxy.stop() }
        let server = try LoopbackServer { _, writer in try writer.answer("direct") }
        defer { server.stop() }
        let url = server.url + "/x"
        #expect(try helper("get", url, environment: ["http_proxy": proxy.url]) == "proxied \(url)")
        #expect(try helper("get", url, environment: ["http_proxy": proxy.url, "no_proxy": "127.0.0.1"]) == "direct")
        #expect(try helper("get", url, environment: ["HTTP_PROXY": proxy.url]) == "direct", "any client could set it for a CGI program")
        #expect(try helper("get", url) == "direct")
    }
}
