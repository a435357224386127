import Documents
import Measurements

/// A document under the benchmark results schema: percentiles in milliseconds, utilization in percent.
struct BenchmarkResultsReader {
    func read(_ document: DocumentValue, into session: ImportSession) throws {
        guard let results = document["results"], results["latency_metrics"] != nil else {
            throw session.error(
                .wrongFormat, "expected a benchmark results document with results.latency_metrics, found \(describeKeys(document))")
        }
        session.tool = document.text("metadata", "tool") ?? "llm-latency-lens"
        session.toolVersion = document.text("metadata", "version")
        var run = SourceRun(label: document.text("metadata", "benchmark_id") ?? "benchmark")
        run.model = document.text("configuration", "model", "name")
        run.start = document.text("metadata", "timestamp").flatMap { Timestamp(iso8601: $0) }
        let levels = document["configuration"]?["test_parameters"]?["concurrency_levels"]?.elements ?? []
        if levels.count == 1 { run.concurrency = levels[0].boundedCount }
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastByte, .prefillTime, .decodeTime)
        readLatencies(results, into: &run)
        readFigures(results, into: &run)
        if run.start == nil { run.warn("metadata.timestamp is missing or no ISO 8601 time") }
        session.finish(run)
    }

    private func readLatencies(_ results: DocumentValue, into run: inout SourceRun) {
        let names: [(LatencyMetric, String)] = [
            (.timeToFirstToken, "time_to_first_token"), (.timePerOutputToken, "time_per_output_token"),
            (.interTokenLatency, "inter_token_latency"), (.endToEnd, "end_to_end_latency"), (.prefill, "prefill_time"),
            (.decode, "decode_time"), (.queue, "queue_time"),
        ]
        for (metric, name) in names {
            // Distributions without all the percentiles that the schema asks for are in a place of their own.
            guard let figures = results["latency_metrics"]?[name] ?? results["partial_latency_metrics"]?[name] else { continue }
            if let definition = figures.text("definition").flatMap(MetricDefinition.init), definition.metric == metric {
                run.define(definition)
            }
            run.report(metric, unit: 1e-3) { statistic in
                switch statistic {
                case .count: figures.number("sample_count")
                case .mean: figures.number("mean_ms")
                case .minimum: figures.number("min_ms")
                case .maximum: figures.number("max_ms")
                case .deviation: figures.number("stddev_ms")
                case .percentile(50): figures.number(anyOf: ["p50_ms", "median_ms"])
                case .percentile(99.9): figures.number("p999_ms")
                case .percentile(let level): figures.number("p\(ReportedStatistic.text(level))_ms")
                }
            }
        }
    }

    private func readFigures(_ results: DocumentValue, into run: inout SourceRun) {
        let throughput = results["throughput_metrics"] ?? .null
        run.report(\.requestsPerSecond, throughput.number("requests_per_second"), named: "requests_per_second")
        run.report(\.outputTokensPerSecond, throughput.number("tokens_per_second"), named: "tokens_per_second")
        let errors = results["error_metrics"] ?? .null
        run.report(\.errorRate, errors.number("error_rate"), named: "error_rate")
        run.failed = run.total(errors, "total_errors")
        for member in errors["errors_by_type"]?.members ?? [] {
            if let count = member.value.boundedCount { run.reported.errorsByType[member.key] = count }
        }
        let total = results["latency_metrics"]?["end_to_end_latency"]?.count("sample_count")
        if let total { run.completed = total }
        readUtilization(results, into: &run)
    }

    private func readUtilization(_ results: DocumentValue, into run: inout SourceRun) {
        let names: [(UtilizationMetric, String)] = [
            (.gpu, "gpu_utilization_percent"), (.memory, "memory_utilization_percent"), (.keyValueCache, "kv_cache_utilization_percent"),
        ]
        for (metric, name) in names {
            guard let figures = results["resource_utilization"]?[name] else { continue }
            run.reported.utilization[metric] = run.reportedSummary(scale: 0.01) { statistic in
                switch statistic {
                case .count: .missing
                case .mean: figures.number("mean")
                case .minimum: figures.number("min")
                case .maximum: figures.number("max")
                case .deviation: figures.number("stddev")
                case .percentile(50): figures.number(anyOf: ["median", "p50"])
                case .percentile(let level): figures.number("p\(ReportedStatistic.text(level))")
                }
            }
        }
    }
}
