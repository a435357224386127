import FoundationEssentials
import Importing
import Measurements
import Statistics
import Testing

@Suite("Our own measurement files")
struct MeasurementFileTests {
    private let line = """
        {"measurement_id":"1da17660-0d75-4247-b058-cabe4d646583","timestamp":"2026-11-21T02:41:33.050174Z","model":"llama","provider":"vllm",\
        "endpoint":"http://chat/v1","ttft_ms":101.5,"tpot_ms":20,"e2e_ms":721.25,"input_tokens":64,"output_tokens":32,\
        "gpu_utilization_percent":85,"kv_cache_utilization":0.5,"dns_ms":1,"connect_ms":2.5,"chunk_gaps_ms":[20,20.5]}
        """

    @Test("a line of JSON becomes a measurement with every field")
    func jsonLine() throws {
        let imported = try importing(line)
        let measurement = try #require(imported.measurements.first)
        #expect(imported.source.format == .measurementLines)
        #expect(measurement.id.uuidString == "1DA17660-0D75-4247-B058-CABE4D646583")
        #expect(measurement.time?.description == "2026-11-21T02:41:33.050174Z")
        #expect((measurement.model, measurement.provider, measurement.endpoint) == ("llama", "vllm", "http://chat/v1"))
        #expect(measurement.timeToFirstToken == Nanoseconds(101_500_000))
        #expect(measurement.timePerOutputToken == Nanoseconds(20_000_000))
        #expect(measurement.endToEnd == Nanoseconds(721_250_000))
        #expect(measurement.chunkGaps == [Nanoseconds(20_000_000), Nanoseconds(20_500_000)])
        #expect(measurement.network == Nanoseconds(3_500_000))
        #expect((measurement.inputTokens, measurement.outputTokens) == (64, 32))
        #expect((measurement.gpuUtilization, measurement.keyValueCacheUtilization) == (0.85, 0.5))
        #expect(measurement.memoryUtilization == nil)
        #expect(measurement.error == nil)
        #expect(measurement.notFinite.isEmpty)
        #expect(imported.source.runs.first?.model == "llama")
        #expect(imported.source.runs.first?.completed == 1)
    }

    @Test(
        "a failure is one however it is spelled",
        arguments: [
            (#""error":"timeout after 30 s""#, "timeout"),
            (#""error":{"type":"rate_limit","message":"slow down","code":429}"#, "rate_limit"),
            (#""error":{"message":"HTTP 503","code":503}"#, "http_503"), (#""success":false"#, "other"), (#""error":true"#, "other"),
            (#""error":null"#, nil), (#""success":true,"error":"""#, nil), (#""error":false"#, nil),
        ])
    func failures(members: String, type: String?) throws {
        let imported = try importing(#"{"ttft_ms":1,\#(members)}"#)
        #expect(imported.measurements.map { $0.error?.type } == [type])
    }

    @Test(
        "an address keeps no credentials",
        arguments: [
            ("http://me:pw@chat:8000/v1", "http://chat:8000/v1"), ("https://chat/v1?key=secret", "https://chat/v1"),
            ("chat:8000#t", "chat:8000"),
            ("http://chat/a@b", "http://chat/a@b"),
        ])
    func credentials(address: String, kept: String) throws {
        let imported = try importing(#"{"ttft_ms":1,"endpoint":"\#(address)"}"#)
        #expect(imported.measurements.map(\.endpoint) == [kept])
    }

    @Test("missing, zero and not finite stay three different things")
    func readings() throws {
        let imported = try importing(
            """
            {"ttft_ms": 0, "e2e_ms": NaN, "tpot_ms": "Infinity", "output_tokens": null}
            {"ttft_ms": null, "e2e_ms": 5, "gpu_utilization": NaN, "chunk_gaps_ms": [1, NaN]}
            """)
        let (first, second) = (imported.measurements[0], imported.measurements[1])
        #expect(first.timeToFirstToken == Nanoseconds(0))
        #expect(first.endToEnd == nil)
        #expect(first.notFinite == [.endToEnd, .timePerOutputToken])
        #expect(second.timeToFirstToken == nil)
        #expect(second.notFinite == [.gpuUtilization, .chunkGaps])
        #expect(second.chunkGaps == [Nanoseconds(1_000_000)])
    }

    @Test(
        "times are read as ISO 8601 or as numbers since 1970 of any usual unit",
        arguments: [
            "\"2026-11-21T02:41:33Z\"", "1795228893", "1795228893.0", "1795228893000", "1795228893000000", "1795228893000000000",
        ])
    func times(text: String) throws {
        let imported = try importing("{\"ttft_ms\": 1, \"timestamp\": \(text)}")
        #expect(imported.measurements.first?.time?.description == "2026-11-21T02:41:33Z")
    }

    @Test("CSV gives the same measurement as JSON, in any order of columns")
    func csv() throws {
        let json = try importing(line).measurements
        let text = """
            unknown,e2e_ms,ttft_ms,tpot_ms,measurement_id,timestamp,model,provider,endpoint,input_tokens,output_tokens,gpu_utilization_percent,\
            kv_cache_utilization,dns_ms,connect_ms,chunk_gaps_ms,memory_utilization
            "a, \"\"b\"\"",721.25,101.5,20,1da17660-0d75-4247-b058-cabe4d646583,2026-11-21T02:41:33.050174Z,llama,vllm,http://chat/v1,64,32,85,\
            0.5,1,2.5,20 20.5,
            """
        let csv = try importing(text)
        #expect(csv.source.format == .measurementTable)
        #expect(csv.source.skipped.map(\.reason) == [])
        #expect(csv.measurements == json)
    }

    @Test("what is written is read back without loss", arguments: UInt64(1)...20)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let measurements = (0..<50).map { _ in Self.anyMeasurement(using: &random) }
        let json = try importing(measurements.map(MeasurementWriter.jsonLine).joined(separator: "\n"))
        #expect(json.measurements == measurements, "seed \(seed)")
        let csv = try importing(([MeasurementWriter.csvHeader] + measurements.map(MeasurementWriter.csvLine)).joined(separator: "\r\n"))
        #expect(csv.source.skipped.map(\.reason) == [])
        #expect(csv.measurements == measurements, "seed \(seed)")
    }

    @Test(
        "a text that a spreadsheet would compute is marked in CSV, and read back as it was",
        arguments: ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted"])
    func formula(text: String) throws {
        var measurement = InferenceMeasurement(id: UUID())
        measurement.model = text
        measurement.error = InferenceError(type: "http_500", message: text, code: 500)
        let line = MeasurementWriter.csvLine(measurement)
        #expect(line.contains(",'" + text) && !line.contains("," + text))
        let csv = try importing(MeasurementWriter.csvHeader + "\r\n" + line)
        #expect(csv.measurements == [measurement])
    }

    @Test("a bad record is named with its line, counted and passed over")
    func badRecords() throws {
        let imported = try importing(
            """
            {"ttft_ms": 1}
            {"ttft_ms": -3}
            {"ttft_ms": "fast"}
            {"ttft_ms": 1,
            [1]
            {"ttft_ms": 2, "timestamp": "yesterday"}

            {"ttft_ms": 2, "gpu_utilization": 85}
            {"ttft_ms": 2}
            """)
        #expect(imported.measurements.map(\.timeToFirstToken) == [Nanoseconds(1_000_000), Nanoseconds(2_000_000)])
        #expect(imported.source.recordsSkipped == 6)
        let skipped = imported.source.skipped.map { "\($0.place): \($0.reason)" }
        #expect(
            skipped == [
                "2: ttft_ms is -3.0; a latency cannot be negative",
                "3: ttft_ms is not a number; give a number or leave it out",
                "4: column 15: expected a key in double quotes, found the end of the document; it may be cut off",
                "5: column 1: expected a JSON object that starts with '{'",
                "6: timestamp is 'yesterday'; expected ISO 8601 or a number since 1970",
                "8: gpu_utilization is 85.0; expected a value in 0...1",
            ])
    }

    @Test("strict ends at the first bad record")
    func strict() {
        #expect(
            failure("{\"ttft_ms\": 1}\n{\"ttft_ms\": -3}", ImportOptions(strict: true))
                == ":2: error: ttft_ms is -3.0; a latency cannot be negative")
    }

    @Test("a CSV line that is cut off is a bad record")
    func cutCSV() throws {
        let imported = try importing("ttft_ms,e2e_ms\n1,2\n3\n4,5")
        #expect(imported.measurements.count == 2)
        #expect(
            imported.source.skipped.map(\.description).first?.hasSuffix(
                ":3: expected 2 fields as in the header, found 1; the line may be cut off") == true)
    }

    @Test("the same content has the same digest and identities, other content has not")
    func digest() throws {
        let (one, two, other) = (
            try importing("{\"ttft_ms\": 1}\n"), try importing("{\"ttft_ms\": 1}\n"), try importing("{\"ttft_ms\": 2}\n")
        )
        #expect(one.source.digest == two.source.digest)
        #expect(one.source.digest != other.source.digest)
        #expect(one.measurements == two.measurements)
        #expect(one.measurements[0].id != other.measurements[0].id)
    }

    @Test("progress reaches the end of the file")
    func progress() throws {
        let path = FileManager.default.temporaryDirectory.path + "/importing-\(UUID().uuidString)"
        let content = String(repeating: "{\"ttft_ms\": 1.25, \"e2e_ms\": 3}\n", count: 100_000)
        try Data(content.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary file harms nothing.
        var steps: [ImportProgress] = []
        var count = 0
        _ = try importFile(at: path, progress: { steps.append($0) }) { _ in count += 1 }
        #expect(count == 100_000)
        #expect(steps.count >= 3)
        let last = try #require(steps.last)
        #expect((last.bytesRead, last.totalBytes, last.recordsRead) == (content.utf8.count, content.utf8.count, 100_000))
    }

    @Test("what the sink throws ends the import and is passed on")
    func sinkError() throws {
        struct Full: Error {}
        let path = FileManager.default.temporaryDirectory.path + "/importing-\(UUID().uuidString)"
        try Data("{\"ttft_ms\": 1}\n{\"ttft_ms\": 2}".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // A leftover temporary file harms nothing.
        #expect(throws: Full.self) { try importFile(at: path) { _ in throw Full() } }
    }

    private static func anyMeasurement(using random: inout SplitMix64) -> InferenceMeasurement {
        func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? { Bool.random(using: &random) ? value() : nil }
        func length() -> Nanoseconds { Nanoseconds(Int64.random(in: 0...100_000_000_000, using: &random)) }
        let id = UUID(
            uuidString: "00000000-0000-4000-8000-"
                + String(UInt64.random(in: (1 << 44)..<(1 << 48), using: &random), radix: 16).uppercased())
        var measurement = InferenceMeasurement(id: id ?? UUID())
        measurement.time = maybe(Timestamp(nanosecondsSinceEpoch: Int64.random(in: 0...2_000_000_000_000_000_000, using: &random)))
        measurement.model = maybe("a \"model\", of sorts\\") ?? ""
        measurement.timeToFirstToken = maybe(length())
        measurement.timePerOutputToken = maybe(length())
        if measurement.timePerOutputToken == nil, Bool.random(using: &random) { measurement.notFinite.insert(.timePerOutputToken) }
        measurement.endToEnd = maybe(length())
        measurement.queue = maybe(length())
        measurement.network = maybe(length())
        measurement.chunkGaps = maybe([length(), length(), length()])
        if measurement.chunkGaps != nil, Bool.random(using: &random) { measurement.notFinite.insert(.chunkGaps) }
        measurement.outputTokens = maybe(Int.random(in: 0...100_000, using: &random))
        measurement.gpuUtilization = maybe(Double.random(in: 0...1, using: &random))
        measurement.error = maybe(InferenceError(type: "http_429", message: "too many, try later", code: 429))
        return measurement
    }
}
