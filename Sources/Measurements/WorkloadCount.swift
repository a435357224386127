/// How much a workload did: requests of users, without the probes that watch beside them.
public struct WorkloadCount: Sendable, Hashable {
    /// Requests seen, whatever became of them.
    public private(set) var requests = 0
    /// Requests answered in full.
    public private(set) var answered = 0
    /// Of the answered requests, as are the next.
    public private(set) var inputTokens = TokenCount()
    public private(set) var outputTokens = TokenCount()

    mutating func record(_ measurement: InferenceMeasurement) {
        requests += 1
        guard measurement.succeeded else { return }
        answered += 1
        inputTokens.record(measurement.inputTokens, notFinite: measurement.notFinite.contains(.inputTokens))
        outputTokens.record(measurement.outputTokens, notFinite: measurement.notFinite.contains(.outputTokens))
    }

    mutating func merge(_ other: WorkloadCount) {
        requests += other.requests
        answered += other.answered
        inputTokens.merge(other.inputTokens)
        outputTokens.merge(other.outputTokens)
    }
}
