import Documents
import FoundationEssentials
import Measurements

/// A summary as a document under the benchmark results schema, and back.
///
/// The members the schema names hold what its readers expect, of one stage: the last that reached the objective, else the last. Times to
/// first token and end to end count from the schedule; those as sent have members of their own. All of the summary is in the additional
/// member `summary`, from which it is read back without loss.
///
/// The schema asks P95 and P99 of every distribution. One whose sample does not support them is not filled with figures nobody measured:
/// it is found under `partial_latency_metrics`, with the reasons under `refused`, and not under `latency_metrics`.
public enum ResultsDocument {
    /// Version of this document's form.
    public static let version = "1.1.0"

    /// The document on one line, ended by a line feed.
    public static func json(_ summary: BenchmarkSummary) throws -> String {
        let standard = DocumentValue.members([
            ("metadata", metadata(summary)), ("configuration", configuration(summary)),
            ("results", headline(summary).map { StandardResults($0, knees: summary.knees ?? []).value } ?? StandardResults.empty),
        ])
        // Encoded as it is: a value of the document has no room for a seed of 64 bits.
        let whole = String(decoding: try encoder.encode(summary), as: UTF8.self)
        return standard.json.dropLast() + ",\"summary\":" + whole + "}\n"
    }

    /// Reads a document that this tool wrote.
    ///
    /// - Throws: `ResultsDocumentError` where it is no such document.
    public static func summary(json text: String) throws(ResultsDocumentError) -> BenchmarkSummary {
        do {
            return try JSONDecoder().decode(Envelope.self, from: Data(text.utf8)).summary
        } catch DecodingError.keyNotFound(let key, let context) where context.codingPath.isEmpty {
            throw ResultsDocumentError(
                "expected a results document of llm-auto-optimizer, found none: '\(key.stringValue)' is missing. Results of other tools are imported instead."
            )
        } catch {
            throw ResultsDocumentError(
                "cannot read 'summary' of the results document, whose form is not that of version \(version): \(error)")
        }
    }

    private struct Envelope: Decodable {
        let summary: BenchmarkSummary
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// The stage that the schema's own members are of.
    static func headline(_ summary: BenchmarkSummary) -> StageSummary? {
        summary.stages.last { $0.whole.goodput?.isReached == true } ?? summary.stages.last
    }

    private static func metadata(_ summary: BenchmarkSummary) -> DocumentValue {
        .members([
            ("benchmark_id", .string(summary.id.uuidString.lowercased())), ("timestamp", .string(summary.startedAt.description)),
            ("version", .string(version)), ("tool", .string(summary.tool)), ("tool_version", .string(summary.toolVersion)),
            ("seed", .string(String(summary.seed))), ("stopped_early", summary.stoppedEarly.map { .string($0) }),
        ])
    }

    private static func configuration(_ summary: BenchmarkSummary) -> DocumentValue {
        let known = ["openai", "anthropic", "together", "vllm", "local"].contains(summary.model.provider)
        let model = DocumentValue.members([
            ("name", .string(summary.model.name)), ("provider", known ? .string(summary.model.provider) : nil),
            ("provider_name", known ? nil : .string(summary.model.provider)), ("version", summary.model.version.map { .string($0) }),
            ("quantization", quantization(summary.model.quantization)), ("endpoint", .string(summary.model.endpoint)),
        ])
        let facts = summary.hardware
        let hardware = DocumentValue.members([
            ("gpu_type", facts.gpuType.map { .string($0) }), ("gpu_count", facts.gpuCount.flatMap { $0 >= 1 ? .integer(Int64($0)) : nil }),
            ("cpu_cores", facts.cpuCores.map { .integer(Int64($0)) }), ("memory_gb", facts.memoryGigabytes.map { .double($0) }),
            ("batch_size", facts.batchSize.flatMap { $0 >= 1 ? .integer(Int64($0)) : nil }),
        ])
        return .members([
            ("model", model), ("hardware", hardware), ("test_parameters", (summary.parameters ?? TestParameters()).value(for: summary)),
        ])
    }

    /// One of the schema's words; `nil` for others, which the summary keeps.
    private static func quantization(_ text: String?) -> DocumentValue? {
        text.flatMap { ["none", "int8", "int4", "fp16", "bf16"].contains($0) ? .string($0) : nil }
    }
}

/// Why a text is not a results document.
public struct ResultsDocumentError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension DocumentValue.Member {
    init(_ key: String, _ value: DocumentValue) { self.init(key: key, value: value) }
}

extension DocumentValue {
    /// An object of the members that have a value.
    static func members(_ members: [(String, DocumentValue?)]) -> DocumentValue {
        .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
    }
}
