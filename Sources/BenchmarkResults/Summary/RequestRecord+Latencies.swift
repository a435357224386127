import Measurements

extension RequestRecord {
    /// A latency that a request has at most one of; `nil` for gaps and for what was not measured.
    func latency(_ metric: BenchmarkMetric) -> Nanoseconds? {
        switch metric {
        case .timeToFirstToken: scheduledTimeToFirstToken
        case .timeToFirstTokenAsSent: measurement.timeToFirstToken ?? sinceSent(moments.firstContent)
        case .timeToFirstVisibleToken: sinceSent(moments.firstVisible)
        case .timeToRole: sinceSent(moments.role)
        case .timeToHeader: sinceSent(moments.head)
        case .timePerOutputToken: measurement.timePerOutputToken ?? timePerTokenAfterFirstContent
        case .interTokenLatency, .eventGap: nil
        case .endToEnd: scheduledEndToEnd
        case .endToEndAsSent: measurement.endToEnd ?? sinceSent(moments.lastByte)
        case .scheduleLag: scheduleLag
        case .prefill: measurement.prefill
        case .decode: measurement.decode ?? contentTime
        case .dns: connection.dns
        case .connect: connection.connect
        case .tls: connection.tls
        }
    }

    /// The value a limit is held against: of gaps between tokens their mean.
    func judgedLatency(_ metric: BenchmarkMetric) -> Double? {
        guard metric.isPerGap else { return latency(metric)?.seconds }
        let gaps = weightedGaps(metric)
        let weight = gaps.reduce(0) { $0 + $1.weight }
        return weight > 0 ? gaps.reduce(0) { $0 + $1.value * $1.weight } / weight : nil
    }

    /// The gaps between events in seconds, or per token and weighted by the tokens each brought.
    ///
    /// Where the server does not tell the tokens of each event, those of the whole answer are taken to be spread evenly over its events.
    func weightedGaps(_ metric: BenchmarkMetric) -> [(value: Double, weight: Double)] {
        guard let gaps = measurement.chunkGaps, !gaps.isEmpty else { return [] }
        if metric == .eventGap { return gaps.map { ($0.seconds, 1) } }
        if let tokensPerEvent, tokensPerEvent.count == gaps.count + 1 {
            return tokensOfEachGap(gaps, tokensPerEvent)
        }
        guard let output = measurement.outputTokens?.plausibleTokens, output > 0, !tokensAreEstimated else {
            return gaps.map { ($0.seconds, 1) }
        }
        let perEvent = Double(output) / Double(gaps.count + 1)
        return gaps.map { ($0.seconds / perEvent, perEvent) }
    }

    /// An event without a token adds its gap to that of the next token.
    private func tokensOfEachGap(_ gaps: [Nanoseconds], _ tokensPerEvent: [Int]) -> [(value: Double, weight: Double)] {
        var result: [(value: Double, weight: Double)] = []
        result.reserveCapacity(gaps.count)
        var waited = 0.0
        for (gap, tokens) in zip(gaps, tokensPerEvent.dropFirst()) {
            waited += gap.seconds
            guard tokens > 0 else { continue }
            let weight = Double(tokens.plausibleTokens)
            result.append((waited / weight, weight))
            waited = 0
        }
        return result
    }

    private var contentTime: Nanoseconds? {
        guard let first = moments.firstContent, let last = moments.lastContent else { return nil }
        return last - first
    }

    private var timePerTokenAfterFirstContent: Nanoseconds? {
        guard let contentTime, let output = measurement.outputTokens?.plausibleTokens else { return nil }
        let later = output - (tokensPerEvent?.first?.plausibleTokens ?? 1)
        return later > 0 ? Nanoseconds(contentTime.count / Int64(later)) : nil
    }

    private func sinceSent(_ moment: Nanoseconds?) -> Nanoseconds? {
        guard let moment, let sent = moments.sent else { return nil }
        return moment - sent
    }
}

extension Int {
    /// A number of tokens that an answer can have: a server may claim any, and sums of such claims must not overflow.
    var plausibleTokens: Int { Swift.min(Swift.max(self, 0), 1 << 20) }
}
