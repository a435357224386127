import Foundation
import Measurements

/// Runs whose every figure is known.
enum SampleRuns {
    static let startedAt = Timestamp(iso8601: "2026-11-21T10:00:00Z") ?? Timestamp(nanosecondsSinceEpoch: 0)

    /// One closed stage of 400 requests, the k-th with a TTFT of 100 + k/4 ms, 10 output tokens 20 ms apart, and one failure in a hundred.
    static let plain = run(stages: [stage("concurrency 8", OfferedLoad(shape: .closed, concurrency: 8), requests: 400)])

    /// Three open stages of rising rate and latency.
    static let sweep = run(
        stages: [5.0, 10, 20].map { rate in
            stage("\(Int(rate))/s", OfferedLoad(shape: .poisson, requestsPerSecond: rate), requests: 400, every: 1 / rate, slower: rate / 5)
        })

    /// Texts that mean something to every format they are written in.
    static let hostileName = "a,\"b\" = <script>alert('1')</script>\r\n{x=\"y\"}\\ \u{1B}[31m\u{202E}x"

    /// A single request of everything unusual: no time, values that are missing, zero and not finite, hostile texts, a retry.
    static let hostile: BenchmarkRun = {
        var record = SampleRuns.record(0)
        record.scenario = hostileName
        record.finishReason = hostileName
        record.measurement.model = hostileName
        record.measurement.provider = hostileName
        record.measurement.endpoint = "http://user:secretword@host:1/v1?key=secretword"
        record.measurement.time = nil
        record.measurement.timePerOutputToken = nil
        record.measurement.notFinite = [.timePerOutputToken, .gpuUtilization]
        record.measurement.decode = Nanoseconds(0)
        record.measurement.inputTokens = 0
        record.earlierAttempts = [
            FailedAttempt(
                error: InferenceError(type: "http_503", message: hostileName, code: 503), began: Nanoseconds(1), ended: Nanoseconds(2))
        ]
        var run = SampleRuns.run(stages: [
            BenchmarkStage(label: hostileName, load: OfferedLoad(shape: .trace), duration: Nanoseconds(seconds: 1), records: [record])
        ])
        run.model.name = hostileName
        run.stoppedEarly = hostileName
        return run
    }()

    static let empty = run(stages: [])

    static func run(stages: [BenchmarkStage]) -> BenchmarkRun {
        var model = ModelFacts(name: "llama-3.1-8b", provider: "vllm", endpoint: "http://localhost:8000/v1")
        model.quantization = "bf16"
        var run = BenchmarkRun(
            id: identity(0xB000), tool: "llm-auto-optimizer", toolVersion: "1.0.0", startedAt: startedAt, model: model, seed: 42)
        run.hardware.gpuType = "H100"
        run.hardware.gpuCount = 2
        run.stages = stages
        return run
    }

    static func stage(
        _ label: String, _ load: OfferedLoad, requests: Int, every interval: Double = 0.1, slower: Double = 1
    ) -> BenchmarkStage {
        var records = (0..<requests).map { record($0, every: interval, slower: slower) }
        for index in stride(from: 50, to: requests, by: 100) { records[index] = failed(records[index]) }
        var warmUp = Self.record(requests, every: interval)
        warmUp.isWarmUp = true
        var cancelled = Self.record(requests + 1, every: interval)
        cancelled.measurement.error = InferenceError(type: "cancelled")
        return BenchmarkStage(
            label: label, load: load, duration: Nanoseconds(seconds: Double(requests) * interval + 1),
            records: [warmUp] + records + [cancelled])
    }

    /// The `index`-th request, due an interval in seconds after the one before and sent 2 ms late.
    static func record(_ index: Int, every interval: Double = 0.1, slower: Double = 1) -> RequestRecord {
        let intended = Nanoseconds(seconds: Double(index) * interval)
        let sent = intended + Nanoseconds(milliseconds: 2)
        // Mixed, so that neighbours do not resemble each other: 263 has no divisor in common with 400.
        let first = Nanoseconds(milliseconds: slower * (100 + Double(index * 263 % 400) / 4))
        let gap = Nanoseconds(milliseconds: 20 * slower)
        let decode = Nanoseconds(gap.count * 9)
        var measurement = InferenceMeasurement(
            id: identity(index), time: startedAt.advanced(by: sent), model: "llama-3.1-8b", provider: "vllm",
            endpoint: "http://localhost:8000/v1")
        measurement.timeToFirstToken = first
        measurement.timePerOutputToken = gap
        measurement.decode = decode
        measurement.endToEnd = first + decode + Nanoseconds(milliseconds: 1)
        measurement.chunkGaps = Array(repeating: gap, count: 9)
        measurement.inputTokens = 150 + index % 3
        measurement.outputTokens = 10
        var moments = AnswerMoments(intended: intended)
        moments.sent = sent
        moments.head = sent + Nanoseconds(milliseconds: 5)
        moments.role = sent + Nanoseconds(milliseconds: 6)
        moments.firstContent = sent + first
        moments.firstVisible = sent + first
        moments.lastContent = sent + first + decode
        moments.lastByte = sent + first + decode + Nanoseconds(milliseconds: 1)
        var record = RequestRecord(measurement: measurement, moments: moments)
        record.tokensPerEvent = Array(repeating: 1, count: 10)
        record.finishReason = "stop"
        record.connection = ConnectionPhases(wasReused: true)
        return record
    }

    private static func failed(_ record: RequestRecord) -> RequestRecord {
        var record = record
        record.measurement = InferenceMeasurement(
            id: record.measurement.id, time: record.measurement.time, model: record.measurement.model,
            provider: record.measurement.provider, endpoint: record.measurement.endpoint)
        record.measurement.error = InferenceError(type: "http_429", message: "slow down", code: 429)
        let intended = record.moments.intended
        let sent = record.moments.sent
        record.moments = AnswerMoments(intended: intended)
        record.moments.sent = sent
        record.moments.lastByte = intended + Nanoseconds(milliseconds: 10)
        record.tokensPerEvent = nil
        record.finishReason = nil
        return record
    }

    private static func identity(_ number: Int) -> UUID {
        UUID(uuidString: "00000000-0000-4000-8000-" + String(format: "%012X", number)) ?? UUID()
    }
}
