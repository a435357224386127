import Documents
import FoundationEssentials
import Kubernetes
import Synchronization
import TestSupport
import Testing

/// One recorded exchange with a real API server.
struct Transcript: Sendable {
    let method: String
    let path: String
    let query: String
    let contentType: String?
    let requestBody: DocumentValue?
    let status: Int?
    let headers: [(String, String)]
    let body: [UInt8]
    /// The lines of a watch; `nil` for other answers.
    let lines: [String]?
    let wasCut: Bool

    /// - Parameter number: The first three digits of its name.
    init(_ number: String) throws {
        let folder = SharedData.path("k8s-transcripts")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(number + "-") }.sorted()
        func document(_ suffix: String) throws -> DocumentValue {
            let name = try #require(names.first { $0.hasSuffix(suffix) }, "no transcript \(number)")
            return try JSONDocument.parse(String(contentsOfFile: folder + "/" + name, encoding: .utf8))
        }
        let (request, response) = (try document(".request.json"), try document(".response.json"))
        method = request.text("method") ?? ""
        let target = (request.text("path") ?? "").split(separator: "?", maxSplits: 1).map(String.init)
        path = target[0]
        query = target.count > 1 ? target[1] : ""
        contentType = request.text("headers", "Content-Type")
        requestBody = request["body"]
        status = response.integer("status").map { Int($0) }
        // The server that replays frames the body itself.
        let framing: Set = ["content-length", "transfer-encoding", "date"]
        headers = (response["headers"]?.elements ?? []).compactMap { pair in
            guard let name = pair.elements.first?.text, let value = pair.elements.last?.text else { return nil }
            return framing.contains(name.lowercased()) ? nil : (name, value)
        }
        body = Array((response.text("bodyText") ?? response["body"]?.json ?? "").utf8)
        lines = response["stream"]?.elements.compactMap { $0["event"]?.json }
        wasCut = (response.text("ended") ?? "").hasPrefix("cut") || response.text("error") != nil
    }

    func replay(to writer: LoopbackWriter) throws {
        guard let status else { return writer.cut(.close) }
        guard let lines else { return try writer.answer(status, headers: headers, body: body) }
        try writer.begin(status, headers: headers)
        for line in lines { try writer.chunk(line + "\n") }
        if wasCut { writer.cut(.close) } else { try writer.end() }
    }
}

/// Answers with transcripts in their order, the last one again and again, and stalls watches that come after the last.
struct ReplayServer {
    let server: LoopbackServer

    init(_ numbers: String...) throws {
        let transcripts = try numbers.map { try Transcript($0) }
        let next = Mutex(0)
        server = try LoopbackServer { _, writer in
            let index = next.withLock { index in
                defer { index += 1 }
                return index
            }
            try transcripts[min(index, transcripts.count - 1)].replay(to: writer)
        }
    }

    func client(token: String? = "t0ken", settings: KubernetesClientSettings = .once) throws -> KubernetesClient {
        try KubernetesClient(try ClusterAccess(server: server.url, token: token), settings: settings, clock: .withoutWaiting)
    }
}

extension KubernetesClientSettings {
    static let once = KubernetesClientSettings(maximumAttempts: 1, seed: 1)
    static let patient = KubernetesClientSettings(seed: 1)
}

extension ClientClock {
    /// Waits are over at once; they are counted as time, as if they had been waited.
    static var withoutWaiting: ClientClock {
        let skipped = SkippedTime()
        return ClientClock(
            now: { ClientClock.system.now() + skipped.total.withLock { $0 } }, wall: ClientClock.system.wall,
            sleep: { time in
                try Task.checkCancellation()
                skipped.total.withLock { $0 += time }
                await Task.yield()
            })
    }
}

private final class SkippedTime: Sendable {
    let total = Mutex(Duration.zero)
}

/// The error of a request that must fail.
func failure<Success: Sendable>(
    of body: () async throws(KubernetesError) -> Success, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> KubernetesError {
    do throws(KubernetesError) {
        let answer = try await body()
        Issue.record("expected an error, found \(answer)", sourceLocation: sourceLocation)
    } catch {
        return error
    }
    throw CancellationError()
}
