import Statistics

/// Where the deployment runs now, in the quantities a physical model needs; `nil` is "not measured".
public struct OperatingPoint: Sendable, Codable, Hashable {
    public var replicas: Double?
    /// Most sequences one replica decodes together.
    public var concurrencyLimit: Double?
    /// Requests answered per second, all replicas together.
    public var requestsPerSecond: Double?
    public var meanOutputTokens: Double?
    /// Seconds, mean.
    public var timeToFirstToken: Double?
    /// Seconds: what the first token takes without waiting, the smallest seen or the engine's own prefill time.
    public var unloadedTimeToFirstToken: Double?
    /// Seconds, mean; waited before service, where the engine tells.
    public var queueTime: Double?
    /// Seconds, mean.
    public var timePerOutputToken: Double?
    /// Seconds, mean.
    public var endToEnd: Double?
    /// Mean ratio in `0...1`.
    public var gpuUtilization: Double?
    /// Mean ratio in `0...1`.
    public var keyValueCacheUtilization: Double?
    /// Ratio in `0...1`.
    public var errorRate: Double?
    /// Share of failures that overload explains (429, 503, time-outs), in `0...1`; `nil` without failures.
    public var overloadShareOfErrors: Double?

    public init() {}

    /// Requests for each slot from which on a queue is deep: as many wait as are served.
    public static let deepQueue = 2.0

    /// Requests in service or waiting at one replica, by Little's law: `λ · E2E / N`.
    public var inFlightPerReplica: Double? {
        guard let requestsPerSecond, let endToEnd, let replicas, replicas > 0 else { return nil }
        return requestsPerSecond * endToEnd / replicas
    }

    /// Requests at one replica, waiting ones included, as a share of its slots: below 1 nobody can be waiting for a slot.
    public var shareOfSlotsAsked: Double? {
        guard let concurrencyLimit, concurrencyLimit > 0 else { return nil }
        return inFlightPerReplica.map { $0 / concurrencyLimit }
    }

    /// Time before the first token that is not the prefill itself, in seconds.
    public var waiting: Double? {
        if let queueTime { return queueTime }
        guard let timeToFirstToken, let unloadedTimeToFirstToken else { return nil }
        return max(0, timeToFirstToken - unloadedTimeToFirstToken)
    }

    /// Share of the time to first token that is waiting, in `0...1`.
    public var waitingShare: Double? {
        guard let waiting, let timeToFirstToken, timeToFirstToken > 0 else { return nil }
        return min(1, waiting / timeToFirstToken)
    }

    /// Requests at one replica for each of its slots, waiting ones included: counted where their rate is known, otherwise by Little's law from
    /// how long they wait for a slot, `W`, beside how long they have one, `S`: `1 + W / S`.
    public var requestsPerSlot: Double? {
        if let shareOfSlotsAsked { return shareOfSlotsAsked }
        guard let waiting, let endToEnd, endToEnd > waiting else { return nil }
        return 1 + waiting / (endToEnd - waiting)
    }

    /// Share of the time a replica's slots are taken, in `0..<1`.
    ///
    /// From the slots in use where their number is known; otherwise from the wait itself as a single queue would have it,
    /// `W / (W + S)`, of which 0.98 is the most that is believed.
    public var load: Double? {
        let most = 0.98
        if let inFlightPerReplica, let concurrencyLimit, concurrencyLimit > 0 {
            let queued = waiting.flatMap { wait in endToEnd.map { $0 > 0 ? wait / $0 : 0 } } ?? 0
            return min(most, inFlightPerReplica * (1 - min(1, queued)) / concurrencyLimit)
        }
        guard let waiting, let endToEnd, endToEnd > 0 else { return gpuUtilization.map { min(most, $0) } }
        return min(most, waiting / endToEnd)
    }

    /// What a whole request does where its first token and each further one do this: each moves its own share of it.
    func wholeRequest(first: EffectEstimate, perToken: EffectEstimate) -> EffectEstimate? {
        guard let endToEnd, endToEnd > 0, let timeToFirstToken else { return nil }
        let share = min(1, timeToFirstToken / endToEnd)
        let ratio = share * (1 + first.relativeChange) + (1 - share) * (1 + perToken.relativeChange)
        guard ratio > 0 else { return nil }
        return EffectEstimate(
            logRatio: naturalLogarithm(ratio), deviation: share * first.deviation + (1 - share) * perToken.deviation)
    }
}
