import EngineModels
import Foundation
import Measurements
import Simulation
import Statistics
import Tuning
import Verification

/// A service of eight replicas or so that can be tuned: a canary, a control of the same size, and the rest, each with its share of one stream
/// of requests, drawn anew for every request; within a group the replica with the fewest requests takes it.
struct TunedFleet {
    enum Group: Int, CaseIterable {
        case canary, control, rest
    }

    let world: TuningWorld
    private(set) var configurations: [Configuration]
    private var engines: [Engine]
    /// Places of the engines of each group.
    private var members: [[Int]]
    private var arrivals: Arrivals
    private var next: SimulatedRequest?
    private var router: SplitMix64
    private var drawing: SplitMix64
    private var overdue: Set<Int> = []
    private(set) var time = Nanoseconds(0)

    /// One replica, with what is under way in it.
    private struct Engine {
        var pool: EnginePool
        var underWay: [Int: SimulatedRequest] = [:]
        /// That were answered since the last bucket.
        var outcomes: [RequestOutcome] = []

        mutating func advance(to time: Nanoseconds) {
            pool.advance(to: time)
            for outcome in pool.takeOutcomes() {
                underWay[outcome.id] = nil
                outcomes.append(outcome)
            }
        }
    }

    init(_ world: TuningWorld, _ configuration: Configuration, seed: UInt64, profile: EngineProfile? = nil) {
        self.world = world
        configurations = [Configuration](repeating: configuration, count: Group.allCases.count)
        engines = (0..<world.replicas).map { place in
            let setup = PoolSetup(
                profile: profile ?? world.profile, settings: world.settings(configuration), replicas: 1, seed: seed &* 31 &+ UInt64(place),
                noise: PoolNoise(betweenReplicas: 0.03, withinReplica: 0.03))
            return Engine(pool: EnginePool(setup))
        }
        let load = LoadShape.constant(rate: world.rate).modulated(for: 86_400, deviation: world.loadDeviation, seed: seed &+ 7)
        arrivals = Arrivals(shape: .series(load), inputs: .azureInputs, outputs: .azureOutputs, seed: seed &+ 99)
        router = SplitMix64(seed: seed &+ 5)
        drawing = SplitMix64(seed: seed &+ 11)
        members = []
        next = arrivals.next()
        drawGroups()
    }

    /// Canary and control anew, at random from all replicas.
    mutating func drawGroups() {
        precondition(Set(configurations).count == 1, "groups are drawn while replicas differ: \(configurations)")
        let order = Array(0..<world.replicas).shuffled(using: &drawing)
        let size = world.groupSize
        members = [Array(order[..<size]), Array(order[size..<2 * size]), Array(order[(2 * size)...])]
    }

    /// What a group did in a bucket.
    struct Tally {
        var arrivals = 0
        /// Requests that met or missed the objective, and those that missed.
        var judged = 0
        var missed = 0
        var objective = 0.0
        var measured = 0
        var outputTokens = 0
        var bucket = GroupBucket()
    }

    subscript(group: Group) -> Configuration { configurations[group.rawValue] }

    mutating func apply(_ configuration: Configuration, to groups: [Group]) {
        for group in groups {
            configurations[group.rawValue] = configuration
            for place in members[group.rawValue] { engines[place].pool.apply(world.settings(configuration), rollout: .live) }
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
            submit(request, to: group)
            tallies[group].arrive(request)
            next = arrivals.next()
        }
        time = end
        for group in Group.allCases {
            for place in members[group.rawValue] { settle(place, &tallies[group.rawValue]) }
        }
        return tallies
    }

    /// Requests that a group has not answered yet.
    func underWay(_ group: Group) -> Int { members[group.rawValue].reduce(0) { $0 + engines[$1].underWay.count } }

    /// The replicas of a group.
    func places(of group: Group) -> [Int] { members[group.rawValue] }

    /// To the replica of a group that has the fewest requests.
    private mutating func submit(_ request: SimulatedRequest, to group: Int) {
        if members[group].count > 1 { for place in members[group] { engines[place].advance(to: request.arrival) } }
        guard let place = members[group].min(by: { engines[$0].underWay.count < engines[$1].underWay.count }) else { return }
        engines[place].pool.submit(request)
        engines[place].underWay[request.id] = request
    }

    private mutating func settle(_ place: Int, _ tally: inout Tally) {
        engines[place].advance(to: time)
        for outcome in engines[place].outcomes {
            let isMet = overdue.remove(outcome.id) == nil ? world.isMet(outcome) : nil
            tally.add(outcome, isMet: isMet)
        }
        engines[place].outcomes.removeAll(keepingCapacity: true)
        // Whoever still waits when the answer ought to be complete has missed; overloaded engines look fast by those that finish.
        for (id, request) in engines[place].underWay where !overdue.contains(id) && world.isOverdue(request, at: time) {
            overdue.insert(id)
            tally.miss(at: time)
        }
    }
}

extension TunedFleet.Tally {
    mutating func arrive(_ request: SimulatedRequest) {
        arrivals += 1
        bucket.arrivals = arrivals
        bucket.arrivedInputTokens = (bucket.arrivedInputTokens ?? 0) + request.inputTokens
    }

    mutating func add(_ outcome: RequestOutcome, isMet: Bool?) {
        let answer = CanaryRequest.Answer(
            timeToFirstToken: outcome.timeToFirstToken, timePerOutputToken: outcome.timePerOutputToken, endToEnd: outcome.endToEnd,
            inputTokens: outcome.inputTokens, outputTokens: outcome.outputTokens)
        bucket.add(CanaryRequest(.canary, end: Timestamp(outcome.lastToken), .answered(answer), metObjective: isMet))
        outputTokens += outcome.outputTokens
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
