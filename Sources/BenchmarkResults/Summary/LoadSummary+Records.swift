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
        let tokens = TokenTotals(of: completed)
        var counts = RequestCounts(of: records)
        if group == nil {
            counts.unsent = part.stage.unsent
            counts.warmUp = part.warmUp
            counts.discarded = part.discarded
        }
        self.init(
            group: group, counts: counts,
            errorRateInterval: shareInterval(
                records.filter { !$0.isCancelled }.map { $0.measurement.succeeded ? 0 : 1 }, confidence: options.confidence),
            latencies: latencies,
            throughput: Throughput(
                of: records, tokens: tokens, part: part, gpus: run.hardware.gpuCount, confidence: options.confidence), tokens: tokens,
            cost: CostSummary(of: completed, prices: options.prices, confidence: options.confidence),
            goodput: options.objective.map { Goodput(of: records, objective: $0, span: part.span, confidence: options.confidence) })
    }

    /// The same figures as those of a group, without the counts that only a stage has.
    func named(_ group: RequestGroup) -> LoadSummary {
        var result = self
        result.group = group
        (result.counts.unsent, result.counts.warmUp, result.counts.discarded) = (0, 0, 0)
        return result
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

extension TokenTotals {
    init(of completed: [RequestRecord]) {
        self.init()
        for record in completed {
            if let tokens = record.measurement.inputTokens?.plausibleTokens {
                input = (input ?? 0) + tokens
                requestsWithInput += 1
            }
            if let tokens = record.measurement.outputTokens?.plausibleTokens {
                output = (output ?? 0) + tokens
                requestsWithOutput += 1
                if record.tokensAreEstimated { estimatedRequests += 1 }
            }
            if let tokens = record.cachedInputTokens?.plausibleTokens { cachedInput = (cachedInput ?? 0) + tokens }
            if let tokens = record.reasoningTokens?.plausibleTokens { reasoning = (reasoning ?? 0) + tokens }
        }
    }
}

extension Throughput {
    init(of records: [RequestRecord], tokens: TokenTotals, part: MeasuredPart, gpus: Int?, confidence: Double) {
        self.init(span: part.span)
        let seconds = span.seconds
        if seconds > 0 {
            requestsPerSecond = Double(records.count(where: \.measurement.succeeded)) / seconds
            outputTokensPerSecond = tokens.output.map { Double($0) / seconds }
            inputTokensPerSecond = tokens.input.map { Double($0) / seconds }
            let slices = AnswerSlices(records, from: part.start, span: span)
            requestsPerSecondInterval = slices?.interval(\.requests, confidence: confidence)
            if tokens.output != nil { outputTokensPerSecondInterval = slices?.interval(\.outputTokens, confidence: confidence) }
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

/// What was answered in each of equal slices of a span.
private struct AnswerSlices {
    private(set) var requests: [Double]
    private(set) var outputTokens: [Double]
    private let slice: Double

    init?(_ records: [RequestRecord], from start: Nanoseconds, span: Nanoseconds) {
        let count = 2 * BatchedMean.maximumBatches
        slice = span.seconds / Double(count)
        requests = [Double](repeating: 0, count: count)
        outputTokens = requests
        for record in records where record.measurement.succeeded {
            guard let end = record.moments.lastByte else { continue }
            let index = Int(min(max((end - start).seconds / slice, 0), Double(count - 1)))
            requests[index] += 1
            outputTokens[index] += Double(record.measurement.outputTokens?.plausibleTokens ?? 0)
        }
        guard requests.reduce(0, +) >= 20 else { return nil }
    }

    /// Of the rate per second.
    func interval(_ values: KeyPath<AnswerSlices, [Double]>, confidence: Double) -> ConfidenceInterval? {
        BatchedMean(self[keyPath: values].map { $0 / slice })?.interval(confidence: confidence)
    }
}
