import Documents
import FoundationEssentials
import Measurements
import Statistics

/// guidellm's report, JSON or YAML: one run per benchmark, with its requests where they were kept.
struct GuidellmReader {
    func read(_ document: DocumentValue, into session: ImportSession) throws {
        guard let benchmarks = document["benchmarks"]?.elements, !benchmarks.isEmpty else {
            throw session.error(.wrongFormat, "expected a guidellm report with a list 'benchmarks', found \(describeKeys(document))")
        }
        session.tool = "guidellm"
        session.toolVersion = document.text("metadata", "guidellm_version")
        for (index, benchmark) in benchmarks.enumerated() {
            guard let metrics = benchmark["metrics"] else {
                throw session.error(.malformed, "expected benchmarks[\(index)].metrics, found \(describeKeys(benchmark))")
            }
            var run = describe(benchmark, in: document)
            readFigures(metrics, into: &run)
            try readRequests(benchmark, name: "benchmarks[\(index)].requests", into: &run, session)
            session.finish(run)
        }
    }

    /// What guidellm's figures mean, and what it loses.
    static func define(_ run: inout SourceRun) {
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapMeanPerRequest, .endToLastByte)
        run.warn(
            "guidellm's time_per_output_token includes the time to the first token; tpot is taken from inter_token_latency, "
                + "(last − first token) / (tokens − 1)")
        run.warn("guidellm keeps no gaps between tokens: itl is one mean per request and its tail is lost")
    }

    private func describe(_ benchmark: DocumentValue, in document: DocumentValue) -> SourceRun {
        let strategy = benchmark["config"]?["strategy"] ?? benchmark["args"]?["strategy"] ?? .null
        let kind = strategy.text("type_") ?? "benchmark"
        let rate = strategy.number("rate").value
        let streams = strategy.count("streams")
        let detail = streams.map { " \($0)" } ?? rate.map { " \($0)/s" } ?? ""
        var run = SourceRun(label: kind + detail)
        run.model =
            benchmark.text("config", "backend", "model") ?? document.text("config", "spec", "backend", "model")
            ?? document.text("args", "model")
        run.start = benchmark.number("start_time").value.map { Timestamp(secondsSinceEpoch: $0) }
        run.duration = duration(of: benchmark, &run)
        run.requestedRate = rate
        run.concurrency = streams
        Self.define(&run)
        return run
    }

    /// Versions before 0.6 give only start and end.
    private func duration(of benchmark: DocumentValue, _ run: inout SourceRun) -> Nanoseconds? {
        let told = benchmark.number("duration")
        if !told.isMissing { return run.length(told, named: "duration") }
        guard let start = benchmark.number("start_time").value, let end = benchmark.number("end_time").value, end >= start else {
            return nil
        }
        return Nanoseconds(seconds: end - start)
    }

    private func readFigures(_ metrics: DocumentValue, into run: inout SourceRun) {
        run.completed = run.total(metrics, "request_totals", "successful")
        run.failed = run.total(metrics, "request_totals", "errored")
        report(.timeToFirstToken, metrics["time_to_first_token_ms"], unit: 1e-3, into: &run)
        report(.timePerOutputToken, metrics["inter_token_latency_ms"], unit: 1e-3, into: &run)
        report(.interTokenLatency, metrics["inter_token_latency_ms"], unit: 1e-3, into: &run)
        report(.endToEnd, metrics["request_latency"], unit: 1, into: &run)
        run.report(\.requestsPerSecond, metrics.number("requests_per_second", "successful", "mean"), named: "requests per second")
        run.report(
            \.inputTokensPerSecond, metrics.number("prompt_tokens_per_second", "successful", "mean"), named: "input tokens per second")
        run.report(
            \.outputTokensPerSecond, metrics.number("output_tokens_per_second", "successful", "mean"), named: "output tokens per second")
        run.report(\.goodput, metrics.number("request_goodput", "successful", "mean"), named: "goodput")
        run.deriveErrorRate()
        run.reported.inputTokens = metrics["prompt_token_count"].flatMap { tokens($0, &run) }
        run.reported.outputTokens = metrics["output_token_count"].flatMap { tokens($0, &run) }
    }

    private func report(_ metric: LatencyMetric, _ figures: DocumentValue?, unit: Double, into run: inout SourceRun) {
        guard let successful = figures?["successful"] else { return }
        run.report(metric, unit: unit) { Self.figure($0, of: successful) }
    }

    private func tokens(_ figures: DocumentValue, _ run: inout SourceRun) -> Summary? {
        guard let successful = figures["successful"] else { return nil }
        return run.reportedSummary { Self.figure($0, of: successful) }
    }

    private static func figure(_ statistic: ReportedStatistic, of figures: DocumentValue) -> NumberReading {
        switch statistic {
        case .count: figures.number("count")
        case .mean: figures.number("mean")
        case .minimum: figures.number("min")
        case .maximum: figures.number("max")
        case .deviation: figures.number("std_dev")
        case .percentile(0.1): figures.number("percentiles", "p001")
        case .percentile(99.9): figures.number("percentiles", "p999")
        case .percentile(let level) where level == level.rounded():
            figures.number("percentiles", level < 10 ? "p0\(Int(level))" : "p\(Int(level))")
        case .percentile: .missing
        }
    }
}

// MARK: - Requests

extension GuidellmReader {
    private func readRequests(_ benchmark: DocumentValue, name: String, into run: inout SourceRun, _ session: ImportSession) throws {
        let requests = benchmark["requests"] ?? .null
        let sent = inOrderOfSending(requests)
        for entry in sent {
            try session.record(at: .element("\(name).\(entry.place)")) {
                try measurement(entry.request, failed: entry.failed, model: run.model ?? "", identity: session.nextIdentity)
            }
        }
        let delivered = sent.count
        if let incomplete = requests["incomplete"]?.elements.count, incomplete > 0 {
            run.warn("\(incomplete) requests were cut off by the end of the benchmark and are in no figure")
        }
        let expected = (run.completed ?? 0) + (run.failed ?? 0)
        if delivered > 0, delivered < expected {
            run.warn("the file holds a sample of \(delivered) of \(expected) requests; the reported figures are over all of them")
        }
    }

    private struct Entry {
        let place: String
        let request: DocumentValue
        let failed: Bool
        let start: Double
    }

    /// The report lists failures apart; how many came one after another shows only in the order of sending.
    private func inOrderOfSending(_ requests: DocumentValue) -> [Entry] {
        [("successful", false), ("errored", true)].flatMap { list, failed in
            (requests[list]?.elements ?? []).enumerated().map { index, request in
                let start = request["info"]?["timings"]?.number("request_start").value ?? .infinity
                return Entry(place: "\(list)[\(index)]", request: request, failed: failed, start: start)
            }
        }.sorted { $0.start < $1.start }
    }

    private func measurement(_ request: DocumentValue, failed: Bool, model: String, identity: UUID) throws -> InferenceMeasurement {
        let id = request.text("request_id").flatMap { UUID(uuidString: $0) } ?? identity
        var measurement = InferenceMeasurement(id: id, model: model)
        let timings = request["info"]?["timings"] ?? .null
        let start = timings.number("request_start").value ?? request.number(anyOf: ["request_start_time", "start_time"]).value
        measurement.time = start.map { Timestamp(secondsSinceEpoch: $0) }
        measurement.intendedTime = timings.number("targeted_start").value.map { Timestamp(secondsSinceEpoch: $0) }
        try measurement.takeInputTokens(request.number("prompt_tokens"), from: "prompt_tokens")
        try measurement.takeOutputTokens(request.number("output_tokens"), from: "output_tokens")
        guard !failed else {
            measurement.error = InferenceError(text: request.text("info", "error") ?? request.text("error") ?? "")
            return measurement
        }
        try measurement.take(.timeToFirstToken, request.number("time_to_first_token_ms"), unit: 1e-3, from: "time_to_first_token_ms")
        try measurement.take(.timePerOutputToken, request.number("inter_token_latency_ms"), unit: 1e-3, from: "inter_token_latency_ms")
        try measurement.take(.endToEnd, request.number("request_latency"), unit: 1, from: "request_latency")
        return measurement
    }
}
