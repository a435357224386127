import Documents
import Measurements
import Statistics

/// llmperf's `_summary.json` of one stage, lengths in seconds, as sent. Percentiles are nearest rank; one that the sample cannot
/// support is `null`.
enum LLMPerfSummary {
    static func file(_ stage: BenchmarkStage, of run: BenchmarkRun, name: String, suffix: String) -> ExportedFile {
        ExportedFile(suffix: suffix, text: document(stage, of: run, name: name).indentedMembers + "\n")
    }

    private static func document(_ stage: BenchmarkStage, of run: BenchmarkRun, name: String) -> DocumentValue {
        let records = stage.measuredRecords
        let completed = records.filter(\.measurement.succeeded)
        let inputs = completed.compactMap { $0.measurement.inputTokens.map(Double.init) }
        let outputs = completed.compactMap { $0.measurement.outputTokens.map(Double.init) }
        let (input, output) = (moments(inputs), moments(outputs))
        let head: [(String, DocumentValue)] = [
            ("version", .string("2023-08-31")), ("name", .string(name)), ("model", .string(run.model.name)),
            ("mean_input_tokens", whole(input?.mean)), ("stddev_input_tokens", whole(input?.standardDeviation)),
            ("mean_output_tokens", whole(output?.mean)), ("stddev_output_tokens", whole(output?.standardDeviation)),
            ("num_concurrent_requests", .integer(Int64(stage.load.concurrency ?? peakConcurrency(records)))),
        ]
        let figures =
            sample("inter_token_latency_s", completed.compactMap(\.secondsPerToken))
            + sample("ttft_s", completed.compactMap { $0.measurement.timeToFirstToken?.seconds })
            + sample("end_to_end_latency_s", completed.compactMap { $0.measurement.endToEnd?.seconds })
            + sample("request_output_throughput_token_per_s", completed.compactMap(\.tokensPerSecond))
            + sample("number_input_tokens", inputs) + sample("number_output_tokens", outputs)
        let members = head + figures + totals(records, completed, outputs, stage) + [("timestamp", whole(run.startedAt.secondsSinceEpoch))]
        return .object(members.map { .init(key: $0.0, value: $0.1) })
    }

    private static func totals(
        _ records: [RequestRecord], _ completed: [RequestRecord], _ outputs: [Double], _ stage: BenchmarkStage
    ) -> [(String, DocumentValue)] {
        let errors = records.compactMap(\.measurement.error)
        var frequency: [Int: Int] = [:]
        for error in errors { frequency[error.code ?? -1, default: 0] += 1 }
        let codes = frequency.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        let seconds = stage.duration.seconds
        return [
            ("results_num_requests_started", .integer(Int64(records.count))),
            ("results_error_rate", records.isEmpty ? .null : .double(Double(errors.count) / Double(records.count))),
            ("results_number_errors", .integer(Int64(errors.count))),
            // llmperf's own form: a Python dictionary in a string.
            ("results_error_code_frequency", .string("{\(codes)}")),
            (
                "results_mean_output_throughput_token_per_s",
                outputs.isEmpty || seconds <= 0 ? .null : .double(outputs.reduce(0, +) / seconds)
            ),
            ("results_num_completed_requests", .integer(Int64(completed.count))),
            ("results_num_completed_requests_per_min", seconds > 0 ? .double(60 * Double(completed.count) / seconds) : .null),
        ]
    }

    private static let levels: [Percentile] = [Percentile(percent: 25), .p50, Percentile(percent: 75), .p90, .p95, .p99]

    private static func sample(_ name: String, _ values: [Double]) -> [(String, DocumentValue)] {
        let series = PercentileSeries(values)
        let moments = moments(values)
        return levels.map { ("results_\(name)_quantiles_\($0)", number(series.estimate($0).value)) }
            + [
                ("results_\(name)_mean", number(moments?.mean)), ("results_\(name)_min", number(moments?.minimum)),
                ("results_\(name)_max", number(moments?.maximum)), ("results_\(name)_stddev", number(moments?.standardDeviation)),
            ]
    }

    private static func moments(_ values: [Double]) -> RunningMoments? {
        guard !values.isEmpty else { return nil }
        var moments = RunningMoments()
        for value in values { moments.record(value) }
        return moments
    }

    private static func number(_ value: Double?) -> DocumentValue { value.map { .double($0) } ?? .null }
    private static func whole(_ value: Double?) -> DocumentValue {
        value.flatMap { Int64(exactly: $0.rounded()) }.map { .integer($0) } ?? .null
    }

    /// The most requests that were under way at one moment.
    private static func peakConcurrency(_ records: [RequestRecord]) -> Int {
        var changes: [(time: Nanoseconds, by: Int)] = []
        for record in records {
            guard let sent = record.moments.sent, let end = record.moments.lastByte else { continue }
            changes += [(sent, 1), (end, -1)]
        }
        changes.sort { ($0.time, $0.by) < ($1.time, $1.by) }
        return changes.reduce(into: (now: 0, peak: 0)) { $0 = ($0.now + $1.by, max($0.peak, $0.now + $1.by)) }.peak
    }
}

extension DocumentValue {
    /// An object's JSON with one member a line.
    var indentedMembers: String {
        "{\n" + members.map { "    " + DocumentValue.object([$0]).json.dropFirst().dropLast() }.joined(separator: ",\n") + "\n}"
    }
}
