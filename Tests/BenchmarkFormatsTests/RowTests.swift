import BenchmarkResults
import Foundation
import Importing
import Measurements
import TestSupport
import Testing

@testable import BenchmarkFormats

/// Reads a file with the importer.
func imported(_ file: ExportedFile, as format: InputFormat? = nil) throws -> (measurements: [InferenceMeasurement], source: ImportedSource)
{
    let folder = try TemporaryFolder()
    let path = folder.path + "/run" + file.suffix
    try Data(file.bytes).write(to: URL(filePath: path))
    var measurements: [InferenceMeasurement] = []
    let source = try importFile(at: path, options: ImportOptions(format: format, strict: true)) { measurements.append($0) }
    return (measurements, source)
}

@Suite struct RowTests {
    @Test("what is exported is imported without loss", arguments: ["csv", "jsonl"])
    func roundTrip(format: String) throws {
        let file = format == "csv" ? RequestTable.file(SampleRuns.plain) : MeasurementLines.file(SampleRuns.plain)
        let found = try imported(file)
        #expect(found.measurements == SampleRuns.plain.stages[0].measuredRecords.map(\.measurement))
        #expect(found.measurements.count == 400)
    }

    @Test("missing, zero and not finite stay apart")
    func threeThings() throws {
        let cells = try cells(of: RequestTable.file(SampleRuns.hostile))
        #expect(cells["tpot_ms"] == "NaN" && cells["gpu_utilization"] == "NaN")
        #expect(cells["decode_ms"] == "0" && cells["input_tokens"] == "0")
        #expect(cells["prefill_ms"] == "" && cells["memory_utilization"] == "" && cells["timestamp"] == "")
        #expect(cells["ttft_ms"] == "100" && cells["scheduled_ttft_ms"] == "102" && cells["schedule_lag_ms"] == "2")
        #expect(cells["attempts"] == "2")
        let found = try imported(MeasurementLines.file(SampleRuns.hostile)).measurements
        #expect(found.first?.notFinite == [.timePerOutputToken, .gpuUtilization] && found.first?.inputTokens == 0)
    }

    @Test("the header stays as it is; columns are added at its end only")
    func header() {
        #expect(
            RequestTable.header
                == "measurement_id,timestamp,intended_timestamp,model,provider,endpoint,ttft_ms,tpot_ms,e2e_ms,prefill_ms,decode_ms,queue_ms,"
                + "network_ms,chunk_gaps_ms,input_tokens,output_tokens,gpu_utilization,memory_utilization,kv_cache_utilization,error_type,"
                + "error_message,error_code,stage,scenario,intended_ms,sent_ms,schedule_lag_ms,scheduled_ttft_ms,scheduled_e2e_ms,"
                + "ttft_header_ms,ttft_role_ms,ttft_visible_ms,dns_ms,connect_ms,tls_ms,connection_reused,tokens_per_event,tokens_estimated,"
                + "reasoning_tokens,cached_input_tokens,finish_reason,attempts")
    }

    @Test("a hostile name fills one cell of one row, for Python's reader too", .enabled(if: Python.has("csv"), "needs Python 3"))
    func hostile() throws {
        let file = RequestTable.file(SampleRuns.hostile)
        #expect(file.text.components(separatedBy: "\r\n").count == 3, "a header, a row and the end")
        let script = """
            import csv, io, sys, json
            rows = list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(), newline="")))
            print(json.dumps([len(rows), len(rows[0]), len(rows[1]), rows[1][3]]))
            """
        let found = try JSONSerialization.jsonObject(with: Python.run(script, input: file.text)) as? [Any]
        #expect(found?[0] as? Int == 2 && found?[1] as? Int == found?[2] as? Int)
        #expect((found?[3] as? String)?.hasPrefix("a,\"b\" = <script>") == true)
    }

    @Test("a run without requests is a header, or nothing")
    func empty() {
        #expect(RequestTable.file(SampleRuns.empty).text == RequestTable.header + "\r\n")
        #expect(MeasurementLines.file(SampleRuns.empty).bytes.isEmpty)
    }

    private func cells(of file: ExportedFile) throws -> [String: String] {
        let lines = file.text.components(separatedBy: "\r\n")
        let names = lines[0].components(separatedBy: ",")
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        for character in lines[1] {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                fields.append(field)
                field = ""
            } else {
                field.append(character)
            }
        }
        fields.append(field)
        try #require(fields.count == names.count)
        return Dictionary(uniqueKeysWithValues: zip(names, fields))
    }
}

@Suite struct SummaryTableTests {
    @Test("a row for each stage, in the columns of the header; refused percentiles are empty")
    func rows() throws {
        let lines = SummaryTable.file(BenchmarkSummary(SampleRuns.sweep)).text.components(separatedBy: "\r\n")
        #expect(lines.count == 5 && lines[0].hasPrefix("stage,load,requested_rate,concurrency,provider,model,scenario,duration_s,sent,"))
        let names = lines[0].components(separatedBy: ",")
        let cells = lines[2].components(separatedBy: ",")
        try #require(names.count == cells.count && Set(names).count == names.count)
        let row = Dictionary(uniqueKeysWithValues: zip(names, cells))
        #expect(row["stage"] == "10/s" && row["load"] == "poisson" && row["requested_rate"] == "10.0" && row["concurrency"] == "")
        #expect(row["completed"] == "396" && row["failed"] == "4" && row["warm_up"] == "1" && row["cancelled"] == "1")
        #expect(row["ttft_p999_ms"] == "" && row["ttft_p50_ms"] != "" && row["cost"] == "" && row["schedule_lag_max_ms"] == "2.0")
    }

    @Test("groups have rows of their own where there are several")
    func groups() {
        var run = SampleRuns.plain
        run.stages[0].records[5].scenario = "other"
        let rows = SummaryTable.rows(BenchmarkSummary(run))
        #expect(rows.count == 3 && rows[2].contains(",vllm,llama-3.1-8b,other,"))
        run.stages[0].records[5].scenario = "=HYPERLINK(1)"
        #expect(SummaryTable.rows(BenchmarkSummary(run)).contains { $0.contains(",vllm,llama-3.1-8b,'=HYPERLINK(1),") })
        #expect(RequestTable.row(run.stages[0].records[5], stage: "-1").contains(",'-1,'=HYPERLINK(1),"))
    }
}
