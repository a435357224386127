import Documents
import FoundationEssentials
import Measurements

/// The flat result of `vllm bench serve` and of SGLang's `bench_serving`: figures in milliseconds, arrays in seconds.
struct ServingBenchReader {
    enum Dialect { case vllm, sglang }

    let dialect: Dialect

    func read(_ document: DocumentValue, into session: ImportSession) throws {
        session.tool = dialect == .vllm ? "vllm bench serve" : "sglang bench_serving"
        guard case .object = document, document["request_throughput"] != nil || document["mean_ttft_ms"] != nil else {
            throw session.error(
                .wrongFormat, "expected a result of \(session.tool) with 'request_throughput', found \(describeKeys(document))")
        }
        var run = describe(document)
        readFigures(document, into: &run)
        try readRequests(document, into: &run, session)
        session.finish(run)
    }

    private func describe(_ document: DocumentValue) -> SourceRun {
        let rate = document.number("request_rate").value
        let concurrency = document.count("max_concurrency")
        let load = concurrency.map { "concurrency \($0)" } ?? rate.map { "\($0) requests/s" } ?? "unlimited"
        var run = SourceRun(label: document.text("label") ?? document.text("tag") ?? load)
        run.model = document.text("model_id") ?? document.text("server_info", "model_path")
        run.duration = run.length(document.number("duration"), named: "duration")
        run.requestedRate = rate
        run.concurrency = concurrency
        run.completed = run.total(document, "completed")
        run.failed = run.total(document, "failed")
        if let date = document.text("date"), let end = Timestamp(compactDate: date), let duration = run.duration {
            run.start = end.advanced(by: Nanoseconds(-duration.count))
            run.warn("times are taken from 'date', which has no time zone and is read as UTC, to the second")
        }
        define(&run, isChat: document.text("endpoint_type")?.contains("chat") ?? true)
        return run
    }

    private func define(_ run: inout SourceRun, isChat: Bool) {
        switch dialect {
        case .vllm:
            run.define(.timeToFirstEvent, .timePerTokenAfterFirst, .gapBetweenEvents, .endToLastContent, .clientQueue)
            guard isChat else { return }
            run.warn(
                "vllm bench counts a chat stream's first event as the first token even when it is an empty role chunk: where the server sends "
                    + "that at once, ttft is too small and tpot too large; itl holds a gap of about 0 per request")
        case .sglang:
            run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastContent)
        }
    }

    private func readFigures(_ document: DocumentValue, into run: inout SourceRun) {
        let names: [(LatencyMetric, String)] = [
            (.timeToFirstToken, "ttft"), (.timePerOutputToken, "tpot"), (.interTokenLatency, "itl"),
            (.endToEnd, dialect == .vllm ? "e2el" : "e2e_latency"), (.queue, "client_queue_time"),
        ]
        for (metric, name) in names {
            run.report(metric, unit: 1e-3) { statistic in
                switch statistic {
                case .count: .missing
                case .mean: document.number("mean_\(name)_ms")
                case .minimum: document.number("min_\(name)_ms")
                case .maximum: document.number("max_\(name)_ms")
                case .deviation: document.number("std_\(name)_ms")
                case .percentile(50): document.number(anyOf: ["median_\(name)_ms", "p50_\(name)_ms"])
                case .percentile(let level): document.number("p\(ReportedStatistic.text(level))_\(name)_ms")
                }
            }
        }
        run.report(\.requestsPerSecond, document.number("request_throughput"), named: "request_throughput")
        run.report(\.outputTokensPerSecond, document.number("output_throughput"), named: "output_throughput")
        run.report(\.goodput, document.number("request_goodput"), named: "request_goodput")
        if dialect == .sglang {
            run.report(\.inputTokensPerSecond, document.number("input_throughput"), named: "input_throughput")
        } else if let tokens = document.number("total_input_tokens").value, let duration = run.duration, duration.count > 0 {
            run.reported.inputTokensPerSecond = tokens / duration.seconds
        }
        run.deriveErrorRate()
    }
}

// MARK: - Requests

extension ServingBenchReader {
    private func readRequests(_ document: DocumentValue, into run: inout SourceRun, _ session: ImportSession) throws {
        let arrays = RequestArrays(document)
        guard arrays.count > 0 else { return }
        try arrays.checkLengths(session)
        let firstStart = arrays.starts.compactMap(\.number.value).min()
        var failed = 0
        for index in 0..<arrays.count {
            try session.record(at: .element("\(arrays.leading)[\(index)]")) {
                var measurement = try measurement(arrays, index, model: run.model ?? "", identity: session.nextIdentity)
                if let start = arrays.starts[safe: index]?.number.value, let firstStart, let runStart = run.start {
                    measurement.time = runStart.advanced(by: Nanoseconds(seconds: start - firstStart))
                }
                if !measurement.succeeded { failed += 1 }
                return measurement
            }
        }
        if run.failed == nil { run.failed = failed }
        if arrays.timesToFirstToken.isEmpty { run.warn("the file was saved without details: of each request only e2e is known") }
        if dialect == .sglang { run.warn("sglang keeps no latency per request: e2e is ttft plus the sum of the gaps") }
        if arrays.starts.isEmpty { run.warn("the file has no time of each request; the measurements have none") }
    }

    private func measurement(_ arrays: RequestArrays, _ index: Int, model: String, identity: UUID) throws -> InferenceMeasurement {
        var measurement = InferenceMeasurement(id: identity, model: model)
        try measurement.takeInputTokens(arrays.inputLengths[safe: index]?.number ?? .missing, from: "input_lens")
        let errorText = arrays.errors[safe: index]?.text ?? ""
        guard errorText.isEmpty else {
            // Failed requests stand in the arrays as zeros; only the error is real.
            measurement.error = InferenceError(text: errorText)
            return measurement
        }
        try measurement.takeOutputTokens(arrays.outputLengths[safe: index]?.number ?? .missing, from: "output_lens")
        let timeToFirst = arrays.timesToFirstToken[safe: index]?.number ?? .missing
        let gaps = (arrays.gaps[safe: index]?.elements ?? []).map { $0.number.value ?? .nan }
        let latency = arrays.latencies[safe: index]?.number
        let isUnanswered = (timeToFirst.value ?? 0) == 0 && gaps.isEmpty && (latency ?? .finite(0)) == .finite(0)
        if isUnanswered {
            guard arrays.errors.isEmpty else {
                throw RecordProblem(reason: "ttft and latency are 0 and errors says nothing; expected the latency of an answered request")
            }
            measurement.error = InferenceError(type: "unknown", message: "stored as zeros, which is how a failed request looks")
            return measurement
        }
        try measurement.take(.timeToFirstToken, timeToFirst, unit: 1, from: "ttfts")
        if arrays.gaps[safe: index] != nil { try measurement.takeGaps(gaps, unit: 1, from: "itls") }
        if let latency {
            try measurement.take(.endToEnd, latency, unit: 1, from: "latencies")
        } else if let start = timeToFirst.value, gaps.allSatisfy(\.isFinite), arrays.gaps[safe: index] != nil {
            measurement.endToEnd = Nanoseconds(seconds: gaps.reduce(start, +))
        }
        try measurement.take(.queue, arrays.queueTimes[safe: index]?.number ?? .missing, unit: 1, from: "queue_times")
        measurement.deriveTimePerOutputToken()
        return measurement
    }
}

/// The arrays of a detailed result, an element a request.
private struct RequestArrays {
    let timesToFirstToken, gaps, latencies, starts, queueTimes, inputLengths, outputLengths, errors: [DocumentValue]

    init(_ document: DocumentValue) {
        func list(_ key: String) -> [DocumentValue] { document[key]?.elements ?? [] }
        timesToFirstToken = list("ttfts")
        gaps = list("itls")
        latencies = list("latencies")
        starts = list("start_times")
        queueTimes = list("queue_times")
        inputLengths = list("input_lens")
        outputLengths = list("output_lens")
        errors = list("errors")
    }

    /// The array that says how many requests there are.
    var leading: String { timesToFirstToken.isEmpty ? "latencies" : "ttfts" }
    var count: Int { timesToFirstToken.isEmpty ? latencies.count : timesToFirstToken.count }

    /// Arrays of different lengths cannot be told apart by request.
    func checkLengths(_ session: ImportSession) throws {
        let lists = [
            ("itls", gaps), ("latencies", latencies), ("start_times", starts), ("queue_times", queueTimes), ("input_lens", inputLengths),
            ("output_lens", outputLengths), ("errors", errors),
        ]
        for (name, list) in lists where !list.isEmpty && list.count != count {
            throw session.error(.malformed, "expected '\(name)' to have \(count) elements as '\(leading)' has, found \(list.count)")
        }
    }
}

extension Array {
    /// The element at an index, `nil` outside.
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension Timestamp {
    /// `YYYYmmdd-HHMMSS`, read as UTC.
    init?(compactDate text: String) {
        let parts = text.split(separator: "-")
        guard parts.count == 2, parts[0].utf8.count == 8, parts[1].utf8.count == 6 else { return nil }
        let (day, time) = (Array(parts[0]), Array(parts[1]))
        let date = "\(String(day[0..<4]))-\(String(day[4..<6]))-\(String(day[6..<8]))"
        self.init(iso8601: "\(date)T\(String(time[0..<2])):\(String(time[2..<4])):\(String(time[4..<6]))Z")
    }
}
