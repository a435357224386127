import Documents
import Measurements
import Statistics

/// What the schema names of one stage.
struct StandardResults {
    let stage: StageSummary
    let knees: [KneeFinding]

    init(_ stage: StageSummary, knees: [KneeFinding]) {
        self.stage = stage
        self.knees = knees
    }

    static let empty = DocumentValue.members([("latency_metrics", .object([])), ("throughput_metrics", .object([]))])

    var value: DocumentValue {
        .members([
            ("stage", .string(stage.label)), ("latency_metrics", latencies { $0.isComplete }),
            ("partial_latency_metrics", latencies { !$0.isComplete }), ("throughput_metrics", throughput), ("error_metrics", errors),
            ("goodput_metrics", goodput), ("cost_metrics", cost),
            ("highest_rates", knees.isEmpty ? nil : .array(knees.map(\.value))),
            ("warnings", stage.warnings.isEmpty ? nil : .array(stage.warnings.map { .string($0) })),
        ])
    }

    /// Names of the schema first, then those of our own.
    private static let names: [(BenchmarkMetric, String)] = [
        (.timeToFirstToken, "time_to_first_token"), (.timePerOutputToken, "time_per_output_token"), (.endToEnd, "end_to_end_latency"),
        (.prefill, "prefill_time"), (.decode, "decode_time"), (.interTokenLatency, "inter_token_latency"), (.eventGap, "inter_event_gap"),
        (.timeToFirstTokenAsSent, "time_to_first_token_as_sent"), (.endToEndAsSent, "end_to_end_latency_as_sent"),
        (.timeToFirstVisibleToken, "time_to_first_visible_token"), (.timeToRole, "time_to_role"), (.timeToHeader, "time_to_header"),
        (.scheduleLag, "schedule_lag"), (.dns, "dns_time"), (.connect, "connect_time"), (.tls, "tls_time"),
    ]

    private func latencies(_ isWanted: (LatencySummary) -> Bool) -> DocumentValue {
        .members(
            Self.names.map { metric, name in
                (name, stage.whole.latencies[metric].flatMap { isWanted($0) ? $0.document(metric.definition) : nil })
            })
    }

    private var throughput: DocumentValue {
        let figures = stage.whole.throughput
        return .members([
            ("tokens_per_second", figures.outputTokensPerSecond.map { .double($0) }),
            ("requests_per_second", figures.requestsPerSecond.map { .double($0) }),
            ("tokens_per_second_per_gpu", figures.outputTokensPerSecondPerGPU.map { .double($0) }),
            ("input_tokens_per_second", figures.inputTokensPerSecond.map { .double($0) }),
            ("requested_rate", figures.requestedRate.map { .double($0) }), ("scheduled_rate", figures.scheduledRate.map { .double($0) }),
            ("achieved_rate", figures.achievedRate.map { .double($0) }), ("mean_concurrency", figures.meanConcurrency.map { .double($0) }),
            ("duration_seconds", .double(figures.span.seconds)),
        ])
    }

    private var errors: DocumentValue {
        let counts = stage.whole.counts
        func object(_ counts: [String: Int]) -> DocumentValue {
            .object(counts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .integer(Int64($0.value))) })
        }
        return .members([
            ("total_errors", .integer(Int64(counts.failed))), ("error_rate", counts.errorRate.map { .double($0) }),
            ("errors_by_type", object(counts.failedByType)), ("cancelled", .integer(Int64(counts.cancelled))),
            ("unsent", .integer(Int64(counts.unsent))), ("retried_attempts", .integer(Int64(counts.retriedAttempts))),
            ("retried_attempts_by_type", object(counts.retriedAttemptsByType)),
        ])
    }

    private var goodput: DocumentValue? {
        stage.whole.goodput.map { goodput in
            .members([
                ("requests_per_second", goodput.requestsPerSecond.map { .double($0) }),
                ("attainment", goodput.attainment.map { .double($0) }),
                ("attainment_interval", goodput.attainmentInterval.map { .array([.double($0.lower), .double($0.upper)]) }),
                ("reached", goodput.isReached.map { .boolean($0) }),
            ])
        }
    }

    private var cost: DocumentValue? {
        let cost = stage.whole.cost
        guard cost.total != nil || cost.unknown != nil else { return nil }
        return .members([
            ("currency", .string(cost.currency)), ("total", cost.total.map { .double($0) }),
            ("per_request", cost.perRequest.map { .double($0) }),
            ("per_1000_tokens", cost.per1000Tokens.map { .double($0) }),
            ("per_1000_output_tokens", cost.per1000OutputTokens.map { .double($0) }), ("prices_as_of", cost.pricesAsOf.map { .string($0) }),
            ("unknown", cost.unknown.map { .string($0) }),
        ])
    }
}

extension KneeFinding {
    fileprivate var value: DocumentValue {
        .members([
            ("scenario", .string(scenario)), ("highest_good_rate", highestGoodRate.map { .double($0) }),
            ("lowest_bad_rate", lowestBadRate.map { .double($0) }), ("probes", .integer(Int64(probes))), ("reason", .string(reason)),
        ])
    }
}

extension LatencySummary {
    /// Whether it holds every percentile that the schema asks of a distribution.
    var isComplete: Bool { [Percentile.p50, .p95, .p99].allSatisfy { value(at: $0) != nil } }

    /// Under the schema's names, in milliseconds; what is refused is named with its reason.
    func document(_ definition: MetricDefinition?) -> DocumentValue {
        var members: [(String, DocumentValue?)] = [
            ("mean_ms", .double(mean * 1_000)), ("median_ms", median.map { .double($0 * 1_000) }),
            ("min_ms", .double(minimum * 1_000)), ("max_ms", .double(maximum * 1_000)), ("stddev_ms", .double(standardDeviation * 1_000)),
            ("sample_count", .integer(Int64(count))),
        ]
        for figure in percentiles { members.append((figure.name, figure.value.map { .double($0 * 1_000) })) }
        var intervals: [(String, DocumentValue?)] = [("mean_ms", meanInterval?.document)]
        for figure in percentiles { intervals.append((figure.name, figure.interval?.document)) }
        members.append(("confidence_intervals", .members(intervals)))
        let refused = percentiles.compactMap { figure in
            figure.refusal.map { (figure.name, Optional(DocumentValue.string($0.description))) }
        }
        members.append(("refused", refused.isEmpty ? nil : .members(refused)))
        let uncertain = percentiles.compactMap { figure in
            figure.caution.map { (figure.name, Optional(DocumentValue.string($0.description))) }
        }
        members.append(("uncertain", uncertain.isEmpty ? nil : .members(uncertain)))
        members.append(("definition", definition.map { .string($0.rawValue) }))
        return .members(members)
    }
}

extension PercentileFigure {
    /// `p99_ms`, `p999_ms` as the schema writes them.
    fileprivate var name: String { "\(level)_ms".filter { $0 != "." } }
}

extension ConfidenceInterval {
    fileprivate var document: DocumentValue { .array([.double(lower * 1_000), .double(upper * 1_000)]) }
}
