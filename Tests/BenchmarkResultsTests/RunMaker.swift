import FoundationEssentials
import Measurements

/// Load tests as values, for the tests of what is made of them.
enum RunMaker {
    /// A request that streams one token an event.
    static func record(
        at intended: Double, wait: Double, first: Double, perToken: Double, tokens: Int, model: String = "tiny", scenario: String = "chat"
    ) -> RequestRecord {
        var moments = AnswerMoments(intended: Nanoseconds(seconds: intended))
        let sent = intended + wait
        let last = sent + first + perToken * Double(tokens - 1)
        moments.sent = Nanoseconds(seconds: sent)
        moments.head = Nanoseconds(seconds: sent + first / 2)
        moments.firstContent = Nanoseconds(seconds: sent + first)
        moments.firstVisible = moments.firstContent
        moments.lastContent = Nanoseconds(seconds: last)
        moments.lastByte = Nanoseconds(seconds: last)
        var measurement = InferenceMeasurement(id: UUID(), model: model, provider: "openai", endpoint: "http://127.0.0.1:8000")
        measurement.time = start.advanced(by: Nanoseconds(seconds: sent))
        measurement.timeToFirstToken = Nanoseconds(seconds: first)
        measurement.endToEnd = Nanoseconds(seconds: last - sent)
        measurement.chunkGaps = Array(repeating: Nanoseconds(seconds: perToken), count: max(0, tokens - 1))
        measurement.inputTokens = 64
        measurement.outputTokens = tokens
        var record = RequestRecord(measurement: measurement, scenario: scenario, moments: moments)
        record.tokensPerEvent = Array(repeating: 1, count: tokens)
        return record
    }

    static let start = Timestamp(nanosecondsSinceEpoch: 1_795_000_000_000_000_000)

    static func stage(_ records: [RequestRecord], label: String = "stage", rate: Double, concurrency: Int? = nil) -> BenchmarkStage {
        let end = records.compactMap(\.moments.lastByte).max() ?? Nanoseconds(0)
        return BenchmarkStage(
            label: label, load: OfferedLoad(shape: .constant, requestsPerSecond: rate, concurrency: concurrency), duration: end,
            records: records)
    }

    static func run(_ stages: [BenchmarkStage]) -> BenchmarkRun {
        let id = UUID(uuid: (1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16))
        var run = BenchmarkRun(
            id: id, tool: "llm-auto-optimizer", toolVersion: "1.0.0", startedAt: start,
            model: ModelFacts(name: "tiny", provider: "openai", endpoint: "http://127.0.0.1:8000"), seed: 1)
        run.stages = stages
        return run
    }
}
