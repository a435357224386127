import Documents
import FoundationEssentials
import Measurements

/// inference-perf's stage, summary and per-request reports; all times in seconds.
struct InferencePerfReader {
    func readReport(_ document: DocumentValue, into session: ImportSession) throws {
        guard let successes = document["successes"], let load = document["load_summary"] else {
            throw session.error(.wrongFormat, "expected inference-perf's 'load_summary' and 'successes', found \(describeKeys(document))")
        }
        session.tool = "inference-perf"
        let rate = load.number("requested_rate").value
        let concurrency = load.count("concurrency")
        var run = SourceRun(label: concurrency.map { "concurrency \($0)" } ?? rate.map { "\($0) requests/s" } ?? "all stages")
        Self.define(&run)
        run.concurrency = concurrency
        run.requestedRate = concurrency == nil ? rate : nil
        run.duration = run.length(document.number("benchmark_time_seconds"), named: "benchmark_time_seconds")
        run.completed = run.total(document, "successes", "count")
        run.failed = run.total(document, "failures", "count")
        readFigures(successes, into: &run)
        for label in document["failures"]?["by_label"]?.members ?? [] {
            run.reported.errorsByType[label.key] = label.value.boundedCount ?? label.value.count("count")
        }
        run.deriveErrorRate()
        session.finish(run)
    }

    static func define(_ run: inout SourceRun) {
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapPerToken, .endToLastByte)
        run.warn("inference-perf's gaps are per token: tokens of one chunk share its time, so gaps of 0 appear and pull percentiles down")
    }

    private func readFigures(_ successes: DocumentValue, into run: inout SourceRun) {
        let names: [(LatencyMetric, String)] = [
            (.timeToFirstToken, "time_to_first_token"), (.timePerOutputToken, "time_per_output_token"),
            (.interTokenLatency, "inter_token_latency"), (.endToEnd, "request_latency"),
        ]
        for (metric, name) in names {
            guard let figures = successes["latency"]?[name] else { continue }
            run.report(metric, unit: 1) { Self.figure($0, of: figures) }
        }
        let throughput = successes["throughput"] ?? .null
        run.report(\.requestsPerSecond, throughput.number("requests_per_sec"), named: "requests_per_sec")
        run.report(\.inputTokensPerSecond, throughput.number("input_tokens_per_sec"), named: "input_tokens_per_sec")
        run.report(\.outputTokensPerSecond, throughput.number("output_tokens_per_sec"), named: "output_tokens_per_sec")
        if let tokens = successes["prompt_tokens"] { run.reported.inputTokens = run.reportedSummary { Self.figure($0, of: tokens) } }
        if let tokens = successes["output_tokens"] ?? successes["output_len"] {
            run.reported.outputTokens = run.reportedSummary { Self.figure($0, of: tokens) }
        }
    }

    private static func figure(_ statistic: ReportedStatistic, of figures: DocumentValue) -> NumberReading {
        switch statistic {
        case .count, .deviation: .missing
        case .mean: figures.number("mean")
        case .minimum: figures.number("min")
        case .maximum: figures.number("max")
        case .percentile(50): figures.number(anyOf: ["median", "p50"])
        case .percentile(let level): figures.number("p\(ReportedStatistic.text(level))")
        }
    }
}

// MARK: - Requests

extension InferencePerfReader {
    func readRequests(_ document: DocumentValue, into session: ImportSession) throws {
        guard case .array(let requests) = document, requests.first?["info"] != nil else {
            throw session.error(.wrongFormat, "expected inference-perf's list of requests with 'info', found \(describeKeys(document))")
        }
        session.tool = "inference-perf"
        var run = SourceRun(label: "requests")
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastByte)
        run.warn("inference-perf's times are monotonic, not of the day; the measurements have none")
        run.completed = 0
        run.failed = 0
        var span: (start: Double, end: Double)?
        for (index, request) in requests.enumerated() {
            try session.record(at: .element("[\(index)]")) {
                let measurement = try measurement(request, identity: session.nextIdentity)
                if measurement.succeeded { run.completed = (run.completed ?? 0) + 1 } else { run.failed = (run.failed ?? 0) + 1 }
                return measurement
            }
            guard let start = request.number("start_time").value, let end = request.number("end_time").value else { continue }
            span = (min(span?.start ?? start, start), max(span?.end ?? end, end))
        }
        run.duration = span.map { Nanoseconds(seconds: $0.end - $0.start) }
        session.finish(run)
    }

    private func measurement(_ request: DocumentValue, identity: UUID) throws -> InferenceMeasurement {
        var measurement = InferenceMeasurement(id: identity)
        let info = request["info"] ?? .null
        let response = info["response_metrics"] ?? .null
        let served = response["server_usage"] ?? .null
        let input = served.number("prompt_tokens")
        let fallback = info.number("input_tokens")
        try measurement.takeInputTokens(input.isMissing ? fallback : input, from: "prompt_tokens")
        if let error = request["error"], !error.isNull {
            let text = [error.text("error_type"), error.text("error_msg"), error.text].compactMap(\.self).joined(separator: " ")
            measurement.error = InferenceError(text: text)
            return measurement
        }
        guard let start = request.number("start_time").value, let end = request.number("end_time").value else {
            throw RecordProblem(reason: "start_time or end_time is no number; expected monotonic seconds")
        }
        try measurement.take(.endToEnd, .finite(end - start), unit: 1, from: "end_time − start_time")
        let output = served.number("completion_tokens")
        try measurement.takeOutputTokens(output.isMissing ? response.number("output_tokens") : output, from: "completion_tokens")
        try readTimes(response, start: start, into: &measurement)
        measurement.deriveTimePerOutputToken()
        return measurement
    }

    private func readTimes(_ response: DocumentValue, start: Double, into measurement: inout InferenceMeasurement) throws {
        let tokenTimes = response["output_token_times"]?.elements ?? []
        if let first = tokenTimes.first {
            try measurement.take(.timeToFirstToken, first.number.map { $0 - start }, unit: 1, from: "output_token_times[0] − start_time")
        }
        // Chunks without a token, such as a usage block, come after the last token's time and are no gap between contents.
        let last = tokenTimes.last?.number.value ?? .infinity
        let chunks = (response["chunk_times"]?.elements ?? []).map { $0.number.value ?? .nan }
        let contents = chunks.filter { !($0 > last) && !($0 < (tokenTimes.first?.number.value ?? 0)) }
        guard contents.count > 1 else { return }
        try measurement.takeGaps(zip(contents.dropFirst(), contents).map { $0 - $1 }, unit: 1, from: "chunk_times")
    }
}
