import Documents
import Measurements

/// One set of aiperf's figures, wherever they stand: a tag such as `time_to_first_token` and a statistic such as `p95`.
struct AIPerfFigures {
    /// The figure of a tag and a statistic.
    let number: (_ tag: String, _ statistic: String) -> NumberReading
    /// The unit of a tag, e.g. `ms`; `nil` where the source does not say.
    let unit: (_ tag: String) -> String?

    /// Takes over all figures we have a place for.
    func report(into run: inout SourceRun) {
        run.define(.timeToFirstContent, .timePerTokenAfterFirst, .gapBetweenChunks, .endToLastContent, .connectionSetup)
        run.warn("aiperf's request latency ends at the last content chunk, not at the last byte")
        let latencies: [(LatencyMetric, String)] = [
            (.timeToFirstToken, "time_to_first_token"), (.timePerOutputToken, "inter_token_latency"),
            (.interTokenLatency, "inter_chunk_latency"), (.endToEnd, "request_latency"), (.network, "http_req_connection_overhead"),
        ]
        for (metric, tag) in latencies {
            run.report(metric, unit: Self.seconds(in: unit(tag)) ?? 1e-3) { Self.figure($0) { number(tag, $0) } }
        }
        reportRates(into: &run)
        run.reported.inputTokens = run.reportedSummary { Self.figure($0) { number("input_sequence_length", $0) } }
        run.reported.outputTokens = run.reportedSummary { Self.figure($0) { number("output_sequence_length", $0) } }
    }

    private func reportRates(into run: inout SourceRun) {
        run.completed = run.total(number("request_count", "avg"), named: "request_count")
        run.failed = run.total(number("error_request_count", "avg"), named: "error_request_count")
        run.report(\.requestsPerSecond, number("request_throughput", "avg"), named: "request_throughput")
        run.report(\.outputTokensPerSecond, number("output_token_throughput", "avg"), named: "output_token_throughput")
        run.report(\.inputTokensPerSecond, number("input_token_throughput", "avg"), named: "input_token_throughput")
        run.report(\.goodput, number("goodput", "avg"), named: "goodput")
        run.duration = run.length(
            number("benchmark_duration", "avg"), unit: Self.seconds(in: unit("benchmark_duration")) ?? 1, named: "benchmark_duration")
        // Without a failure aiperf leaves their number out.
        run.deriveErrorRate(failed: number("error_request_count", "avg").isMissing ? 0 : run.failed)
    }

    private static func figure(_ statistic: ReportedStatistic, _ number: (String) -> NumberReading) -> NumberReading {
        switch statistic {
        case .count: number("count")
        case .mean: number("avg")
        case .minimum: number("min")
        case .maximum: number("max")
        case .deviation: number("std")
        case .percentile(let level): number("p\(ReportedStatistic.text(level))")
        }
    }

    /// Seconds in one of a unit of time; `nil` for what is no unit of time.
    static func seconds(in unit: String?) -> Double? {
        switch unit {
        case "s", "sec", "seconds": 1
        case "ms", "milliseconds": 1e-3
        case "us", "µs", "microseconds": 1e-6
        case "ns", "nanoseconds": 1e-9
        default: nil
        }
    }
}
