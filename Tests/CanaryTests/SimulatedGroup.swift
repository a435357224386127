import EngineModels
import Measurements
import Simulation
import Verification

/// Some replicas of Llama-2-70B that get their share of a pool's requests, and from a time on another speed.
struct SimulatedGroup {
    private var pool: EnginePool
    private var changed: EnginePool?
    private let changedSetup: PoolSetup
    private var arrivals: Arrivals
    private var next: SimulatedRequest?
    private let objective = ServiceObjective()

    /// - Parameters:
    ///   - setup: Of the group; with the change it is a pool of the same seed, hence on the same hardware, or with another seed on other.
    ///   - slowness: With the change every iteration takes this many times as long.
    init(_ setup: PoolSetup, slowness: Double, changedSeed: UInt64, shape: LoadShape, seed: UInt64) {
        pool = EnginePool(setup)
        var changed = setup
        changed.profile.latency = changed.profile.latency.times(slowness)
        changed.seed = changedSeed
        changedSetup = changed
        arrivals = Arrivals(shape: shape, inputs: Self.inputs, outputs: Self.outputs, seed: seed)
        next = arrivals.next()
    }

    /// New requests go to replicas with the change; the old ones finish what they have.
    mutating func change() { changed = changed ?? EnginePool(changedSetup) }

    /// What ended for its clients by a time since the last call.
    mutating func advance(to time: Nanoseconds, came: (SimulatedRequest) -> Void) -> [RequestOutcome] {
        while let request = next, request.arrival < time {
            came(request)
            if changed != nil { changed?.submit(request) } else { pool.submit(request) }
            next = arrivals.next()
        }
        pool.advance(to: time)
        changed?.advance(to: time)
        return pool.takeOutcomes() + (changed?.takeOutcomes() ?? [])
    }

    func isMet(by outcome: RequestOutcome) -> Bool { objective.isMet(by: outcome, on: pool.profile, pool.settings) }

    /// Lengths of Azure's conversations of 2023 (19 366 requests, mean 1 155 in and 211 out), at some quantiles; in the trace prompts and
    /// answers are all but uncorrelated (0.09 in logs).
    static let inputs = quantiles([2, 181, 207, 387, 403, 703, 1_020, 1_071, 1_130, 1_315, 2_734, 4_083, 4_142, 14_050])
    static let outputs = quantiles([7, 41, 54, 77, 91, 103, 129, 177, 384, 400, 424, 451, 601, 1_000])

    private static func quantiles(_ tokens: [Double]) -> TokenLengths {
        let shares = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]
        return .quantiles(zip(shares, tokens).map { QuantilePoint(share: $0, tokens: $1) })
    }
}

extension LatencyModel {
    func times(_ factor: Double) -> LatencyModel {
        LatencyModel(
            overhead: overhead * factor, weightRead: weightRead * factor, readPerToken: readPerToken * factor,
            computeFloor: computeFloor * factor, computePerToken: computePerToken * factor, cachePerToken: cachePerToken * factor,
            attention: attention * factor)
    }
}

extension CanaryRequest {
    init(
        _ group: CanaryGroup, _ outcome: RequestOutcome, metObjective: Bool, told: (perToken: Double, firstToken: Double) = (1, 1)
    ) {
        let end = Timestamp(nanosecondsSinceEpoch: outcome.lastToken.count)
        let answer = Answer(
            timeToFirstToken: Nanoseconds(seconds: outcome.timeToFirstToken.seconds * told.firstToken),
            timePerOutputToken: outcome.timePerOutputToken.map { Nanoseconds(seconds: $0.seconds * told.perToken) },
            endToEnd: outcome.endToEnd,
            inputTokens: outcome.inputTokens, outputTokens: outcome.outputTokens, cachedTokens: outcome.cachedTokens)
        self.init(group, end: end, outcome.ending == .completed ? .answered(answer) : .failed, metObjective: metObjective)
    }
}
