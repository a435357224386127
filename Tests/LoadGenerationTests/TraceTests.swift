import Foundation
import LoadGeneration
import Measurements
import TestSupport
import Testing

@Suite("Traces and data sets")
struct TraceTests {
    @Test("reads Azure's CSV: times from the first, lengths as they are")
    func azure() throws {
        let text = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,0\r\n"
        let trace = try read(text) { try TraceFile.read(path: $0) }
        #expect(trace.map(\.inputTokens) == [374, 396] && trace.map(\.outputTokens) == [44, 1])
        #expect(trace[0].offset == Nanoseconds(0) && trace[1].offset == Nanoseconds(4_314_579_000))
        #expect(trace.arrivals(speed: 2) == .trace([Nanoseconds(0), Nanoseconds(2_157_289_500)]))
    }

    @Test("reads Mooncake's JSON lines with the blocks their prompts share")
    func mooncake() throws {
        let text = """
            {"timestamp": 3000, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}
            {"timestamp": 0, "input_length": 12, "output_length": 3, "hash_ids": []}
            """
        let trace = try read(text) { try TraceFile.read(path: $0) }
        #expect(trace.map(\.inputTokens) == [12, 6_758] && trace[1].prefixBlocks == [0, 1])
        #expect(trace[1].offset == Nanoseconds(seconds: 3))
    }

    @Test(
        "what is no trace is refused with its place, and not quoted",
        arguments: [
            "", "secret words\n", "TIMESTAMP,ContextTokens,GeneratedTokens\n", "TIMESTAMP,ContextTokens,GeneratedTokens\nsecret,1,2\n",
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,-1,2\n", "{\"timestamp\": \"secret\"}\n",
            "{\"timestamp\": 0, \"input_length\": 99999999999, \"output_length\": 1}\n", "{\"timestamp\": 0, \"secret\n",
        ])
    func malformed(text: String) {
        #expect { try read(text) { try TraceFile.read(path: $0) } } throws: {
            !"\($0)".contains("secret") && "\($0)".contains("trace-file")
        }
    }

    @Test("a data set is JSON lines or one prompt a line")
    func dataset() throws {
        let prompts = try read("{\"prompt\": \"first\", \"output_tokens\": 9}\n\n{\"text\": \"second\"}\nthird one\n") {
            try DatasetFile.read(path: $0)
        }
        #expect(
            prompts == [DatasetPrompt(text: "first", outputTokens: 9), DatasetPrompt(text: "second"), DatasetPrompt(text: "third one")])
        for count in ["1e300", "0", "1.5", "\"many\""] {
            #expect { try read("{\"prompt\": \"secret\", \"output_tokens\": \(count)}\n") { try DatasetFile.read(path: $0) } } throws: {
                "\($0)".hasSuffix(":1: output_tokens is a whole number in \(TokenLengths.limits)")
            }
        }
        #expect { try read("{\"question\": \"secret\"}\n") { try DatasetFile.read(path: $0) } } throws: { !"\($0)".contains("secret") }
    }

    @Test(
        "reads whole public traces", .enabled(if: SharedData.isPresent, "needs ../shared"),
        arguments: [("azure2023_code.csv", 8_819), ("mooncake_conversation_full.jsonl", 12_031)])
    func whole(file: String, requests: Int) throws {
        let folder = try TemporaryFolder("trace-file")
        let unpacked = URL(filePath: try folder.write(file, ""))
        let unpacking = Process()
        unpacking.executableURL = URL(filePath: "/usr/bin/env")
        unpacking.arguments = ["gzip", "-dc", SharedData.path("traces/\(file).gz")]
        unpacking.standardOutput = try FileHandle(forWritingTo: unpacked)
        try unpacking.run()
        unpacking.waitUntilExit()
        let trace = try TraceFile.read(path: unpacked.path)
        #expect(trace.count == requests && trace[0].offset == Nanoseconds(0))
        #expect(zip(trace, trace.dropFirst()).allSatisfy { $0.offset <= $1.offset } && trace.arrivals().problem == nil)
        #expect(try #require(trace.last).offset > Nanoseconds(seconds: 3_000))
        withExtendedLifetime(folder) {}
    }

    private func read<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder("trace-file")
        defer { withExtendedLifetime(folder) {} }
        return try body(try folder.write("trace", text))
    }
}
