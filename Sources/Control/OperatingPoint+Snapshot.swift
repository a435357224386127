import Learning
import Measurements
import Policies
import Statistics

extension OperatingPoint {
    /// The physical model's view of a snapshot: measured figures first, a tool's own where there are no measurements.
    init(_ snapshot: Snapshot, policy: Policy) {
        self.init()
        let window = snapshot.window
        let reported = snapshot.reported
        /// The mean, or the nearest thing to a typical value that a report holds.
        func mean(_ metric: LatencyMetric) -> Double? {
            let summary = window.latencies[metric] ?? reported?.latencies[metric]
            return summary?.mean ?? summary?.median ?? summary?.percentiles.first?.value
        }
        replicas = snapshot.value(of: .replicas, policy: policy) ?? (policy.hasReplicas ? nil : 1)
        concurrencyLimit = snapshot.value(of: .concurrency, policy: policy)
        requestsPerSecond = window.requestsPerSecond ?? reported?.requestsPerSecond
        meanOutputTokens = window.meanOutputTokens ?? reported?.outputTokens?.mean
        timeToFirstToken = mean(.timeToFirstToken)
        // A wait in the client's own queue is no part of the time to first token, which starts when the request is sent.
        queueTime = snapshot.definesQueue(as: .engineQueue) ? mean(.queue) : nil
        timePerOutputToken = mean(.timePerOutputToken) ?? mean(.interTokenLatency)
        let inputTokens = window.meanInputTokens ?? reported?.inputTokens?.mean
        unloadedTimeToFirstToken =
            mean(.prefill)
            ?? [snapshot.fastestTimeToFirstToken, slowestPrefill(of: inputTokens, network: mean(.network))].compactMap(\.self).min()
        endToEnd = mean(.endToEnd)
        gpuUtilization = (window.utilization[.gpu] ?? reported?.utilization[.gpu])?.mean
        keyValueCacheUtilization = (window.utilization[.keyValueCache] ?? reported?.utilization[.keyValueCache])?.mean
        errorRate = window.errorRate ?? reported?.errorRate
        overloadShareOfErrors = overloadShare(window.errorsByType.isEmpty ? reported?.errorsByType ?? [:] : window.errorsByType)
    }

    /// The longest a prompt can take that does not wait, in seconds: as if its tokens were computed one after another, as those of an answer
    /// are. In a queue that never empties even the fastest request waited, and this is what shows it.
    private func slowestPrefill(of inputTokens: Double?, network: Double?) -> Double? {
        guard let inputTokens, let timePerOutputToken else { return nil }
        return (inputTokens + 1) * timePerOutputToken + (network ?? 0)
    }

    private func overloadShare(_ errors: [String: Int]) -> Double? {
        let total = errors.values.reduce(0, +)
        guard total > 0 else { return nil }
        let overload = errors.filter { isOverload($0.key) }.values.reduce(0, +)
        return Double(overload) / Double(total)
    }

    private func isOverload(_ type: String) -> Bool {
        let type = type.lowercased()
        return ["429", "503", "529", "too many requests", "overload", "timeout", "timed out", "rate_limit"].contains { type.contains($0) }
    }
}

extension Policy {
    /// Whether the target has a number of replicas, known or not; anything else is one pool.
    fileprivate var hasReplicas: Bool {
        if case .kubernetes = target { return true }
        return knobs.contains { $0.role == .replicas }
    }
}

extension Snapshot {
    func definesQueue(as definition: MetricDefinition) -> Bool {
        let definitions = sources.flatMap(\.runs).compactMap { $0.definitions[.queue] }
        return !definitions.isEmpty && definitions.allSatisfy { $0 == definition }
    }

    /// The number in force for the first knob of a role; `nil` where it is unknown or no number.
    func value(of role: Knob.Role, policy: Policy) -> Double? {
        policy.knobs.first { $0.role == role }.flatMap { state.values[$0.name]?.value.numeric }
    }
}
