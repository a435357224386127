import EngineModels
import Foundation
import Measurements
import Simulation
import Statistics
import Tuning
import Verification

/// A service of eight replicas or so that can be tuned: a canary, a control of the same size, and the rest, each with its share of one stream
/// of requests, drawn anew for every request.
struct TunedFleet {
    enum Group: Int, CaseIterable {
        case canary, control, rest
    }

    let world: TuningWorld
    private(set) var configurations: [Configuration]
    private var pools: [EnginePool]
    private var arrivals: Arrivals
    private var next: SimulatedRequest?
    private var router: SplitMix64
    private var underWay: [[Int: SimulatedRequest]]
    private var overdue: Set<Int> = []
    private(set) var time = Nanoseconds(0)

    init(_ world: TuningWorld, _ configuration: Configuration, seed: UInt64, profile: EngineProfile? = nil) {
        self.world = world
        configurations = [Configuration](repeating: configuration, count: Group.allCases.count)
        pools = Group.allCases.map { group in
            EnginePool(
                PoolSetup(
                    profile: profile ?? world.profile, settings: world.settings(configuration), replicas: world.replicas(of: group),
                    seed: seed &* 31 &+ UInt64(group.rawValue), noise: PoolNoise(betweenReplicas: 0.03, withinReplica: 0.03)))
        }
        let load = LoadShape.constant(rate: world.rate).modulated(for: 86_400, deviation: world.loadDeviation, seed: seed &+ 7)
        arrivals = Arrivals(shape: .series(load), inputs: .azureInputs, outputs: .azureOutputs, seed: seed &+ 99)
        router = SplitMix64(seed: seed &+ 5)
        underWay = Group.allCases.map { _ in [:] }
        next = arrivals.next()
    }

    /// What a group did in a bucket.
    struct Tally {
        var arrivals = 0
        var requests: [CanaryRequest.Outcome] = []
        /// Requests that met or missed the objective, and those that missed.
        var judged = 0
        var missed = 0
        var objective = 0.0
        var measured = 0
        var bucket = GroupBucket()
    }

    subscript(group: Group) -> Configuration { configurations[group.rawValue] }

    mutating func apply(_ configuration: Configuration, to groups: [Group]) {
        for group in groups {
            configurations[group.rawValue] = configuration
            pools[group.rawValue].apply(world.settings(configuration), rollout: .live)
        }
    }

    /// Lets time pass.
    mutating func advance(by length: Nanoseconds) -> [Tally] {
        let end = time + length
        var tallies = Group.allCases.map { _ in Tally() }
        while let request = next, request.arrival < end {
            let draw = Double(router.next() >> 11) * 0x1p-53 * Double(world.replicas)
            let size = Double(world.groupSize)
            let group = draw < size ? 0 : draw < 2 * size ? 1 : 2
            pools[group].submit(request)
            underWay[group][request.id] = request
            tallies[group].arrivals += 1
            next = arrivals.next()
        }
        time = end
        for group in Group.allCases { settle(group.rawValue, &tallies[group.rawValue]) }
        return tallies
    }

    private mutating func settle(_ group: Int, _ tally: inout Tally) {
        pools[group].advance(to: time)
        tally.bucket.arrivals = tally.arrivals
        for outcome in pools[group].takeOutcomes() {
            underWay[group][outcome.id] = nil
            let isMet = overdue.remove(outcome.id) == nil ? world.isMet(outcome) : nil
            tally.add(outcome, isMet: isMet)
        }
        // Whoever still waits when the answer ought to be complete has missed; overloaded engines look fast by those that finish.
        for (id, request) in underWay[group] where !overdue.contains(id) && world.isOverdue(request, at: time) {
            overdue.insert(id)
            tally.miss(at: time)
        }
    }
}

extension TunedFleet.Tally {
    mutating func add(_ outcome: RequestOutcome, isMet: Bool?) {
        let answer = CanaryRequest.Answer(
            timeToFirstToken: outcome.timeToFirstToken, timePerOutputToken: outcome.timePerOutputToken, endToEnd: outcome.endToEnd,
            inputTokens: outcome.inputTokens, outputTokens: outcome.outputTokens)
        bucket.add(CanaryRequest(.canary, end: Timestamp(outcome.lastToken), .answered(answer), metObjective: isMet))
        if let isMet {
            judged += 1
            if !isMet { missed += 1 }
        }
        guard let gap = outcome.timePerOutputToken, gap.count > 0, outcome.timeToFirstToken.count > 0 else { return }
        objective += 0.5 * log(outcome.timeToFirstToken.seconds) + 0.5 * log(gap.seconds / 0.05)
        measured += 1
    }

    mutating func miss(at time: Nanoseconds) {
        judged += 1
        missed += 1
        bucket.add(CanaryRequest(.canary, end: Timestamp(time), .overdue, metObjective: false))
    }
}

extension Timestamp {
    init(_ time: Nanoseconds) { self.init(nanosecondsSinceEpoch: time.count) }
}
