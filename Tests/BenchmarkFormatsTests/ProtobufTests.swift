import BenchmarkResults
import Foundation
import Measurements
import SwiftProtobuf
import TestSupport
import Testing

@testable import BenchmarkFormats

@Suite struct ProtobufTests {
    @Test("the pieces of a file are one message that holds what the run holds")
    func message() throws {
        let run = SampleRuns.plain
        let message = try LlmLatencyLens_V1_BenchmarkResults(serializedBytes: ResultsMessage.file(run, BenchmarkSummary(run)).bytes)
        #expect(message.benchmarkID == "00000000-0000-4000-8000-00000000b000" && message.seed == 42)
        #expect(message.timestamp.seconds == 1_795_255_200 && message.config.model.quantization == .bf16)
        #expect(message.config.testParams.warmupRequests == 1 && message.config.testParams.totalRequests == 400)
        #expect(message.config.testParams.inputTokens.mean == 151 && message.config.testParams.outputTokens.distribution == .fixed)
        #expect(message.measurements.count == 400 && message.measurements.count { $0.hasError } == 4)
        let first = message.measurements[0]
        #expect(first.latency.timeToFirstToken.nanos == 100_000_000 && first.schedule.timeToFirstToken.nanos == 102_000_000)
        #expect(first.latency.eventGapsNs == Array(repeating: 20_000_000, count: 9) && first.timestamp.nanos == 2_000_000)
        #expect(first.tokens.hasOutputTokens && !first.tokens.hasReasoningTokens && !first.hasResources && first.stage == "concurrency 8")
    }

    @Test("figures of one load are the message's own; figures of several loads are not mixed")
    func figures() throws {
        let one = BenchmarkSummary(SampleRuns.plain)
        let message = try LlmLatencyLens_V1_BenchmarkResults(serializedBytes: ResultsMessage.file(SampleRuns.plain, one).bytes)
        #expect(message.aggregated.ttftDistribution.p50Ms == one.stages[0].whole.latencies[.timeToFirstToken]?.median.map { $0 * 1_000 })
        #expect(!message.aggregated.ttftDistribution.hasP999Ms, "400 requests do not support it")
        #expect(message.aggregated.errors.errorsByType == ["http_429": 4] && message.stages.map(\.label) == ["concurrency 8"])
        let several = BenchmarkSummary(SampleRuns.sweep)
        let sweep = try LlmLatencyLens_V1_BenchmarkResults(serializedBytes: ResultsMessage.file(SampleRuns.sweep, several).bytes)
        #expect(!sweep.hasAggregated && sweep.stages.map(\.requestsPerSecond) == [5, 10, 20] && sweep.measurements.count == 1_200)
        #expect(sweep.stages.allSatisfy { $0.aggregated.hasTtftDistribution })
    }

    @Test("missing, zero and not finite stay apart")
    func threeThings() throws {
        let message = try LlmLatencyLens_V1_BenchmarkResults(
            serializedBytes: ResultsMessage.file(SampleRuns.hostile, BenchmarkSummary(SampleRuns.hostile)).bytes)
        let found = message.measurements[0]
        #expect(found.tokens.hasInputTokens && found.tokens.inputTokens == 0)
        #expect(found.latency.hasDecodeTime && found.latency.decodeTime == Google_Protobuf_Duration())
        #expect(!found.latency.hasTimePerOutputToken && !found.latency.hasPrefillTime && !found.hasTimestamp)
        #expect(found.notFinite == ["latency.time_per_output_token", "resources.gpu_utilization_percent"])
        #expect(found.earlierAttempts[0].error.code == 503 && found.modelInfo.endpoint == "http://host:1/v1")
    }

    @Test(
        "lengths and times before zero keep their value",
        arguments: [-1, -1_500_000_000, -1_000_000_000, 0, 1, 999_999_999, 1_000_000_001, Int64.min, .max] as [Int64])
    func signs(nanoseconds: Int64) {
        let length = Google_Protobuf_Duration(Nanoseconds(nanoseconds))
        #expect(
            length.seconds * 1_000_000_000 + Int64(length.nanos) == nanoseconds
                && length.seconds.signum() * Int64(length.nanos).signum() >= 0)
        let time = Google_Protobuf_Timestamp(Timestamp(nanosecondsSinceEpoch: nanoseconds))
        #expect((0..<1_000_000_000).contains(time.nanos))
        #expect(time.seconds &* 1_000_000_000 &+ Int64(time.nanos) == nanoseconds)
    }

    @Test(
        "protoc reads the file by the original definition, and by ours",
        .enabled(if: Protoc.isInstalled && SharedData.isPresent, "needs protoc and the shared data"))
    func protoc() throws {
        let bytes = ResultsMessage.file(SampleRuns.plain, BenchmarkSummary(SampleRuns.plain)).bytes
        let folder = try TemporaryFolder()
        let original = try String(contentsOfFile: SharedData.path("spec/measurement.proto"), encoding: .utf8)
        let imports = "import \"google/protobuf/duration.proto\";\nimport \"google/protobuf/timestamp.proto\";\n"
        let definition = original.replacingOccurrences(of: "package llm_latency_lens.v1;", with: "package llm_latency_lens.v1;\n" + imports)
        try folder.write("measurement.proto", definition)
        let foreign = try Protoc.decode(bytes, definitions: folder.path)
        #expect(foreign.contains("benchmark_id: \"00000000-0000-4000-8000-00000000b000\""))
        #expect(foreign.components(separatedBy: "\nmeasurements {").count == 401)
        #expect(foreign.contains("time_to_first_token {\n      nanos: 100000000\n    }"))
        let own = try Protoc.decode(bytes, definitions: Python.checkout.path + "/Sources/BenchmarkFormats/Protobuf")
        #expect(own.contains("scenario: \"default\"") && own.contains("was_reused: true"))
    }
}

/// The compiler of Protocol Buffers, as the judge of what we write.
enum Protoc {
    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc") && wellKnown != nil

    /// The definitions of timestamps and durations, which Debian has in a package apart.
    private static let wellKnown: String? = [
        Python.checkout.path + "/.build/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf", "/usr/include",
    ].first { FileManager.default.fileExists(atPath: $0 + "/google/protobuf/timestamp.proto") }

    static func decode(_ bytes: [UInt8], definitions: String) throws -> String {
        let folder = try TemporaryFolder()
        let input = folder.path + "/message"
        try Data(bytes).write(to: URL(filePath: input))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/protoc")
        process.arguments = [
            "--decode=llm_latency_lens.v1.BenchmarkResults", "--proto_path=\(definitions)", "--proto_path=\(wellKnown ?? "")",
            "measurement.proto",
        ]
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input))
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: text, as: UTF8.self)
    }
}
