import Foundation
import Measurements
import Probing
import TestSupport
import Testing
import Transport

/// Our times beside those of a server that writes down when it wrote.
@Suite("Truth", .serialized, .timeLimit(.minutes(1)))
struct TruthTests {
    @Test(
        "times agree with what the server says it wrote", .enabled(if: TruthfulServer.isPossible, "needs ../shared and gcc"),
        arguments: [1, 2])
    func agrees(roleChunk: Int) async throws {
        let server = try TruthfulServer("-t", "60", "-i", "5", "-r", "\(roleChunk)")
        defer { server.stop() }
        let client = try HTTPClient()
        let exchange = StreamExchange(
            client: client, provider: OpenAIChat(model: "mock"), endpoint: server.url + "/v1", model: "mock", timeout: .seconds(10))
        try await server.waitUntilReady(client)
        var answers: [InferenceMeasurement] = []
        for number in 0..<8 {
            let prompt = Prompt(text: "\(number)", maximumOutputTokens: 12)
            answers.append(await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0)).measurement)
        }
        #expect(answers.allSatisfy { $0.error == nil && $0.outputTokens == 12 && $0.chunkGaps?.count == 11 })
        let stats = try await server.statistics(client)
        // Medians: the machine may stop any one of them.
        let first = median(answers.compactMap { $0.timeToFirstToken?.milliseconds })
        let gap = median(answers.flatMap { $0.chunkGaps ?? [] }.map(\.milliseconds))
        #expect(abs(first - stats.firstToken) < 2, "TTFT \(first) ms, the server wrote after \(stats.firstToken) ms")
        #expect(abs(gap - stats.gap) < 1, "ITL \(gap) ms, the server wrote every \(stats.gap) ms")
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// The mock of the shared tools, built on the spot.
private final class TruthfulServer {
    static let source = SharedData.path("tools/tmock.c")
    static let isPossible = FileManager.default.fileExists(atPath: source) && FileManager.default.isExecutableFile(atPath: "/usr/bin/gcc")

    let url: String
    private let process = Process()
    private let folder: URL

    init(_ arguments: String...) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tmock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let binary = folder.appending(path: "tmock")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/gcc")
        compiler.arguments = ["-O1", "-w", "-o", binary.path, Self.source, "-lm"]
        try compiler.run()
        compiler.waitUntilExit()
        let port = try Self.freePort()
        url = "http://127.0.0.1:\(port)"
        process.executableURL = binary
        process.arguments = ["-p", "\(port)"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// A port that was free a moment ago: the mock cannot be told to choose one.
    private static func freePort() throws -> Int {
        let server = try LoopbackServer { _, _ in }
        defer { server.stop() }
        return server.port
    }

    func waitUntilReady(_ client: HTTPClient) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(5))
        while true {
            do {
                _ = try await client.send(HTTPRequest(url: url + "/health"))
                return
            } catch {
                guard process.isRunning, ContinuousClock.now < end else { throw error }
            }
        }
    }

    func statistics(_ client: HTTPClient) async throws -> (firstToken: Double, gap: Double) {
        let answer = try await client.send(HTTPRequest(url: url + "/__stats"))
        let document = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        func median(_ name: String) throws -> Double { try #require((document?[name] as? [String: Any])?["p50"] as? Double) }
        return (try median("ttft_ms"), try median("itl_gap_ms"))
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)  // It inherited a mask that holds back SIGTERM.
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)  // A leftover temporary folder harms nothing.
    }
}
