public import BenchmarkResults
import Importing
import Measurements
import Statistics

/// The figures of a load test as CSV by RFC 4180: one row for each stage, and below it one for each provider, model and scenario where
/// there are several.
///
/// A cell is empty where a figure is not known or its sample cannot support it. Columns are only ever added, and at the end.
public enum SummaryTable {
    /// Without the line's end.
    public static let header = columns.map(\.name).joined(separator: ",")

    /// Without the line's ends.
    public static func rows(_ summary: BenchmarkSummary) -> [String] {
        summary.stages.flatMap { stage in
            ([stage.whole] + (stage.groups.count > 1 ? stage.groups : [])).map { part in
                columns.map { $0.cell(Row(stage: stage, part: part)) }.joined(separator: ",")
            }
        }
    }

    static func file(_ summary: BenchmarkSummary) -> ExportedFile {
        ExportedFile(suffix: "-summary.csv", lines: [header] + rows(summary), end: "\r\n")
    }

    private struct Row {
        let stage: StageSummary
        let part: LoadSummary
    }

    private struct Column: Sendable {
        let name: String
        /// As it stands in the file.
        let cell: @Sendable (Row) -> String
    }

    private static let columns = heads + counts + rates + money + latencies

    private static let heads = [
        text("stage") { $0.stage.label }, text("load") { $0.stage.load.shape.rawValue },
        number("requested_rate") { $0.stage.load.requestsPerSecond }, count("concurrency") { $0.stage.load.concurrency },
        text("provider") { $0.part.group?.provider }, text("model") { $0.part.group?.model }, text("scenario") { $0.part.group?.scenario },
        number("duration_s") { $0.stage.duration.seconds },
    ]

    private static let counts = [
        count("sent") { $0.part.counts.sent }, count("completed") { $0.part.counts.completed }, count("failed") { $0.part.counts.failed },
        count("cancelled") { $0.part.counts.cancelled }, count("unsent") { $0.part.counts.unsent },
        count("warm_up") { $0.part.counts.warmUp }, count("discarded") { $0.part.counts.discarded },
        count("retried_attempts") { $0.part.counts.retriedAttempts }, number("error_rate") { $0.part.counts.errorRate },
        count("input_tokens") { $0.part.tokens.input }, count("output_tokens") { $0.part.tokens.output },
        count("estimated_token_requests") { $0.part.tokens.estimatedRequests },
    ]

    private static let rates = [
        number("requests_per_second") { $0.part.throughput.requestsPerSecond },
        number("output_tokens_per_second") { $0.part.throughput.outputTokensPerSecond },
        number("input_tokens_per_second") { $0.part.throughput.inputTokensPerSecond },
        number("scheduled_rate") { $0.part.throughput.scheduledRate }, number("achieved_rate") { $0.part.throughput.achievedRate },
        number("mean_concurrency") { $0.part.throughput.meanConcurrency }, number("goodput") { $0.part.goodput?.requestsPerSecond },
        number("attainment") { $0.part.goodput?.attainment },
    ]

    private static let money = [
        text("currency") { $0.part.cost.total == nil ? nil : $0.part.cost.currency }, number("cost") { $0.part.cost.total },
        number("cost_per_request") { $0.part.cost.perRequest }, number("cost_per_1000_tokens") { $0.part.cost.per1000Tokens },
    ]

    private static let latencies = [
        BenchmarkMetric.timeToFirstToken, .timeToFirstTokenAsSent, .timePerOutputToken, .interTokenLatency, .endToEnd, .endToEndAsSent,
        .scheduleLag,
    ].flatMap(latency)

    private static func latency(_ metric: BenchmarkMetric) -> [Column] {
        func column(_ figure: String, _ seconds: @escaping @Sendable (LatencySummary) -> Double?) -> Column {
            number("\(metric.rawValue)_\(figure)_ms") { $0.part.latencies[metric].flatMap(seconds).map { $0 * 1_000 } }
        }
        let percentiles = LatencySummary.levels.flatMap { level in
            let name = level.description.split(separator: ".").joined()
            return [
                column(name) { $0.value(at: level) }, column(name + "_low") { $0.figure(at: level)?.interval?.lower },
                column(name + "_high") { $0.figure(at: level)?.interval?.upper },
            ]
        }
        return [
            column("mean") { $0.mean }, column("mean_low") { $0.meanInterval?.lower }, column("mean_high") { $0.meanInterval?.upper },
            column("stddev") { $0.standardDeviation }, column("min") { $0.minimum }, column("max") { $0.maximum },
        ] + percentiles
    }

    private static func text(_ name: String, _ value: @escaping @Sendable (Row) -> String?) -> Column {
        Column(name: name) { MeasurementWriter.csvText(ForeignText.printable(value($0) ?? "")) }
    }

    private static func count(_ name: String, _ value: @escaping @Sendable (Row) -> Int?) -> Column {
        Column(name: name) { value($0).map(String.init) ?? "" }
    }

    private static func number(_ name: String, _ value: @escaping @Sendable (Row) -> Double?) -> Column {
        Column(name: name) { value($0).map { "\($0)" } ?? "" }
    }
}
