public import Measurements
public import Scaling
public import Simulation

/// One pool under one load, on which whoever decides about replicas is tried: the same arrivals, cold starts and noise for all.
public struct ScalingTrial: Sendable {
    public var setup: PoolSetup
    /// In order of arrival.
    public var requests: [SimulatedRequest]
    /// When the trial ends; requests without an answer then have missed their objective.
    public var end: Nanoseconds
    public var objective: ServiceObjective
    /// Requests that come in it are served but not counted.
    public var warmUp: Nanoseconds
    /// Limits of the Deployment; whoever decides is held within them.
    public var replicaRange: ClosedRange<Int>

    public init(
        setup: PoolSetup, requests: [SimulatedRequest], end: Nanoseconds, objective: ServiceObjective = ServiceObjective(),
        warmUp: Nanoseconds = Nanoseconds(seconds: 900), replicaRange: ClosedRange<Int>
    ) {
        self.setup = setup
        self.requests = requests
        self.end = end
        self.objective = objective
        self.warmUp = warmUp
        self.replicaRange = replicaRange
    }

    /// Runs the pool under a scaler.
    /// - Parameter look: Sees every period and what was asked for after it.
    public func run(
        _ scaler: inout some ReplicaScaler, look: (ScalingObservation, Int) -> Void = { _, _ in }
    ) -> ScalingScore {
        var pool = EnginePool(setup)
        var score = ScalingScore()
        pool.run(requests, until: end, every: scaler.period) { block, pool in
            let wanted = pool.status.wanted
            var finished = ScalingObservation.Finished()
            for outcome in block.outcomes {
                let isMet = objective.isMet(by: outcome, on: setup.profile, setup.settings)
                finished.add(outcome, isMissed: !isMet)
                if outcome.arrival >= warmUp { score.add(outcome, isMet: isMet) }
            }
            let asked = scaler.replicas(after: ScalingObservation(block, finished: finished, pool))
            let replicas = min(max(asked, replicaRange.lowerBound), replicaRange.upperBound)
            look(ScalingObservation(block, finished: finished, pool), replicas)
            guard replicas != wanted else { return }
            score.addChange(from: wanted, to: replicas)
            pool.scale(to: replicas)
        }
        score.close(
            arrived: requests.count { $0.arrival >= warmUp && $0.arrival < end }, replicaSeconds: pool.status.replicaSeconds, span: end)
        return score
    }
}

extension ScalingObservation {
    /// What a controller sees of a block.
    public init(_ block: PoolBlock, finished: Finished, _ pool: EnginePool) {
        self.init(
            time: block.end, length: block.length, arrivals: block.arrivals, arrivedInputTokens: block.arrivedInputTokens,
            finished: finished, wanted: block.status.wanted, starting: block.status.starting, waitingAtGateway: pool.gatewayCount,
            replicas: pool.replicaStatuses.filter(\.isReady).map {
                ReplicaLoad(
                    running: $0.running, waiting: $0.waiting, waitingTokens: $0.waitingTokens, cachedTokens: $0.cachedTokens,
                    cacheCapacity: $0.cacheCapacity)
            })
    }
}

extension ScalingObservation.Finished {
    /// - Parameter isMissed: Whether it was too slow or failed.
    public mutating func add(_ outcome: RequestOutcome, isMissed: Bool) {
        count += 1
        if isMissed { missed += 1 }
        guard outcome.ending == .completed else { return }
        inputTokens += outcome.inputTokens
        cachedTokens += outcome.cachedTokens
        outputTokens += outcome.outputTokens
        timeToFirstToken += outcome.timeToFirstToken.seconds
        guard let gap = outcome.timePerOutputToken else { return }
        timePerOutputToken += gap.seconds
        withSeveralTokens += 1
    }
}
