import EngineModels
import Measurements
import Simulation
import Statistics

/// What is done to a pool between two requests.
enum Disturbance {
    case scale(Int)
    case settings(EngineSettings, SettingsRollout)
    case upgrade(Double)
    case crash(Int)
    case cancel(Int)
    case look
}

extension RandomWorld {
    /// More replicas, short cold starts, another routing, and requests that are spread over some time.
    mutating func disturb(seed: UInt64) {
        setup.replicas = Int(seed % 4)
        setup.coldStart = ColdStart(median: Nanoseconds(milliseconds: 300), deviation: 0.3)
        setup.routing = Routing.allCases[Int(seed / 4) % Routing.allCases.count]
        setup.noise.betweenReplicas = 0.03
    }

    struct Result {
        var outcomes: [RequestOutcome] = []
        var overfull = 0
        var status: PoolStatus
    }

    func runDisturbed() -> Result {
        var draws = SplitMix64(seed: setup.seed ^ 0xD15_7A7B)
        var pool = EnginePool(setup)
        var result = Result(status: pool.status)
        func look() {
            result.outcomes += pool.takeOutcomes()
            result.overfull += pool.replicaStatuses.count { $0.cachedTokens > $0.cacheCapacity }
        }
        for (index, request) in requests.enumerated() {
            pool.submit(request)
            let next = index + 1 < requests.count ? requests[index + 1].arrival : request.arrival
            for _ in 0..<Int(draws.next() % 3) {
                disturb(&pool, disturbance(&draws, request.id), before: next)
                look()
            }
        }
        // One that serves at last, whatever was done before.
        pool.scale(to: 2)
        for _ in 0..<50 {
            pool.advance(to: pool.time + Nanoseconds(milliseconds: 200))
            look()
        }
        pool.advance(to: EnginePool.longestTime)
        look()
        result.status = pool.status
        return result
    }

    private func disturbance(_ draws: inout SplitMix64, _ last: Int) -> Disturbance {
        var settings = setup.settings
        settings.maxNumSeqs = [1, 3, 16][Int(draws.next() % 3)]
        settings.maxNumBatchedTokens = [16, 48, 256][Int(draws.next() % 3)]
        return switch draws.next() % 12 {
        case 0, 1, 2: .scale(Int(draws.next() % 5))
        case 3: .settings(settings, .live)
        case 4: .settings(settings, .rollingRestart)
        case 5: .upgrade(0.7 + Double(draws.next() % 7) / 10)
        case 6: .crash(Int(draws.next() % 6))
        case 7, 8: .cancel(last - Int(draws.next() % 8))
        default: .look
        }
    }

    private func disturb(_ pool: inout EnginePool, _ disturbance: Disturbance, before next: Nanoseconds) {
        switch disturbance {
        case .scale(let count): pool.scale(to: count)
        case .settings(let settings, let rollout): pool.apply(settings, rollout: rollout)
        case .upgrade(let factor):
            var profile = pool.profile
            profile.latency.computePerToken *= factor
            pool.upgrade(to: profile)
        case .crash(let number): pool.crash(number)
        case .cancel(let id): pool.cancel(id)
        case .look: pool.advance(to: max(pool.time, min(next, pool.time + Nanoseconds(milliseconds: 37))))
        }
    }
}
