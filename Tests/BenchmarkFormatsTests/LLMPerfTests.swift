import BenchmarkResults
import Documents
import Foundation
import Importing
import Measurements
import Statistics
import TestSupport
import Testing

@testable import BenchmarkFormats

@Suite struct LLMPerfTests {
    @Test("the individual responses are read back with the same figures")
    func responses() throws {
        let files = try ExportFormat.llmperf.files(SampleRuns.plain, BenchmarkSummary(SampleRuns.plain))
        #expect(files.map(\.suffix) == ["_summary.json", "_individual_responses.json"])
        let found = try imported(files[1])
        #expect(found.source.format == .llmperfResponses && found.measurements.count == 400)
        for (read, written) in zip(found.measurements, SampleRuns.plain.stages[0].measuredRecords.map(\.measurement)) {
            #expect(read.timeToFirstToken == written.timeToFirstToken && read.endToEnd == written.endToEnd)
            #expect(read.inputTokens == written.inputTokens && read.outputTokens == written.outputTokens)
            #expect(read.succeeded == written.succeeded && read.error?.code == written.error?.code)
        }
    }

    @Test("the summary is read back with the figures of the run")
    func summary() throws {
        let run = SampleRuns.plain
        let summary = BenchmarkSummary(run)
        let found = try imported(ExportFormat.llmperf.files(run, summary)[0])
        let read = try #require(found.source.runs.first)
        let own = try #require(summary.stages[0].whole.latencies[.timeToFirstTokenAsSent])
        #expect(found.source.format == .llmperf && read.concurrency == 8 && read.completed == 396 && read.failed == 4)
        let reported = try #require(read.reported.latencies[.timeToFirstToken])
        #expect(
            reported.mean.map { abs($0 - own.mean) < 1e-12 } == true && reported.minimum == own.minimum && reported.maximum == own.maximum)
        for level in [Percentile.p50, .p90, .p95, .p99] { #expect(reported.value(at: level) == own.value(at: level), "\(level)") }
        #expect(read.start == SampleRuns.startedAt && read.reported.errorRate == 0.01)
    }

    @Test("the keys are llmperf's own, in its order", .enabled(if: SharedData.isPresent, "needs the shared data"))
    func keys() throws {
        func keys(_ text: String) throws -> [String] { try JSONDocument.parse(text).members.map(\.key) }
        let files = try ExportFormat.llmperf.files(SampleRuns.plain, BenchmarkSummary(SampleRuns.plain))
        let original = try String(contentsOfFile: SharedData.path("samples/llmperf/mock_200_32_summary.json"), encoding: .utf8)
        #expect(try keys(files[0].text) == keys(original).filter { $0 != "env" })
        let responses = try String(
            contentsOfFile: SharedData.path("samples/llmperf/mock_200_32_individual_responses.json"), encoding: .utf8)
        #expect(
            try JSONDocument.parse(files[1].text).elements[0].members.map(\.key)
                == JSONDocument.parse(responses).elements[0].members.map(\.key))
    }

    @Test("what was not measured is null, zero is zero, and a percentile without support is null")
    func threeThings() throws {
        let files = try ExportFormat.llmperf.files(SampleRuns.hostile, BenchmarkSummary(SampleRuns.hostile))
        let summary = try JSONDocument.parse(files[0].text)
        #expect(summary["results_ttft_s_quantiles_p99"] == .null && summary.number("results_ttft_s_mean") == .finite(0.1))
        let response = try JSONDocument.parse(files[1].text).elements[0]
        #expect(response.integer("number_input_tokens") == 0 && response["error_code"] == .null)
    }

    @Test("several stages are several pairs; a run without stages has no file")
    func stages() throws {
        let suffixes = try ExportFormat.llmperf.files(SampleRuns.sweep, BenchmarkSummary(SampleRuns.sweep)).map(\.suffix)
        #expect(suffixes.prefix(3) == ["_1_summary.json", "_1_individual_responses.json", "_2_summary.json"] && suffixes.count == 6)
        #expect(try ExportFormat.llmperf.files(SampleRuns.empty, BenchmarkSummary(SampleRuns.empty)).isEmpty)
    }
}
