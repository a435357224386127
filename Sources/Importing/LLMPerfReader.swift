import Documents
import FoundationEssentials
import Measurements

/// llmperf's summary and its individual responses; all times in seconds.
struct LLMPerfReader {
    func readSummary(_ document: DocumentValue, into session: ImportSession) throws {
        guard document["results_ttft_s_mean"] != nil || document["results_num_requests_started"] != nil else {
            throw session.error(.wrongFormat, "expected llmperf's summary with 'results_ttft_s_mean', found \(describeKeys(document))")
        }
        begin(session)
        session.toolVersion = document.text("version")
        let concurrency = document.count("num_concurrent_requests")
        var run = SourceRun(label: concurrency.map { "concurrency \($0)" } ?? document.text("name") ?? "summary")
        define(&run)
        run.model = document.text("model")
        run.concurrency = concurrency
        run.completed = run.total(document, "results_num_completed_requests")
        run.failed = run.total(document, "results_number_errors")
        run.start = document.number("timestamp").value.map { Timestamp(epoch: $0) }
        for (metric, name) in [
            (LatencyMetric.timeToFirstToken, "ttft_s"), (.interTokenLatency, "inter_token_latency_s"), (.endToEnd, "end_to_end_latency_s"),
        ] {
            run.report(metric, unit: 1) { Self.figure($0, name, of: document) }
        }
        run.report(\.outputTokensPerSecond, document.number("results_mean_output_throughput_token_per_s"), named: "mean_output_throughput")
        run.report(
            \.requestsPerSecond, document.number("results_num_completed_requests_per_min"), scale: 1.0 / 60,
            named: "completed_requests_per_min")
        run.report(\.errorRate, document.number("results_error_rate"), named: "error_rate")
        run.reported.inputTokens = run.reportedSummary { Self.figure($0, "number_input_tokens", of: document) }
        run.reported.outputTokens = run.reportedSummary { Self.figure($0, "number_output_tokens", of: document) }
        session.finish(run)
    }

    func readResponses(_ document: DocumentValue, into session: ImportSession) throws {
        guard case .array(let responses) = document, !responses.isEmpty else {
            throw session.error(.wrongFormat, "expected llmperf's list of responses, found \(describeKeys(document))")
        }
        begin(session)
        var run = SourceRun(label: "responses")
        define(&run)
        run.warn("llmperf's file has no time of day; the measurements have none")
        run.warn("tpot is computed from llmperf's own count of output tokens, not the server's")
        run.completed = 0
        run.failed = 0
        for (index, response) in responses.enumerated() {
            try session.record(at: .element("[\(index)]")) {
                let measurement = try measurement(response, identity: session.nextIdentity)
                if measurement.succeeded { run.completed = (run.completed ?? 0) + 1 } else { run.failed = (run.failed ?? 0) + 1 }
                return measurement
            }
        }
        session.finish(run)
    }

    private func begin(_ session: ImportSession) { session.tool = "llmperf" }

    private func define(_ run: inout SourceRun) {
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .timePerChunk, .endToLastByte)
        run.warn("llmperf's inter-token latency is the whole request's time per chunk, the first wait included: no gap between tokens")
    }

    private func measurement(_ response: DocumentValue, identity: UUID) throws -> InferenceMeasurement {
        guard response["end_to_end_latency_s"] != nil || response["error_code"] != nil else {
            throw RecordProblem(reason: "end_to_end_latency_s is missing; expected a response of llmperf")
        }
        var measurement = InferenceMeasurement(id: identity)
        try measurement.takeInputTokens(response.number("number_input_tokens"), from: "number_input_tokens")
        if let code = response["error_code"], !code.isNull {
            measurement.error = InferenceError(text: response.text("error_msg") ?? "", code: code.integer.flatMap { Int(exactly: $0) })
            return measurement
        }
        try measurement.takeOutputTokens(response.number("number_output_tokens"), from: "number_output_tokens")
        try measurement.take(.timeToFirstToken, response.number("ttft_s"), unit: 1, from: "ttft_s")
        try measurement.take(.endToEnd, response.number("end_to_end_latency_s"), unit: 1, from: "end_to_end_latency_s")
        measurement.deriveTimePerOutputToken()
        return measurement
    }

    /// `results_ttft_s_quantiles_p95`, `results_ttft_s_mean`; llmperf writes some numbers as strings.
    private static func figure(_ statistic: ReportedStatistic, _ name: String, of document: DocumentValue) -> NumberReading {
        let suffix: String
        switch statistic {
        case .count: return .missing
        case .mean: suffix = "mean"
        case .minimum: suffix = "min"
        case .maximum: suffix = "max"
        case .deviation: suffix = "stddev"
        case .percentile(let level): suffix = "quantiles_p\(ReportedStatistic.text(level))"
        }
        let value = document["results_\(name)_\(suffix)"]
        return value?.text.map { NumberReading(cell: $0) } ?? value?.number ?? .missing
    }
}
