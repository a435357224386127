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
    /// Asked about every simulated period. Once it says so the rest of every run is left out, and no score of this trial means anything.
    public var isCancelled: @Sendable () -> Bool = { false }

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
        score(&scaler, look: look).scaling
    }

    /// Runs the pool under a scaler, and tells how it did in every respect.
    /// - Parameter look: Sees every period and what was asked for after it.
    public func score(
        _ scaler: inout some ReplicaScaler, look: (ScalingObservation, Int) -> Void = { _, _ in }
    ) -> TrialScore {
        var pool = EnginePool(setup)
        var recorder = TrialRecorder(self)
        do {
            try pool.run(requests, until: end, every: scaler.period) { block, pool throws(TrialCancellation) in
                if isCancelled() { throw TrialCancellation() }
                let wanted = pool.status.wanted
                let observation = ScalingObservation(block, finished: recorder.take(block.outcomes), pool)
                let asked = scaler.replicas(after: observation)
                let replicas = min(max(asked, replicaRange.lowerBound), replicaRange.upperBound)
                look(observation, replicas)
                guard replicas != wanted else { return }
                recorder.addChange(from: wanted, to: replicas)
                pool.scale(to: replicas)
            }
        } catch {
            // Whoever cancelled it asks for no score.
        }
        return recorder.close(replicaSeconds: pool.status.replicaSeconds)
    }
}

/// Ends the run of a pool that nobody waits for.
private struct TrialCancellation: Error {}

extension ScalingObservation {
    /// What a controller sees of a block.
    public init(_ block: PoolBlock, finished: Finished, _ pool: EnginePool) {
        self.init(
            time: block.end, length: block.length, arrivals: block.arrivals, arrivedInputTokens: block.arrivedInputTokens,
            finished: finished, wanted: block.status.wanted, starting: block.status.starting, waitingAtGateway: pool.gatewayCount,
            replicas: pool.replicaStatuses.filter(\.isReady).map {
                ReplicaLoad(
                    running: $0.running, waiting: $0.waiting, waitingTokens: $0.waitingTokens, cachedTokens: $0.cachedTokens,
                    cacheCapacity: $0.cacheCapacity, number: $0.number)
            }, requestSeconds: block.requestSeconds)
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
        firstTokens.add(outcome.timeToFirstToken.seconds)
        guard let gap = outcome.timePerOutputToken else { return }
        timePerOutputToken += gap.seconds
        withSeveralTokens += 1
        gaps.add(gap.seconds)
    }
}
