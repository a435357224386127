import Documents
import Measurements

/// llmperf's `_individual_responses.json`: a list with one object for each request, lengths in seconds, as sent.
enum LLMPerfResponses {
    static func file(_ stage: BenchmarkStage, suffix: String) -> ExportedFile {
        let entries = stage.measuredRequests.lazy.map { entry($0.record).json }.enumerated().lazy.map { index, json in
            (index == 0 ? "\n" : ",\n") + json
        }
        return ExportedFile(suffix: suffix, lines: inOrder(AnySequence(["["]), AnySequence(entries), AnySequence(["\n]\n"])), end: "")
    }

    private static func entry(_ record: RequestRecord) -> DocumentValue {
        let found = record.measurement
        let error = found.error
        let tokens = [found.inputTokens, found.outputTokens].compactMap(\.self)
        return .object([
            // llmperf writes -1 for a failure without a status of HTTP.
            member("error_code", error.map { .integer(Int64($0.code ?? -1)) }),
            member("error_msg", .string(error.map { $0.message.isEmpty ? $0.type : $0.message } ?? "")),
            member("inter_token_latency_s", record.secondsPerToken),
            member("ttft_s", found.timeToFirstToken?.seconds),
            member("end_to_end_latency_s", found.succeeded ? found.endToEnd?.seconds : nil),
            member("request_output_throughput_token_per_s", record.tokensPerSecond),
            member("number_total_tokens", tokens.isEmpty ? nil : .integer(Int64(saturatingSum(tokens)))),
            member("number_output_tokens", found.outputTokens.map { .integer(Int64($0)) }),
            member("number_input_tokens", found.inputTokens.map { .integer(Int64($0)) }),
        ])
    }

    private static func member(_ key: String, _ number: Double?) -> DocumentValue.Member { member(key, number.map { .double($0) }) }

    private static func member(_ key: String, _ value: DocumentValue?) -> DocumentValue.Member { .init(key: key, value: value ?? .null) }
}

extension RequestRecord {
    /// llmperf's "inter-token latency": request sent to last content over all output tokens, the first wait included.
    var secondsPerToken: Double? {
        guard measurement.succeeded, let tokens = measurement.outputTokens, tokens > 0 else { return nil }
        return (sinceSent(moments.lastContent) ?? measurement.endToEnd).map { $0.seconds / Double(tokens) }
    }
}
