import Statistics

/// What holds the deployment back, and the evidence for it.
public struct Bottleneck: Sendable, Codable, Hashable {
    public var kind: Kind
    /// A sentence with the numbers.
    public var reason: String

    /// Names as in the feedback schema.
    public enum Kind: String, Sendable, Codable, Hashable {
        case compute, memory, network, none
    }

    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}

extension WindowStatistics {
    /// The bottleneck these figures point at.
    ///
    /// Memory is judged first: an engine out of KV cache also keeps its GPU busy, but more compute would not help it. A share of 85 %
    /// counts as exhausted for KV cache because engines start to preempt above it, and 90 % of GPU time as saturated.
    public var bottleneck: Bottleneck {
        if let cache = utilization[.keyValueCache]?.mean, cache >= 0.85 {
            return Bottleneck(.memory, "KV cache is \(percent(cache)) full on average (85 % or more starves new sequences)")
        }
        if let memory = utilization[.memory]?.mean, memory >= 0.95 {
            return Bottleneck(.memory, "device memory is \(percent(memory)) in use on average (limit 95 %)")
        }
        if let gpu = utilization[.gpu]?.mean, gpu >= 0.90 {
            return Bottleneck(.compute, "GPU is \(percent(gpu)) busy on average (limit 90 %)")
        }
        if let network = latencies[.network]?.mean, let first = latencies[.timeToFirstToken]?.mean, first > 0, network / first >= 0.3 {
            return Bottleneck(.network, "connection set-up takes \(percent(network / first)) of the time to first token")
        }
        if utilization.isEmpty {
            return Bottleneck(.none, "no utilization was measured, so no resource can be named")
        }
        let seen = utilization.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap { metric, summary in
            summary.mean.map { "\(metric.rawValue) \(percent($0))" }
        }
        return Bottleneck(.none, "no resource is exhausted: \(seen.joined(separator: ", "))")
    }

    private func percent(_ ratio: Double) -> String { "\((ratio * 1_000).rounded() / 10) %" }
}
