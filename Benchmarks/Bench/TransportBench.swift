import Foundation
import Transport

/// What streaming costs, and how late its times are, against a server that sends the first of 64 tokens after 200 ms and the others each
/// 10 ms later.
func measureTransport(_ arguments: [String]) async throws {
    let url = arguments.count > 1 ? arguments[1] : "http://127.0.0.1:9100/v1/chat/completions"
    let client = try HTTPClient(settings: .measuring(streams: 1_000))
    for streams in [1, 256, 1_000] {
        if streams > 1 { _ = try await run(streams, each: 1, client, url) }  // Opens and warms the connections.
        let rounds = streams == 1 ? 10 : max(3, 1_000 / streams)
        let before = processorSeconds()
        let errors = try await run(streams, each: rounds, client, url).sorted()
        let spent = (processorSeconds() - before) / Double(errors.count) * 1_000
        row("transport: \(streams) streams, CPU per 1 000 requests", text(spent) + " s", target: "≤ 0.6 s")
        let target = streams == 1 ? "" : streams == 256 ? "p99 ≤ 1 ms" : "p99 ≤ 4 ms"
        row(
            "  first chunk later than sent, p50 and p99",
            "\(text(errors[errors.count / 2] * 1_000)) and \(text(errors[errors.count * 99 / 100] * 1_000)) ms", target: target)
    }
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    row("  resident memory at most", "\(usage.ru_maxrss / 1_024) MB", target: "≤ 60 MB")
    await client.shutdown()
}

/// How much later than after 200 ms the first chunk of each request came, in seconds.
private func run(_ streams: Int, each rounds: Int, _ client: HTTPClient, _ url: String) async throws -> [Double] {
    let body = Array(#"{"model":"mock","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"hello"}]}"#.utf8)
    return try await withThrowingTaskGroup(of: [Double].self) { group in
        for _ in 0..<streams {
            group.addTask {
                var errors: [Double] = []
                for _ in 0..<rounds {
                    let answer = try await client.stream(
                        HTTPRequest(method: "POST", url: url, headers: [("Content-Type", "application/json")], body: body))
                    var first: MonotonicTime?
                    for try await chunk in answer.body where first == nil { first = chunk.receivedAt }
                    guard let first else { throw CocoaError(.fileReadCorruptFile) }
                    errors.append(Double(first.nanoseconds - answer.sentAt.nanoseconds) * 1e-9 - 0.2)
                }
                return errors
            }
        }
        return try await group.reduce(into: []) { $0 += $1 }
    }
}

private func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) * 1e-6 }.reduce(0, +)
}

private func text(_ number: Double) -> String { String(format: "%.2f", number) }
