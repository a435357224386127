import Foundation
import Importing
import Measurements
import Statistics
import Testing

@Suite("Malformed input")
struct MalformedInputTests {
    @Test("every format has a fixture, is found from its content and can be forced")
    func everyFormat() throws {
        #expect(Set(Fixtures.all.map(\.0)) == Set(InputFormat.allCases))
        for (format, content) in Fixtures.all {
            #expect(try importing(content).source.format == format)
            #expect(try importing(content, ImportOptions(format: format)).source.format == format)
            #expect(try importing("\u{FEFF}" + content).source.format == format, "\(format) with a byte order mark")
        }
    }

    @Test("a file that is cut off anywhere is read or refused, never a crash", arguments: Fixtures.all.map(\.1).indices)
    func truncated(index: Int) {
        let bytes = Array(Fixtures.all[index].1.utf8)
        for length in stride(from: 0, to: bytes.count, by: 7) { tolerate(bytes[..<length]) }
    }

    @Test("a file with some bytes changed is read or refused, never a crash", arguments: Fixtures.all.map(\.1).indices)
    func damaged(index: Int) {
        let bytes = Array(Fixtures.all[index].1.utf8)
        var random = SplitMix64(seed: UInt64(index) + 1)
        for _ in 0..<60 {
            var changed = bytes
            for _ in 0..<4 { changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            tolerate(changed)
        }
    }

    @Test("a file forced to be another format is read or refused, never a crash", arguments: InputFormat.allCases)
    func forced(format: InputFormat) {
        for (_, content) in Fixtures.all { tolerate(Array(content.utf8), ImportOptions(format: format)) }
    }

    @Test("random bytes are refused", arguments: UInt64(1)...100)
    func randomBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bytes = (0..<Int.random(in: 1...2_000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        tolerate(bytes)
    }

    @Test(
        "numbers of any size are read or refused, never a crash",
        arguments: [
            "1e308", "-1e308", "1e999", "99999999999999999999999999", "9223372036854775807", "-9223372036854775808", "1e-400", "-0",
        ])
    func hugeNumbers(number: String) throws {
        for (_, content) in Fixtures.all {
            for plain in [" 8", "1.0", ":1", "0.1", ",50"] where content.contains(plain) {
                tolerate(
                    Array(
                        content.split(separator: plain, omittingEmptySubsequences: false).joined(separator: plain.prefix(1) + number).utf8))
            }
        }
        let imported = try importing("{\"ttft_ms\": \(number), \"output_tokens\": \(number), \"timestamp\": \(number)}")
        #expect(imported.source.recordsRead == 1)
    }

    @Test(
        "totals that cannot be true are left out and said so, never added up",
        arguments: [
            (Fixtures.vllm, "\"completed\": 2", "\"completed\": 9223372036854775807", "completed is 9.223372036854776e+18"),
            (Fixtures.vllm, "\"duration\": 2.0", "\"duration\": -9e9", "duration is -9000000000.0"),
            (Fixtures.guidellm, "\"successful\": 1", "\"successful\": -9223372036854775808", "request_totals.successful is -9.22"),
            (
                Fixtures.inferencePerf, "\"successes\": {\"count\": 80", "\"successes\": {\"count\": 9223372036854775807",
                "successes.count is 9.22"
            ),
            (Fixtures.guidellmTable, ",48,12,", ",1.7e308,12,", "Request Counts Successful is 1.7e+308"),
            ("{" + Fixtures.aiperfFigures + "}", "\"avg\": 48.0", "\"avg\": 9.2e18", "request_count is 9.2e+18"),
        ])
    func totals(fixture: String, plain: String, hostile: String, warning: String) throws {
        #expect(fixture.contains(plain))
        let run = try #require(try importing(fixture.split(separator: plain).joined(separator: hostile)).source.runs.first)
        #expect(run.warnings.contains { $0.contains("the reported " + warning) }, "\(run.warnings)")
        #expect(run.reported.errorRate == nil || warning.hasPrefix("duration"))
    }

    @Test("a pipe is refused at once, also where nobody writes to it")
    func pipe() {
        let path = FileManager.default.temporaryDirectory.path + "/importing-\(UUID().uuidString)"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let error = #expect(throws: ImportError.self) { try importing(path: path) }
        #expect(error?.description.contains("it is no regular file; save its content to one") == true)
    }

    @Test("deep nesting is refused")
    func deep() {
        let open = String(repeating: "[", count: 100_000)
        #expect(failure(open).hasPrefix(":1:101: error: expected at most 100 levels of nesting, found more"))
        #expect(failure("{\"benchmarks\": " + open + String(repeating: "]", count: 100_000) + "}").contains("levels of nesting"))
        #expect(failure("a: " + open).contains("error"))
    }

    @Test(
        "errors say what was expected and what was found",
        arguments: [
            ("", ": error: expected results of a benchmark, found an empty file"),
            ("{\"benchmarks\": [{\"metrics\": {}}", ":1:32: error: expected ',' or ']', found the end of the document; it may be cut off"),
            (
                "{\"foo\": 1, \"bar\": 2}",
                ": error: expected the results of a known tool, found an object with the keys 'foo', 'bar'; known formats: "
            ),
            ("just some text", ": error: expected the results of a known tool, found 'just some text'; known formats: "),
            ("a,b\n1,2\n", ": error: expected the results of a known tool, found 'a,b'; known formats: "),
            ("[1, 2]", ": error: expected the results of a known tool, found a list of 2 whose first element is a number; known formats: "),
        ])
    func messages(content: String, expected: String) {
        #expect(failure(content).hasPrefix(expected), "\(failure(content))")
    }

    @Test("a forced format that does not fit says what it wanted")
    func wrongFormat() {
        #expect(
            failure("{\"foo\": 1}", ImportOptions(format: .vllmBench))
                == ": error: expected a result of vllm bench serve with 'request_throughput', found an object with the keys 'foo'")
        #expect(
            failure("a,b\n1,2", ImportOptions(format: .hey))
                == ": error: expected the header 'response-time,DNS+dialup,…' of hey's CSV output")
    }

    @Test("only so many bad records are kept, all are counted")
    func manyBadRecords() throws {
        let imported = try importing("{\"ttft_ms\": 1}\n" + String(repeating: "{\"ttft_ms\": -1}\n", count: 1_000))
        #expect(imported.source.recordsSkipped == 1_000)
        #expect(imported.source.skipped.count == 100)
    }

    @Test("names and numbers of error types are bounded")
    func bounds() throws {
        let long = String(repeating: "x", count: 10_000)
        let types = (0..<200).map { "\"type \($0)\": \($0 + 1)" }.joined(separator: ", ")
        let imported = try importing(
            """
            {"metadata": {"benchmark_id": "\(long)"}, "results": {"latency_metrics": {}, "error_metrics": {"errors_by_type": {\(types)}}}}
            """)
        let run = try #require(imported.source.runs.first)
        #expect(run.label.count == 200)
        #expect(run.reported.errorsByType.count == 65)
        #expect(run.reported.errorsByType["type 199"] == 200)
        #expect(run.reported.errorsByType.values.reduce(0, +) == 200 * 201 / 2)
        #expect(try importing("{\"ttft_ms\": 1, \"model\": \"\(long)\"}").measurements.first?.model.count == 500)
    }

    private func tolerate(_ bytes: some Collection<UInt8>, _ options: ImportOptions = ImportOptions()) {
        do {
            let imported = try importing(bytes, options)
            for measurement in imported.measurements { #expect((measurement.endToEnd?.count ?? 0) >= 0) }
        } catch {
            #expect(error is ImportError, "\(error)")
        }
    }
}
