import Measurements
import Statistics

extension LoadSummary {
    init(group: RequestGroup?, _ records: [RequestRecord], part: MeasuredPart, run: BenchmarkRun, options: SummaryOptions) {
        let completed = records.filter(\.measurement.succeeded)
        var latencies: [BenchmarkMetric: LatencySummary] = [:]
        for metric in BenchmarkMetric.allCases {
            let sample = metric == .scheduleLag ? records : completed
            latencies[metric] = LatencySummary(metric, of: sample, confidence: options.confidence)
        }
        let tokens = TokenUsage(of: completed)
        var counts = RequestCounts(of: records)
        if group == nil {
            counts.unsent = part.stage.unsent
            counts.warmUp = part.warmUp
            counts.discarded = part.discarded
        }
        self.init(
            group: group, counts: counts, latencies: latencies,
            throughput: Throughput(of: records, tokens: tokens, part: part, gpus: run.hardware.gpuCount), tokens: tokens,
            cost: CostSummary(of: completed, prices: options.prices),
            goodput: options.objective.map { Goodput(of: records, objective: $0, span: part.span, confidence: options.confidence) })
    }
}

extension RequestRecord {
    /// Broken off by the client, not by the server: neither a success nor a failure.
    var isCancelled: Bool { measurement.error?.type == "cancelled" }
}

extension RequestCounts {
    init(of records: [RequestRecord]) {
        self.init()
        for record in records {
            if record.moments.sent != nil { sent += 1 }
            if let error = record.measurement.error {
                if record.isCancelled {
                    cancelled += 1
                } else {
                    failed += 1
                    failedByType[error.type, default: 0] += 1
                }
            } else {
                completed += 1
            }
            if !record.earlierAttempts.isEmpty { retriedRequests += 1 }
            retriedAttempts += record.earlierAttempts.count
            for attempt in record.earlierAttempts { retriedAttemptsByType[attempt.error.type, default: 0] += 1 }
        }
    }
}

extension TokenUsage {
    init(of completed: [RequestRecord]) {
        self.init()
        for record in completed {
            if let tokens = record.measurement.inputTokens {
                input = (input ?? 0) + tokens
                requestsWithInput += 1
            }
            if let tokens = record.measurement.outputTokens {
                output = (output ?? 0) + tokens
                requestsWithOutput += 1
                if record.tokensAreEstimated { estimatedRequests += 1 }
            }
            if let tokens = record.cachedInputTokens { cachedInput = (cachedInput ?? 0) + tokens }
            if let tokens = record.reasoningTokens { reasoning = (reasoning ?? 0) + tokens }
        }
    }
}

extension Throughput {
    init(of records: [RequestRecord], tokens: TokenUsage, part: MeasuredPart, gpus: Int?) {
        self.init(span: part.span)
        let seconds = span.seconds
        if seconds > 0 {
            requestsPerSecond = Double(records.count(where: \.measurement.succeeded)) / seconds
            outputTokensPerSecond = tokens.output.map { Double($0) / seconds }
            inputTokensPerSecond = tokens.input.map { Double($0) / seconds }
            meanConcurrency = Self.timeUnderWay(records) / seconds
        }
        if let gpus, gpus > 0 { outputTokensPerSecondPerGPU = outputTokensPerSecond.map { $0 / Double(gpus) } }
        achievedRate = Self.rate(records.compactMap(\.moments.sent))
        if part.stage.load.isOpen {
            requestedRate = part.stage.load.requestsPerSecond
            scheduledRate = Self.rate(records.map(\.moments.intended))
        }
    }

    /// Gaps between moments per second from the first to the last.
    private static func rate(_ moments: [Nanoseconds]) -> Double? {
        guard let first = moments.min(), let last = moments.max(), last > first else { return nil }
        return Double(moments.count - 1) / (last - first).seconds
    }

    /// The seconds of all requests that were sent and whose end is known.
    private static func timeUnderWay(_ records: [RequestRecord]) -> Double {
        records.reduce(0) { sum, record in
            guard let sent = record.moments.sent, let end = record.moments.lastByte else { return sum }
            return sum + max(0, (end - sent).seconds)
        }
    }
}
