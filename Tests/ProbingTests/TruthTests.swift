import Foundation
import Measurements
import Probing
import TestSupport
import Testing
import Transport

/// Our times beside those of a server that writes down when it wrote.
@Suite("Truth", .serialized, .timeLimit(.minutes(1)))
struct TruthTests {
    /// How the role comes (1 with the first token, 2 at once), tokens in an event, and who counts them: every event, or the end.
    struct Shape: Sendable, CustomTestStringConvertible {
        let role: Int
        let bundle: Int
        let provider: String

        var testDescription: String { "role \(role), \(bundle) tokens an event, \(provider)" }
    }

    @Test(
        "times agree with what the server says it wrote", .enabled(if: TruthfulServer.isPossible, "needs ../shared and gcc"),
        arguments: [
            Shape(role: 1, bundle: 1, provider: "openai"), Shape(role: 2, bundle: 1, provider: "vllm"),
            Shape(role: 1, bundle: 4, provider: "vllm"), Shape(role: 2, bundle: 4, provider: "openai"),
        ])
    func agrees(_ shape: Shape) async throws {
        let server = try TruthfulServer("-t", "40", "-i", "3", "-r", "\(shape.role)", "-b", "\(shape.bundle)")
        defer { server.stop() }
        let client = try HTTPClient()
        let options = ProviderOptions(endpoint: server.url)
        let exchange = StreamExchange(
            client: client, provider: try ProviderRegistry.entry(shape.provider).provider(model: "mock", options: options),
            endpoint: server.url + "/v1", model: "mock", timeout: .seconds(10))
        try await server.waitUntilReady(client)
        var answers: [TimedAnswer] = []
        for number in 0..<9 {
            let prompt = Prompt(text: "\(number)", maximumOutputTokens: 48)
            answers.append(await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: 0)))
        }
        let events = 48 / shape.bundle
        #expect(answers.allSatisfy { $0.measurement.error == nil && $0.tokens == .reported(48) && $0.finishReason == "length" })
        #expect(answers.allSatisfy { $0.measurement.chunkGaps?.count == events - 1 && $0.moments.role != nil })
        let isCounted = shape.provider == "vllm"
        #expect(answers.allSatisfy { $0.tokensPerEvent == (isCounted ? Array(repeating: shape.bundle, count: events) : nil) })
        let stats = try await server.statistics(client)
        // Medians: the machine may stop any one of them.
        let first = median(answers.compactMap { $0.measurement.timeToFirstToken?.milliseconds })
        let perToken = median(answers.compactMap { $0.measurement.timePerOutputToken?.milliseconds })
        // The mock divides by all tokens but one, though those of the first event took no time.
        let truth = stats.meanGap * 47 / Double(48 - shape.bundle)
        #expect(abs(first - stats.firstToken) < 1, "TTFT \(first) ms, the server wrote after \(stats.firstToken) ms")
        #expect(abs(perToken / truth - 1) < 0.01, "\(perToken) ms a token, the server wrote one every \(truth) ms")
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

    func statistics(_ client: HTTPClient) async throws -> (firstToken: Double, meanGap: Double) {
        let answer = try await client.send(HTTPRequest(url: url + "/__stats"))
        let document = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        func median(_ name: String) throws -> Double { try #require((document?[name] as? [String: Any])?["p50"] as? Double) }
        return (try median("ttft_ms"), try median("req_mean_itl_ms"))
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)  // It inherited a mask that holds back SIGTERM.
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)  // A leftover temporary folder harms nothing.
    }
}
