import BenchmarkResults
import FoundationEssentials
import Measurements
import Statistics
import SwiftProtobuf

/// A run as one message `llm_latency_lens.v1.BenchmarkResults`, in pieces: parts of a message written one after the other are the message.
enum ResultsMessage {
    static func file(_ run: BenchmarkRun, _ summary: BenchmarkSummary) -> ExportedFile {
        let measurements = run.measuredRequests.lazy.map { request in
            embedded(LlmLatencyLens_V1_InferenceMeasurement(request.record, stage: request.stage.label, model: run.model))
        }
        return ExportedFile(
            suffix: ".pb",
            bytes: inOrder(AnySequence([serialized(head(run))]), AnySequence(measurements), AnySequence([serialized(figures(summary))])))
    }

    private static func figures(_ summary: BenchmarkSummary) -> LlmLatencyLens_V1_BenchmarkResults {
        var message = LlmLatencyLens_V1_BenchmarkResults()
        if summary.stages.count == 1 { message.aggregated = LlmLatencyLens_V1_AggregatedMetrics(summary.stages[0].whole) }
        message.stages = summary.stages.map { LlmLatencyLens_V1_StageResults($0) }
        message.warnings = summary.warnings
        return message
    }

    private static func head(_ run: BenchmarkRun) -> LlmLatencyLens_V1_BenchmarkResults {
        var message = LlmLatencyLens_V1_BenchmarkResults()
        message.benchmarkID = run.id.uuidString.lowercased()
        message.timestamp = Google_Protobuf_Timestamp(run.startedAt)
        message.config.model = LlmLatencyLens_V1_ModelInfo(run.model)
        message.config.hardware = LlmLatencyLens_V1_HardwareConfig(run.hardware)
        message.config.testParams = LlmLatencyLens_V1_TestParameters(run)
        message.tool = run.tool
        message.toolVersion = run.toolVersion
        message.seed = run.seed
        set(\.stoppedEarly, of: &message, to: run.stoppedEarly) { $0 }
        return message
    }

    /// The bytes of a message without required fields, whose writing cannot fail.
    private static func serialized(_ message: some Message) -> [UInt8] {
        do {
            var options = BinaryEncodingOptions()
            // Maps in the order of their keys: the same run gives the same bytes.
            options.useDeterministicOrdering = true
            return try message.serializedBytes(options: options)
        } catch {
            preconditionFailure("a message without required fields or extensions could not be written: \(error)")
        }
    }

    /// One element of the field `measurements`, with its number, kind and length.
    private static func embedded(_ message: LlmLatencyLens_V1_InferenceMeasurement) -> [UInt8] {
        let bytes = serialized(message)
        var result: [UInt8] = [4 << 3 | 2]
        var length = bytes.count
        while length >= 0x80 {
            result.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        result.append(UInt8(length))
        return result + bytes
    }
}

extension LlmLatencyLens_V1_HardwareConfig {
    init(_ facts: HardwareFacts) {
        self.init()
        set(\.gpuType, of: &self, to: facts.gpuType) { $0 }
        set(\.gpuCount, of: &self, to: facts.gpuCount, count32)
        set(\.cpuCores, of: &self, to: facts.cpuCores, count32)
        set(\.memoryGb, of: &self, to: facts.memoryGigabytes) { $0 }
        set(\.batchSize, of: &self, to: facts.batchSize, count32)
    }
}

extension LlmLatencyLens_V1_TestParameters {
    init(_ run: BenchmarkRun) {
        self.init()
        let records = run.stages.flatMap(\.records)
        let measured = records.filter(\.isMeasured)
        set(\.inputTokens, of: &self, to: LlmLatencyLens_V1_TokenDistribution(measured.compactMap(\.measurement.inputTokens))) { $0 }
        set(\.outputTokens, of: &self, to: LlmLatencyLens_V1_TokenDistribution(measured.compactMap(\.measurement.outputTokens))) { $0 }
        concurrencyLevels = run.stages.compactMap(\.load.concurrency).map(count32)
        warmupRequests = count32(records.count(where: \.isWarmUp))
        totalRequests = count32(measured.count)
    }
}

extension LlmLatencyLens_V1_TokenDistribution {
    /// As observed; `nil` without counts. Its shape is known only where all are equal.
    init?(_ counts: [Int]) {
        guard !counts.isEmpty else { return nil }
        var moments = RunningMoments()
        for count in counts { moments.record(Double(count)) }
        self.init()
        mean = count32(moments.mean)
        stddev = count32(moments.standardDeviation ?? 0)
        distribution = moments.minimum == moments.maximum ? .fixed : .unspecified
    }
}
