import FoundationEssentials
import Importing
import Measurements
import Statistics
import Testing

@Suite("Formats of other tools")
struct ToolFormatTests {
    @Test("guidellm: requests become measurements, failed ones keep only their error", arguments: [false, true])
    func guidellm(asYAML: Bool) throws {
        let imported = try importing(asYAML ? Fixtures.guidellmYAML : Fixtures.guidellm)
        #expect(imported.source.format == .guidellm)
        #expect((imported.source.tool, imported.source.toolVersion) == ("guidellm", "0.8.1"))
        let run = try #require(imported.source.runs.first)
        #expect((run.label, run.model, run.requestedRate) == ("poisson 15.0/s", "mock", 15))
        #expect((run.completed, run.failed) == (1, 1))
        #expect(run.duration == Nanoseconds(seconds: 2.5))
        #expect(run.definitions[.interTokenLatency] == .gapMeanPerRequest)
        #expect(run.definitions[.timePerOutputToken] == .timePerTokenAfterFirst)
        #expect(run.warnings.contains { $0.contains("time_per_output_token includes the time to the first token") })
        let reported = try #require(run.reported.latencies[.timeToFirstToken])
        #expect((reported.mean, reported.value(at: .p95), reported.value(at: .p999)) == (50 * 1e-3, 52 * 1e-3, 53 * 1e-3))
        #expect(reported.value(at: .p90) == nil)
        #expect(reported.method == .reported)
        #expect(run.reported.requestsPerSecond == 17.25)
        #expect(run.reported.errorRate == 0.5)
        let (answered, failed) = (imported.measurements[0], imported.measurements[1])
        #expect(answered.timeToFirstToken == Nanoseconds(51_000_000))
        #expect(answered.timePerOutputToken == Nanoseconds(5_000_000))
        #expect(answered.endToEnd == Nanoseconds(125_500_000))
        #expect(answered.time?.description == "2026-11-21T02:45:58.250Z")
        #expect(answered.intendedTime?.description == "2026-11-21T02:45:58Z")
        #expect((answered.inputTokens, answered.outputTokens, answered.model) == (104, 16, "mock"))
        #expect(
            failed.error
                == InferenceError(type: "http_429", message: "HTTPStatusError(\"Client error '429 Too Many Requests'\")", code: 429))
        #expect(failed.timeToFirstToken == nil)
    }

    @Test("guidellm before 0.6: times and errors stand beside the request")
    func oldGuidellm() throws {
        let imported = try importing(
            """
            {"benchmarks": [{"args": {"strategy": {"type_": "constant", "rate": 5}}, "start_time": 1795229158, "end_time": 1795229160.5,
              "metrics": {"request_totals": {"successful": 1, "errored": 1}}, "requests": {
              "successful": [{"start_time": 1795229158.25, "time_to_first_token_ms": 51.0, "request_latency": 0.2}],
              "errored": [{"start_time": 1795229159, "error": "ReadTimeout: timed out"}]}}]}
            """)
        let run = try #require(imported.source.runs.first)
        #expect((run.label, run.duration) == ("constant 5.0/s", Nanoseconds(seconds: 2.5)))
        #expect(imported.measurements[0].time?.description == "2026-11-21T02:45:58.250Z")
        #expect(imported.measurements[1].error?.type == "timeout")
    }

    @Test("guidellm's CSV: the list of percentiles starts with the minimum, lacks the median and ends with the maximum")
    func guidellmTable() throws {
        let run = try #require(try importing(Fixtures.guidellmTable).source.runs.first)
        let summary = try #require(run.reported.latencies[.timeToFirstToken])
        #expect((summary.mean, summary.minimum, summary.median, summary.maximum) == (52.5 * 1e-3, 50 * 1e-3, 52 * 1e-3, 60 * 1e-3))
        #expect((summary.value(at: .p90), summary.value(at: .p95), summary.value(at: .p99)) == (57 * 1e-3, 58 * 1e-3, 59 * 1e-3))
        #expect((run.label, run.model, run.concurrency) == ("concurrent@8", "mock", 8))
        #expect((run.completed, run.failed) == (48, 12))
        #expect(run.reported.errorRate == 0.2)
    }

    @Test("aiperf and genai-perf: figures keep their unit", arguments: [true, false])
    func aiperf(isAiperf: Bool) throws {
        let version = isAiperf ? "\"aiperf_version\": \"0.13.0\", \"schema_version\": \"1.4\"," : ""
        let imported = try importing("{\(version) \(Fixtures.aiperfFigures)}")
        let run = try #require(imported.source.runs.first)
        #expect(imported.source.format == .aiperf)
        #expect(imported.source.tool == (isAiperf ? "aiperf" : "genai-perf"))
        #expect(imported.source.toolVersion == (isAiperf ? "0.13.0" : nil))
        #expect(run.reported.latencies[.timeToFirstToken]?.value(at: .p95) == 0.0525)
        #expect(run.reported.latencies[.endToEnd]?.mean == 0.125)
        #expect(run.reported.latencies[.timePerOutputToken]?.median == 0.005)
        #expect((run.completed, run.failed) == (48, 12))
        #expect(run.reported.requestsPerSecond == 12.5)
        #expect(run.definitions[.endToEnd] == .endToLastContent)
        #expect(run.reported.errorsByType == ["http_429": 2])
    }

    @Test("aiperf's records: gaps, tokens as the server counts them, errors; the warm-up is left out")
    func aiperfRecords() throws {
        let imported = try importing(Fixtures.aiperfRecords)
        #expect(imported.source.format == .aiperfRecords)
        #expect(imported.measurements.count == 2)
        let (answered, failed) = (imported.measurements[0], imported.measurements[1])
        #expect(answered.id.uuidString == "1DA17660-0D75-4247-B058-CABE4D646583")
        #expect(answered.time?.nanosecondsSinceEpoch == 1_795_227_490_177_051_619)
        #expect(answered.intendedTime?.nanosecondsSinceEpoch == 1_795_227_490_173_361_623)
        #expect(answered.chunkGaps == [Nanoseconds(17_500_000), Nanoseconds(20_000_000)])
        #expect((answered.inputTokens, answered.outputTokens) == (80, 32))
        #expect(answered.network == Nanoseconds(22_500_000))
        #expect(failed.error == InferenceError(type: "http_500", message: "Internal Server Error", code: 500))
        let run = try #require(imported.source.runs.first)
        #expect((run.completed, run.failed) == (1, 1))
        #expect(run.warnings.contains("1 records of the warm-up were left out"))
    }

    @Test("aiperf's other files: timeslices, aggregate, sweep, each as JSON and as CSV", arguments: Fixtures.aiperfOthers)
    func aiperfOthers(fixture: Fixtures.Other) throws {
        let imported = try importing(fixture.content)
        #expect(imported.source.format == fixture.format)
        #expect(imported.source.runs.map(\.label) == fixture.labels)
        let run = try #require(imported.source.runs.last)
        #expect(run.reported.latencies[.timeToFirstToken]?.value(at: .p95) == 0.0525)
        #expect(run.reported.requestsPerSecond == 12.5)
        let isAggregate = fixture.format.rawValue.contains("aggregate") || fixture.format.rawValue.contains("sweep")
        #expect(run.warnings.contains { $0.contains("a mean of percentiles is no percentile") } == isAggregate)
    }

    @Test("vllm bench: failed requests are stored as zeros and count only as errors")
    func vllm() throws {
        let imported = try importing(Fixtures.vllm)
        #expect(imported.source.format == .vllmBench)
        let run = try #require(imported.source.runs.first)
        #expect(run.definitions[.timeToFirstToken] == .timeToFirstEvent)
        #expect(run.warnings.contains { $0.contains("empty role chunk") })
        #expect((run.requestedRate, run.concurrency, run.completed, run.failed) == (nil, 8, 2, 1))
        #expect(run.reported.latencies[.timeToFirstToken]?.value(at: .p99) == 0.11)
        let (first, failed) = (imported.measurements[0], imported.measurements[1])
        #expect((first.timeToFirstToken, first.endToEnd) == (Nanoseconds(100_000_000), Nanoseconds(700_000_000)))
        #expect(first.timePerOutputToken == Nanoseconds(20_000_000))
        #expect(first.queue == Nanoseconds(1_000_000))
        #expect(first.chunkGaps?.count == 2)
        #expect(failed.error?.type == "http_429")
        #expect((failed.timeToFirstToken, failed.endToEnd, failed.outputTokens) == (nil, nil, nil))
        #expect(imported.measurements[2].time?.description == "2026-11-21T03:54:20.500Z")
        #expect(imported.summary(.timeToFirstToken)?.minimum == 0.1)
    }

    @Test("vllm bench: several runs, one a line; a bad line is named and passed over")
    func vllmLines() throws {
        let line = Fixtures.vllm.split(separator: "\n").joined()
        let imported = try importing(line + "\n" + line + "\n{\"model_id\": 3\n" + line + "\n{\"other\": 1}\n")
        #expect(imported.source.runs.count == 3)
        #expect(imported.measurements.count == 9)
        #expect(imported.source.skipped.map(\.place) == [.line(3), .line(5)])
    }

    @Test("vllm bench without details: only e2e is known of a request, and zeros are failures")
    func vllmDefault() throws {
        let imported = try importing(
            #"{"date": "20261121-035421", "model_id": "m", "endpoint_type": "openai", "duration": 2.0, "completed": 1, "request_throughput": 0.5, "latencies": [0.7, 0.0]}"#
        )
        #expect(imported.measurements.map(\.endToEnd) == [Nanoseconds(700_000_000), nil])
        #expect(imported.measurements.map { $0.error?.type } == [nil, "unknown"])
        #expect(imported.source.runs.first?.failed == 1)
    }

    @Test("arrays of different lengths cannot be told apart by request and are refused")
    func vllmLengths() {
        let text = #"{"model_id": "m", "request_throughput": 1, "ttfts": [0.1, 0.2], "latencies": [0.7]}"#
        #expect(failure(text) == ": error: expected 'latencies' to have 2 elements as 'ttfts' has, found 1")
    }

    @Test("SGLang: bare Infinity is no error, e2e is ttft plus the gaps, several runs one a line")
    func sglang() throws {
        let imported = try importing(Fixtures.sglang + Fixtures.sglang)
        #expect(imported.source.format == .sglangBench)
        #expect(imported.source.runs.count == 2)
        #expect(imported.measurements.count == 4)
        let first = try #require(imported.measurements.first)
        #expect(first.endToEnd == Nanoseconds(140_000_000))
        #expect(first.timePerOutputToken == Nanoseconds(20_000_000))
        let run = imported.source.runs[0]
        #expect((run.requestedRate, run.concurrency) == (nil, 8))
        #expect(run.definitions[.timeToFirstToken] == .timeToFirstContent)
        #expect(run.warnings.contains("the reported tpot is 0 throughout, which means it was not measured; it was left out") == false)
        #expect(Set(imported.measurements.map(\.id)).count == 4)
    }

    @Test("inference-perf: stage report and requests")
    func inferencePerf() throws {
        let run = try #require(try importing(Fixtures.inferencePerf).source.runs.first)
        #expect(run.definitions[.interTokenLatency] == .gapPerToken)
        #expect((run.label, run.completed, run.failed) == ("concurrency 8", 80, 20))
        #expect(run.reported.latencies[.timeToFirstToken]?.median == 0.1)
        #expect(run.reported.errorRate == 0.2)
        #expect(run.reported.latencies[.interTokenLatency] == nil)
        #expect(run.warnings.contains("the reported itl is 0 throughout, which means it was not measured; it was left out"))
        let requests = try importing(Fixtures.inferencePerfRequests)
        #expect(requests.source.format == .inferencePerfRequests)
        let first = try #require(requests.measurements.first)
        #expect(first.timeToFirstToken == Nanoseconds(100_000_000))
        #expect(first.endToEnd == Nanoseconds(200_000_000))
        #expect(first.chunkGaps == [Nanoseconds(40_000_000), Nanoseconds(50_000_000)])
        #expect((first.inputTokens, first.outputTokens) == (110, 3))
        #expect(requests.measurements.last?.error?.type == "timeout")
    }

    @Test("llm-d's Benchmark Report: each figure in its own unit")
    func benchmarkReport() throws {
        let imported = try importing(Fixtures.benchmarkReport)
        #expect(imported.source.format == .benchmarkReport)
        let run = try #require(imported.source.runs.first)
        #expect(run.start?.description == "2026-11-21T02:41:33.050Z")
        #expect(run.duration == Nanoseconds(seconds: 15))
        #expect(run.reported.latencies[.timeToFirstToken]?.value(at: .p999) == 0.106)
        #expect(run.reported.latencies[.timePerOutputToken]?.mean == 0.02)
        #expect(run.reported.latencies[.endToEnd] == nil)
        #expect(run.warnings.contains { $0.contains("'parsecs'") })
        #expect(run.reported.requestsPerSecond == 5.5)
    }

    @Test("llmperf: what it calls inter-token latency is none of ours")
    func llmperf() throws {
        let summary = try #require(try importing(Fixtures.llmperf).source.runs.first)
        #expect(summary.definitions[.interTokenLatency] == .timePerChunk)
        #expect(summary.reported.latencies[.timeToFirstToken]?.value(at: .p95) == 0.14)
        #expect(summary.reported.requestsPerSecond == 6)
        #expect(summary.reported.inputTokens?.minimum == 175)
        #expect(summary.reported.latencies[.timePerOutputToken] == nil)
        let responses = try importing(Fixtures.llmperfResponses)
        #expect(responses.measurements.first?.timePerOutputToken == Nanoseconds(20_000_000))
        #expect(responses.measurements.first?.chunkGaps == nil)
        #expect(responses.measurements.last?.error == InferenceError(type: "http_429", message: "slow down", code: 429))
    }

    @Test("hey: the first byte is named as such, other statuses than 2xx are errors")
    func hey() throws {
        let imported = try importing(Fixtures.hey)
        #expect(imported.source.format == .hey)
        let run = try #require(imported.source.runs.first)
        #expect(run.definitions[.timeToFirstToken] == .timeToFirstByte)
        #expect((run.completed, run.failed) == (1, 1))
        #expect(imported.measurements[0].endToEnd == Nanoseconds(240_400_000))
        #expect(imported.measurements[0].timeToFirstToken == Nanoseconds(200_900_000))
        #expect(imported.measurements[1].error?.type == "http_503")
        #expect(imported.source.skipped.map(\.reason) == ["status-code is 'OK'; expected an HTTP status"])
    }

    @Test("component statistics: percent become ratios, a run for each component")
    func components() throws {
        let imported = try importing(
            """
            {"rust_routing": {"total_calls": 200, "failed_calls": 4, "avg_duration_ms": 12.5, "p95_duration_ms": 30, "error_rate": 2.0,
                              "throughput_per_second": 80},
             "token_counting": {"total_calls": 10, "avg_duration_ms": NaN, "p95_duration_ms": 3}}
            """)
        #expect(imported.source.format == .componentStatistics)
        let (routing, counting) = (imported.source.runs[0], imported.source.runs[1])
        #expect((routing.label, routing.completed, routing.failed) == ("rust_routing", 196, 4))
        #expect((routing.reported.errorRate, routing.reported.requestsPerSecond) == (0.02, 80))
        #expect(routing.reported.latencies[.endToEnd]?.value(at: .p95) == 0.03)
        #expect(counting.reported.latencies[.endToEnd]?.mean == nil)
        #expect(counting.warnings.contains("1 reported e2e figures are not finite and were left out"))
    }

    @Test("our benchmark results: milliseconds become seconds, percent become ratios")
    func benchmarkResults() throws {
        let imported = try importing(Fixtures.benchmarkResults)
        #expect(imported.source.format == .benchmarkResults)
        let run = try #require(imported.source.runs.first)
        #expect((run.model, run.concurrency) == ("llama-3.1-8b", 8))
        let summary = try #require(run.reported.latencies[.timeToFirstToken])
        #expect((summary.count, summary.mean, summary.median, summary.value(at: .p99)) == (40, 0.1, 0.099, 0.15))
        #expect(run.reported.utilization[.gpu]?.mean == 0.9)
        #expect(run.reported.errorsByType == ["http_429": 2])
        #expect(run.definitions.values.allSatisfy { $0.isCanonical })
    }
}
