import EngineModels
import Statistics

/// A replica with its place in the life of a pool.
struct PoolMember {
    var replica: EngineReplica
    var phase: Phase
    /// Picoseconds.
    let askedFor: Int64
    /// Of the engine it runs, see ``EnginePool/upgrade(to:)``.
    let revision: Int
    /// Its group in a ``PoolTrial``; `nil` for the rest.
    var group: PoolTrial.Group?

    enum Phase: Equatable {
        case starting(readyAt: Int64)
        case ready
        /// Takes nothing new and goes when it is empty.
        case draining(since: Int64)
    }

    var isReady: Bool { phase == .ready }

    var isStarting: Bool {
        if case .starting = phase { return true }
        return false
    }

    var isDraining: Bool {
        if case .draining = phase { return true }
        return false
    }
}

extension PoolSetup {
    /// A replica that begins at a time; all of its chances come from the seed and its number.
    func member(_ number: Int, revision: Int, askedFor: Int64, isCold: Bool, group: PoolTrial.Group? = nil) -> PoolMember {
        var draws = NormalDraws(SplitMix64(seed: seed &+ UInt64(number + 1) &* 0xD1B5_4A32_D192_ED03))
        var slowness = exponential(noise.betweenReplicas * min(max(draws.next(), -4), 4))
        let start = Double(coldStart.median.picoseconds) * exponential(coldStart.deviation * min(max(draws.next(), -4), 4))
        if noise.stragglers > 0, draws.unit() <= noise.stragglers { slowness *= noise.stragglerSlowness }
        let readyAt = isCold ? askedFor + Int64(start) : askedFor
        let replica = EngineReplica(
            number: number, profile: profile, settings: settings, startingAt: readyAt,
            noise: SpeedNoise(
                profile.latency(under: settings), slowness: slowness, deviation: noise.withinReplica,
                seed: seed ^ UInt64(number + 1) &* 0x9FB2_1C65_1E98_DF25),
            listens: listens)
        return PoolMember(
            replica: replica, phase: isCold ? .starting(readyAt: readyAt) : .ready, askedFor: askedFor, revision: revision,
            group: group)
    }
}
