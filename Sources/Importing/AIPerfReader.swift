import Documents
import Measurements

/// The JSON files of aiperf, and of genai-perf, whose summary has the same shape.
struct AIPerfReader {
    func readSummary(_ document: DocumentValue, into session: ImportSession) throws {
        guard document["request_throughput"] != nil || document["request_latency"] != nil else {
            throw session.error(.wrongFormat, "expected a summary of aiperf with 'request_throughput', found \(describeKeys(document))")
        }
        begin(document, session)
        if document["aiperf_version"] == nil, document["schema_version"] == nil { session.tool = "genai-perf" }
        var run = SourceRun(label: document.text("benchmark_id") ?? "profile")
        let models = document["input_config"]?["models"]?["items"]?.elements ?? []
        run.model = models.first?.text("name") ?? models.first?.text ?? document["input_config"]?["model_names"]?.elements.first?.text
        run.start = document.text("start_time").flatMap { Timestamp(iso8601: $0) }
        figures(document).report(into: &run)
        for error in document["error_summary"]?.elements ?? [] {
            let details = error["error_details"] ?? .null
            let type = details.integer("code").map { "http_\($0)" } ?? details.text("type") ?? "other"
            run.reported.errorsByType[type, default: 0] += error.count("count") ?? 0
        }
        describeLoad(document["input_config"]?["phases"]?.elements.first ?? .null, in: &run)
        if document["was_cancelled"]?.boolean == true { run.warn("the run was cancelled before its end") }
        session.finish(run)
    }

    func readTimeslices(_ document: DocumentValue, into session: ImportSession) throws {
        guard let slices = document["timeslices"]?.elements, !slices.isEmpty else {
            throw session.error(.wrongFormat, "expected aiperf's list 'timeslices', found \(describeKeys(document))")
        }
        begin(document, session)
        for (index, slice) in slices.enumerated() {
            var run = SourceRun(label: "timeslice \(index)")
            figures(slice).report(into: &run)
            setSpan(slice.integer("start_ns"), slice.integer("end_ns"), in: &run)
            session.finish(run)
        }
    }

    func readAggregate(_ document: DocumentValue, into session: ImportSession) throws {
        guard let metrics = document["metrics"] else {
            throw session.error(.wrongFormat, "expected aiperf's aggregate with 'metrics', found \(describeKeys(document))")
        }
        begin(document, session)
        let metadata = document["metadata"] ?? .null
        var run = SourceRun(label: metadata.text("variation_label") ?? "aggregate")
        run.model = metadata.text("model")
        setConcurrency(metadata["variation_values"] ?? .null, in: &run)
        aggregated(metrics).report(into: &run)
        Self.warnOfAggregation(&run, runs: metadata.count("num_successful_runs") ?? metadata.count("num_profile_runs"))
        session.finish(run)
    }

    func readSweep(_ document: DocumentValue, into session: ImportSession) throws {
        guard let combinations = document["per_combination_metrics"]?.elements, !combinations.isEmpty else {
            throw session.error(.wrongFormat, "expected aiperf's list 'per_combination_metrics', found \(describeKeys(document))")
        }
        begin(document, session)
        let trials = document["metadata"]?.count("num_trials_per_value")
        for combination in combinations {
            let parameters = combination["parameters"] ?? .null
            var run = SourceRun(label: parameters.members.map { "\($0.key) \(Self.text($0.value))" }.joined(separator: ", "))
            setConcurrency(parameters, in: &run)
            aggregated(combination["metrics"] ?? .null).report(into: &run)
            Self.warnOfAggregation(&run, runs: trials)
            session.finish(run)
        }
    }

    /// Says what a mean over several runs is not.
    static func warnOfAggregation(_ run: inout SourceRun, runs: Int?) {
        let number = runs.map { "\($0) runs" } ?? "several runs"
        run.warn("each figure is a mean over \(number): a mean of percentiles is no percentile of all requests")
    }

    private func begin(_ document: DocumentValue, _ session: ImportSession) {
        session.tool = "aiperf"
        session.toolVersion = document.text("aiperf_version")
    }

    private func figures(_ document: DocumentValue) -> AIPerfFigures {
        AIPerfFigures(number: { document.number($0, $1) }, unit: { document.text($0, "unit") })
    }

    /// An aggregate has a member `<tag>_<statistic>` with the mean over the runs.
    private func aggregated(_ metrics: DocumentValue) -> AIPerfFigures {
        let byName = Dictionary(metrics.members.map { ($0.key, $0.value) }) { _, last in last }
        return AIPerfFigures(
            number: { byName["\($0)_\($1)"]?.number("mean") ?? .missing }, unit: { byName["\($0)_avg"]?.text("unit") })
    }

    private func describeLoad(_ phase: DocumentValue, in run: inout SourceRun) {
        run.concurrency = phase.count("concurrency")
        run.requestedRate = phase.number(anyOf: ["rate", "request_rate"]).value
    }

    private func setConcurrency(_ parameters: DocumentValue, in run: inout SourceRun) {
        let concurrency = parameters.members.first { $0.key == "concurrency" || $0.key.hasSuffix(".concurrency") }
        run.concurrency = concurrency?.value.boundedCount
    }

    private func setSpan(_ start: Int64?, _ end: Int64?, in run: inout SourceRun) {
        guard let start, let end, end >= start else { return }
        run.start = Timestamp(nanosecondsSinceEpoch: start)
        run.duration = Timestamp(nanosecondsSinceEpoch: end).since(Timestamp(nanosecondsSinceEpoch: start))
    }

    private static func text(_ value: DocumentValue) -> String {
        switch value {
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        default: value.text ?? value.kindName
        }
    }
}
