public import Measurements
import Statistics

/// The run in the text format of Prometheus, for a textfile collector or a push gateway.
///
/// Latencies count from the schedule, those as sent stand beside them. Requests of the warm-up and those the client broke off are not in it.
public enum PrometheusText {
    public static func text(_ run: BenchmarkRun) -> String {
        let requests = run.stages.flatMap(\.measuredRecords)
        let seconds = run.stages.reduce(0) { $0 + $1.duration.seconds }
        var page = MetricsPage(namespace: "llm_latency_lens")
        appendLatencies(requests, to: &page)
        appendRates(requests, seconds: seconds, to: &page)
        appendCounts(requests, to: &page)
        appendUtilization(requests, gpu: run.hardware.gpuType, to: &page)
        return page.text
    }

    private static func appendLatencies(_ requests: [RequestRecord], to page: inout MetricsPage) {
        let byEndpoint = grouped(requests) { [("model", $0.model), ("provider", $0.provider), ("endpoint", $0.safeEndpoint)] }
        func append(_ name: String, _ help: String, _ bounds: [Double], _ value: (RequestRecord) -> Nanoseconds?) {
            page.histogram(
                name, help, bounds: bounds, byEndpoint.map { ($0.labels, $0.records.compactMap { value($0)?.seconds }) })
        }
        append("time_to_first_token_seconds", "From the scheduled start to the first content.", firstTokenBounds) {
            $0.scheduledTimeToFirstToken
        }
        append("time_to_first_token_as_sent_seconds", "From the request handed to the socket to the first content.", firstTokenBounds) {
            $0.measurement.timeToFirstToken
        }
        append("time_per_output_token_seconds", "Time for each output token after the first.", perTokenBounds) {
            $0.measurement.timePerOutputToken
        }
        let byStatus = grouped(requests) {
            [("model", $0.model), ("provider", $0.provider), ("endpoint", $0.safeEndpoint), ("status", $0.succeeded ? "success" : "error")]
        }
        page.histogram(
            "request_duration_seconds", "From the scheduled start to the last byte.", bounds: durationBounds,
            byStatus.map { ($0.labels, $0.records.compactMap { $0.untilEnd?.seconds }) })
    }

    private static func appendRates(_ requests: [RequestRecord], seconds: Double, to page: inout MetricsPage) {
        guard seconds > 0 else { return }
        let groups = grouped(requests.filter(\.measurement.succeeded)) { [("model", $0.model), ("provider", $0.provider)] }
        let tokens = groups.flatMap { group in
            [
                ("input", group.records.compactMap(\.measurement.inputTokens)),
                ("output", group.records.compactMap(\.measurement.outputTokens)),
            ]
            .filter { !$0.1.isEmpty }
            .map { (group.labels + [("token_type", $0.0)], Double(saturatingSum($0.1)) / seconds) }
        }
        page.gauge("tokens_per_second", "Tokens of requests answered in full, per second of the run.", tokens)
        page.gauge(
            "requests_per_second", "Requests answered in full, per second of the run.",
            groups.map { ($0.labels, Double($0.records.count) / seconds) })
    }

    private static func appendCounts(_ requests: [RequestRecord], to page: inout MetricsPage) {
        let all = grouped(requests) { [("model", $0.model), ("provider", $0.provider), ("endpoint", $0.safeEndpoint)] }
        page.counter("requests_total", "Requests that ended, answered or failed.", all.map { ($0.labels, Double($0.records.count)) })
        let failed = grouped(requests.filter { !$0.measurement.succeeded }) {
            [("model", $0.model), ("provider", $0.provider), ("error_type", $0.error?.type ?? "")]
        }
        page.counter("requests_failed_total", "Requests that failed.", failed.map { ($0.labels, Double($0.records.count)) })
    }

    private static func appendUtilization(_ requests: [RequestRecord], gpu: String?, to page: inout MetricsPage) {
        func mean(_ value: (InferenceMeasurement) -> Double?) -> Double? {
            var moments = RunningMoments()
            for request in requests { if let ratio = value(request.measurement), ratio.isFinite { moments.record(ratio) } }
            return moments.count > 0 ? moments.mean * 100 : nil
        }
        page.gauge(
            "gpu_utilization_percent", "Mean over the requests.",
            mean(\.gpuUtilization).map { [([("gpu_type", gpu ?? "")], $0)] } ?? [])
        let memory = [("device", mean(\.memoryUtilization)), ("kv_cache", mean(\.keyValueCacheUtilization))]
        page.gauge(
            "memory_utilization_percent", "Mean over the requests.",
            memory.compactMap { type, value in value.map { ([("memory_type", type)], $0) } })
    }

    private static let firstTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 25, 50, 75, 100]
    private static let perTokenBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5]
    private static let durationBounds: [Double] = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

    /// Records by their labels, sorted by these.
    private static func grouped(
        _ records: [RequestRecord], by labels: (InferenceMeasurement) -> [(String, String)]
    ) -> [(labels: [(String, String)], records: [RequestRecord])] {
        let groups = Dictionary(grouping: records) { labels($0.measurement).map(\.1) }
        return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, records in (labels(records[0].measurement), records) }
    }
}

extension InferenceMeasurement {
    fileprivate var safeEndpoint: String { ForeignText.addressWithoutSecrets(endpoint) }
}

extension RequestRecord {
    /// From the scheduled start to the last byte, of a failed request too where it had one.
    fileprivate var untilEnd: Nanoseconds? { moments.lastByte.map { $0 - moments.intended } }
}
