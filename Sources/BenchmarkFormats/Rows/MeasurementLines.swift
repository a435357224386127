import Importing
import Measurements

/// One measurement a line, as JSON: what `import` reads back without loss. Latencies are as sent.
enum MeasurementLines {
    static func file(_ run: BenchmarkRun) -> ExportedFile {
        ExportedFile(suffix: ".jsonl", lines: run.measuredRequests.lazy.map { MeasurementWriter.jsonLine($0.record.measurement) })
    }
}
