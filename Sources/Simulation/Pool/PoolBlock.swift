public import Measurements

/// What happened in a pool between two looks at it.
public struct PoolBlock: Sendable, Hashable {
    public let start: Nanoseconds
    public let end: Nanoseconds
    /// Requests that came in it, and the tokens of their prompts: what a router in front of the pool sees.
    public let arrivals: Int
    public let arrivedInputTokens: Int
    /// Requests that ended in it for their clients, in order, whenever they came.
    public let outcomes: [RequestOutcome]
    /// At the end.
    public let status: PoolStatus
    /// Replica time and working time spent in it.
    public let replicaSeconds: Double
    public let busySeconds: Double
    public let promptTokens: Int64
    public let generatedTokens: Int64
    public let preemptions: Int64

    public var length: Nanoseconds { end - start }
    /// Requests per second.
    public var arrivalRate: Double { length.count > 0 ? Double(arrivals) / length.seconds : 0 }
    /// Share of the replicas' time in which they worked, `0...1`; 0 without replicas.
    public var utilization: Double { replicaSeconds > 0 ? busySeconds / replicaSeconds : 0 }

    init(
        start: Nanoseconds, end: Nanoseconds, arrived: PoolBlockArrivals, outcomes: [RequestOutcome], before: PoolStatus, after: PoolStatus
    ) {
        self.start = start
        self.end = end
        arrivals = arrived.count
        arrivedInputTokens = arrived.inputTokens
        self.outcomes = outcomes
        status = after
        replicaSeconds = after.replicaSeconds - before.replicaSeconds
        busySeconds = after.busySeconds - before.busySeconds
        promptTokens = after.promptTokens - before.promptTokens
        generatedTokens = after.generatedTokens - before.generatedTokens
        preemptions = after.preemptions - before.preemptions
    }
}

struct PoolBlockArrivals {
    var count = 0
    var inputTokens = 0
}

extension EnginePool {
    /// Runs under arrivals, from ``time`` to an end, and hands every step over to a controller.
    ///
    /// The controller sees what happened since the last step and may change the pool: ``scale(to:)``, ``apply(_:rollout:)``,
    /// ``upgrade(to:)``, ``crash(_:)``. A request that comes at the very time of a look belongs to the block after it. What is not done at the
    /// end stays in the pool: its clients have no answer, and a fair count calls them missed.
    ///
    ///     var pool = EnginePool(setup)
    ///     pool.run(trace.requests, until: trace.span, every: Nanoseconds(seconds: 15)) { block, pool in
    ///         pool.scale(to: min(8, max(1, Int((block.arrivalRate / 4).rounded(.up)))))
    ///     }
    ///
    /// - Parameters:
    ///   - arrivals: In order of arrival; those before ``time`` trap, those at or after the end are left out.
    ///   - end: After ``time``, at most ``longestTime``.
    ///   - step: Above 0; the last block may be shorter.
    public mutating func run<Failure: Error>(
        _ arrivals: some Sequence<SimulatedRequest>, until end: Nanoseconds, every step: Nanoseconds,
        control: (PoolBlock, inout EnginePool) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(step.count > 0, "a controller is to look every \(step.count) ns")
        var iterator = arrivals.makeIterator()
        var next = iterator.next()
        while time < end {
            let start = time
            let blockEnd = min(start + step, end)
            let before = status
            var arrived = PoolBlockArrivals()
            while let request = next, request.arrival < blockEnd {
                submit(request)
                arrived.count += 1
                arrived.inputTokens += request.inputTokens
                next = iterator.next()
            }
            advance(to: blockEnd)
            let block = PoolBlock(start: start, end: blockEnd, arrived: arrived, outcomes: takeOutcomes(), before: before, after: status)
            try control(block, &self)
        }
    }
}
