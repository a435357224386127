import Foundation
import Measurements
import Probing
import Synchronization
import Transport

/// A closed loop over the way every probe and load test goes: how late our own times are and what they cost is for the caller to find
/// out, who has the server's log.
///
///     Bench lens URL STREAMS REQUESTS TOKENS [FILE]
///
/// Each line of the file is one request: its start, time to first token, time from the first to the last token and time to the end, in
/// nanoseconds of the monotonic clock, and its tokens. A request that failed has -1 for its times.
func runLens(_ arguments: [String]) async throws {
    guard arguments.count >= 5, let streams = Int(arguments[2]), let requests = Int(arguments[3]), let tokens = Int(arguments[4]),
        streams > 0
    else { throw BenchUsage(text: "Bench lens URL STREAMS REQUESTS TOKENS [FILE]") }
    let client = try HTTPClient(settings: .measuring(streams: streams))
    let exchange = StreamExchange(client: client, provider: OpenAIChat(model: "mock"), endpoint: arguments[1], model: "mock")
    let prompt = Prompt(text: String(repeating: "the of and to in is that for ", count: 8), maximumOutputTokens: tokens)
    let isKept = arguments.count > 5
    let tally = LensTally(requests: requests)
    let beganAt = MonotonicTime.now
    let samples = try await withThrowingTaskGroup(of: [LensSample].self) { group in
        for stream in 0..<streams {
            group.addTask {
                // A thousand connections opened at once would queue up at the server, and all streams would stay in step.
                try await Task.sleep(for: .milliseconds(stream))
                var samples: [LensSample] = []
                while tally.takeOne() {
                    let sentAt = MonotonicTime.now
                    let answer = await exchange.measure(prompt, key: nil, time: Timestamp(nanosecondsSinceEpoch: sentAt.nanoseconds))
                    if answer.measurement.error != nil { tally.countFailure() }
                    if isKept { samples.append(LensSample(sentAt: sentAt, answer.measurement)) }
                }
                return samples
            }
        }
        return try await group.reduce(into: []) { $0 += $1 }
    }
    let seconds = (MonotonicTime.now - beganAt) / .seconds(1)
    if isKept { try samples.map(\.line).joined().write(toFile: arguments[5], atomically: true, encoding: .utf8) }
    await client.shutdown()
    print("\(requests) requests in \(String(format: "%.2f", seconds)) s, \(tally.failed) failed")
}

/// What is left to do, and what went wrong.
private final class LensTally: Sendable {
    private let left: Atomic<Int>
    private let failures = Atomic(0)

    init(requests: Int) { left = Atomic(requests) }

    /// - Returns: Whether there is another request to send.
    func takeOne() -> Bool { left.subtract(1, ordering: .relaxed).oldValue > 0 }
    func countFailure() { failures.add(1, ordering: .relaxed) }
    var failed: Int { failures.load(ordering: .relaxed) }
}

private struct LensSample: Sendable {
    let sentAt: MonotonicTime
    let firstToken: Int64
    let decode: Int64
    let endToEnd: Int64
    let tokens: Int

    init(sentAt: MonotonicTime, _ measurement: InferenceMeasurement) {
        self.sentAt = sentAt
        firstToken = measurement.timeToFirstToken?.count ?? -1
        decode = measurement.decode?.count ?? -1
        endToEnd = measurement.endToEnd?.count ?? -1
        tokens = measurement.outputTokens ?? 0
    }

    var line: String { "\(sentAt.nanoseconds),\(firstToken),\(decode),\(endToEnd),\(tokens)\n" }
}

/// A command line that cannot be followed.
struct BenchUsage: Error, CustomStringConvertible {
    let text: String
    var description: String { "usage: \(text)" }
}
