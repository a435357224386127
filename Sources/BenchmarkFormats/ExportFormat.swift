public import BenchmarkResults
import Documents
public import Measurements

/// A form in which the results of a load test are written.
public enum ExportFormat: String, Sendable, Hashable, CaseIterable {
    /// The document under the benchmark results schema.
    case json
    /// The same document in MessagePack.
    case messagePack = "msgpack"
    /// One row for each request, and a second file of figures.
    case csv
    /// One measurement a line; `import` reads it back.
    case measurementLines = "jsonl"
    /// A message `llm_latency_lens.v1.BenchmarkResults`.
    case protobuf
    /// llmperf's pair of summary and individual responses, one pair for each stage.
    case llmperf
    /// InfluxDB's line protocol, one point for each request.
    case influx
    /// The text format of Prometheus.
    case prometheus
    case text
    case html

    /// The files of this format, the one that holds most first. A pure function: the same run gives the same bytes.
    ///
    /// Requests of the warm-up, and those the client broke off when the run ended, are counted and in no file.
    /// - Parameter summary: Of the same run.
    /// - Throws: What the encoder of JSON throws, where a figure is not finite.
    public func files(_ run: BenchmarkRun, _ summary: BenchmarkSummary) throws -> [ExportedFile] {
        switch self {
        case .json: [ExportedFile(suffix: ".json", text: try ResultsDocument.json(summary))]
        case .messagePack: [try MessagePackDocument.file(ResultsDocument.json(summary))]
        case .csv: [RequestTable.file(run), SummaryTable.file(summary)]
        case .measurementLines: [MeasurementLines.file(run)]
        case .protobuf: [ResultsMessage.file(run, summary)]
        case .llmperf: LLMPerf.files(run)
        case .influx: [InfluxLines.file(run)]
        case .prometheus: [ExportedFile(suffix: ".prom", text: PrometheusText.text(run))]
        case .text: [ExportedFile(suffix: ".txt", text: ResultsText(run, summary).text)]
        case .html: [ExportedFile(suffix: ".html", text: ResultsPage(run, summary).html)]
        }
    }
}
