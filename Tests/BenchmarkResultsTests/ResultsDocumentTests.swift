import Documents
import Foundation
import Importing
import Measurements
import Statistics
import TestSupport
import Testing

@testable import BenchmarkResults

@Suite struct ResultsDocumentTests {
    /// Enough requests for every percentile the schema asks for, and too few.
    static let sizes = [600, 120]

    static func summary(_ requests: Int) -> BenchmarkSummary {
        var run = RunMaker.run([RunMaker.noisyStage(requests / 2, label: "4 requests/s"), RunMaker.noisyStage(requests, failing: 9)])
        run.seed = .max
        run.hardware.gpuType = "H100"
        run.hardware.gpuCount = 2
        run.stoppedEarly = "interrupted"
        run.parameters.inputTokens = .init(mean: 63.7, standardDeviation: 3.2, distribution: "normal")
        run.knees = [KneeFinding(scenario: "rates", highestGoodRate: 12.5, lowestBadRate: nil, probes: 3, reason: "the bound is reached")]
        run.calibration = ClientCalibration(
            streams: 8, requests: 100, firstTokenErrorMedian: Nanoseconds(50_000), firstTokenErrorP99: Nanoseconds(300_000),
            achievedShare: 0.998, cpuSecondsPer1000Requests: 0.3)
        run.stages[1].pressure = HostPressure(cpuStalled: 0.4, stolen: nil, busy: 0.2)
        return BenchmarkSummary(run, options: RunMaker.options)
    }

    @Test("is read back without loss", arguments: sizes)
    func lossless(requests: Int) throws {
        let summary = Self.summary(requests)
        #expect(try ResultsDocument.summary(json: try ResultsDocument.json(summary)) == summary)
    }

    @Test(
        "is valid under the benchmark results schema",
        .enabled(if: SharedData.isPresent && Python.has("jsonschema"), "needs ../shared and python3 with jsonschema"), arguments: sizes)
    func schema(requests: Int) throws {
        let path = SharedData.path("spec/benchmark-results.schema.json").replacingOccurrences(of: "'", with: "\\'")
        let script = """
            import json, sys, jsonschema
            schema = json.load(open('\(path)'))
            jsonschema.validate(json.load(sys.stdin), schema, cls=jsonschema.Draft7Validator, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
            """
        try Python.run(script, input: try ResultsDocument.json(Self.summary(requests)))
        try Python.run(script, input: try ResultsDocument.json(BenchmarkSummary(RunMaker.run([]))))
    }

    @Test("tells what was asked for and the highest rate that was found; older documents that do not are read all the same")
    func asked() throws {
        let text = try ResultsDocument.json(Self.summary(120))
        let document = try JSONDocument.parse(text)
        let input = try #require(document["configuration"]?["test_parameters"]?["input_tokens"])
        #expect(input.number("mean").value == 64 && input.text("distribution") == "normal")
        let knee = try #require(document["results"]?["highest_rates"]?.elements.first)
        #expect(knee.text("scenario") == "rates" && knee.number("highest_good_rate").value == 12.5 && knee["lowest_bad_rate"] == nil)
        var older = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        var summary = try #require(older["summary"] as? [String: Any])
        #expect(summary.removeValue(forKey: "knees") != nil && summary.removeValue(forKey: "parameters") != nil)
        older["summary"] = summary
        let read = try ResultsDocument.summary(
            json: String(decoding: try JSONSerialization.data(withJSONObject: older), as: UTF8.self))
        #expect(read.knees == nil && read.stages.count == 2)
    }

    @Test("a percentile without support is named with its reason, and nothing stands in its place")
    func refusal() throws {
        let results = try #require(try JSONDocument.parse(try ResultsDocument.json(Self.summary(120)))["results"])
        #expect(results["latency_metrics"]?["time_to_first_token"] == nil)
        let partial = try #require(results["partial_latency_metrics"]?["time_to_first_token"])
        #expect(partial["p99_ms"] == nil && partial.number("p50_ms").value != nil)
        #expect(partial["refused"]?.text("p99_ms") == "p99 needs 368 requests, there are 111")
        let complete = try #require(try JSONDocument.parse(try ResultsDocument.json(Self.summary(600)))["results"])
        #expect(complete["latency_metrics"]?["time_to_first_token"]?.number("p99_ms").value != nil)
    }

    @Test("is imported with its figures, the definitions they follow, and their failures", arguments: sizes)
    func imported(requests: Int) throws {
        let folder = try TemporaryFolder()
        let summary = Self.summary(requests)
        let path = try folder.write("results.json", try ResultsDocument.json(summary))
        let imported = try importFile(at: path) { _ in }
        let run = try #require(imported.runs.first)
        let stage = try #require(summary.stages.last)
        let first = try #require(run.reported.latencies[.timeToFirstToken])
        let expected = try #require(stage.whole.latencies[.timeToFirstToken])
        #expect(
            abs(try #require(first.mean) - expected.mean) < 1e-9
                && first.value(at: .p99).map { _ in 1 } == expected.value(at: .p99).map { _ in 1 })
        #expect(run.definitions[.timeToFirstToken] == .firstContentFromSchedule && run.definitions[.endToEnd] == .endFromSchedule)
        #expect(run.failed == stage.whole.counts.failed && run.reported.errorsByType == ["http_503": 9])
        #expect(run.model == "tiny" && run.start == summary.startedAt && run.warnings.isEmpty, "\(run.warnings)")
    }

    @Test("another tool's document, half a document and no document are told apart from ours")
    func hostile() throws {
        let text = try ResultsDocument.json(Self.summary(120))
        for wrong in [
            "{}", "[]", "", "{\"summary\":{}}", String(text.prefix(text.count / 2)),
            text.replacing("\"stages\":[{", with: "\"stages\":[7,{"),
        ] {
            #expect(throws: ResultsDocumentError.self) { try ResultsDocument.summary(json: wrong) }
        }
    }

    @Test("a document that claims absurd figures is read, written and compared without a trap")
    func absurd() throws {
        var text = try ResultsDocument.json(Self.summary(600))
        for (from, to) in [
            ("\"completed\":\\d+", "\"completed\":9223372036854775807"), ("\"effectiveCount\":[0-9.]+", "\"effectiveCount\":1e300"),
            ("\"confidence\":0.95", "\"confidence\":7"), ("\"lower\":[0-9.e-]+", "\"lower\":-1e308"),
        ] { text = text.replacing(try Regex(from), with: to) }
        let read = try ResultsDocument.summary(json: text)
        #expect(read.stages[0].whole.counts.completed == .max)
        #expect(try ResultsDocument.summary(json: try ResultsDocument.json(read)) == read)
        let comparison = BenchmarkComparison(ComparableResult(read, label: "a"), with: ComparableResult(read, label: "b"))
        #expect(!comparison.isTested && !comparison.text.isEmpty)
    }

    @Test("the schema's members are of the last stage that reached the objective")
    func headline() {
        var summary = Self.summary(600)
        #expect(ResultsDocument.headline(summary)?.label == "8 requests/s")
        summary.stages[1].whole.goodput?.isReached = false
        #expect(ResultsDocument.headline(summary)?.label == "4 requests/s")
        summary.stages[0].whole.goodput?.isReached = false
        #expect(ResultsDocument.headline(summary)?.label == "8 requests/s")
    }
}
