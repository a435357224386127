import Foundation
import Learning
import Statistics

/// A serving pool whose truth is known: latency that follows load, noise that comes and goes, triggers that fire on spikes, changes whose effect
/// was put there, and a physical model that is wrong by a quarter.
///
/// Time goes in buckets of 15 s. Log latency is `g(load − log capacity) + effect + slow + fast + spike + ε`, `g(l) = 1.5 l + 0.4 l²`.
struct EffectWorld {
    /// Change of log capacity by each action; the first is like another replica.
    var capacities = [log(1.15), 0, 0, 0]
    /// Log latency that each action adds beside that; the third does nothing.
    var effects = [0, -0.10, 0, 0.12]
    /// Scaling, and settings.
    let classes = [0, 1, 1, 1]
    /// Chance of a deliberate no-op.
    var holdout = 0.2
    /// Fires on latency this far above the usual one; `nil` decides at random times.
    var triggerExcess: Double? = 0.5
    /// Log load that an hour adds.
    var loadDrift = 0.0
    /// Log latency that an hour adds, whoever does what.
    var levelDrift = 0.0
    /// Chance that the level of latency jumps before an episode.
    var jumpChance = 0.0
    /// How much the load gives way to latency: clients that wait for an answer before they ask again.
    var closedLoop = 0.0
    /// Chance that somebody else changes something during an episode.
    var overlapChance = 0.10
    /// Whether that is noticed, and the episode left out.
    var noticesOverlaps = true
    /// Slope of the physical model beside the true one.
    var physicsSlope = 0.75
    /// Days between decisions.
    var daysBetween = 0.04

    static let spikes = EffectWorld()
    static let drifting = world {
        $0.triggerExcess = 0.35
        $0.loadDrift = 0.004
        $0.levelDrift = 0.002
    }
    static let jumping = world { $0.jumpChance = 0.1 }
    static let random = world { $0.triggerExcess = nil }
    static let fewHoldouts = world { $0.holdout = 0.1 }
    static let manyHoldouts = world { $0.holdout = 0.3 }
    static let closed = world {
        $0.closedLoop = 0.3
        $0.triggerExcess = 0.6
    }
    static let unnoticed = world { $0.noticesOverlaps = false }

    static func world(_ shape: (inout EffectWorld) -> Void) -> EffectWorld {
        var world = EffectWorld()
        shape(&world)
        return world
    }

    /// True effect of an action on log latency at a log load.
    func effect(of action: Int, atLoad load: Double) -> Double {
        Self.latency(load - capacities[action]) - Self.latency(load) + effects[action]
    }

    /// What the physical model makes of it: it knows about capacity and nothing of anything else.
    func predictedEffect(of action: Int, atLoad load: Double) -> Double {
        physicsSlope * (Self.latency(load - capacities[action]) - Self.latency(load))
    }

    static func latency(_ load: Double) -> Double { 1.5 * load + 0.4 * load * load }

    /// So many decisions, oldest first.
    func episodes(_ count: Int, seed: UInt64) -> [WorldEpisode] {
        var course = WorldCourse(world: self, seed: seed)
        return (0..<count).map { course.next(age: Double(count - 1 - $0) * daysBetween) }
    }
}

/// A decision in a world and what came of it.
struct WorldEpisode {
    var row: EffectRow
    /// After minus the values that fired the trigger: what everybody looks at first.
    var naiveDelta: Double
    /// Somebody else changed something meanwhile.
    var isOverlapped: Bool
}

/// A world as time goes by.
struct WorldCourse {
    private let world: EffectWorld
    private var draws: NormalSource
    private var buckets: [Bucket] = []
    private var loadNoise = 0.0
    private var slow = 0.0
    private var fast = 0.0
    private var spike = 0.0
    private var level = 0.0
    private var clock = 0
    private var lastLatency = 0.0

    struct Bucket {
        var load: Double
        var latency: Double
    }

    init(world: EffectWorld, seed: UInt64) {
        self.world = world
        draws = NormalSource(seed: seed)
        for _ in 0..<200 { step(action: nil) }
    }

    /// Effects as they are from now on; e.g. a new version of the engine.
    var effects: [Double]?

    mutating func next(age: Double) -> WorldEpisode {
        for _ in 0..<40 { step(action: nil) }
        if world.jumpChance > 0, draws.unit() < world.jumpChance { level += 0.3 * draws.next() }
        waitForTrigger()
        let fired = buckets.suffix(4)
        let before = buckets.dropLast(8).suffix(8)
        let trend = mean(buckets.suffix(2), \.load) - mean(buckets.dropLast(2).suffix(4), \.load)
        let (action, propensity) = choose(load: mean(fired, \.load))
        let isOverlapped = draws.unit() < world.overlapChance
        let disturbance = isOverlapped ? 0.25 * draws.next() : 0
        for _ in 0..<4 { step(action: action, disturbance) }
        for _ in 0..<16 { step(action: action, disturbance) }
        let after = buckets.suffix(16)
        let predicted = action.map { action in mean(after) { world.predictedEffect(of: action, atLoad: $0.load) } } ?? 0
        let row = EffectRow(
            action: action, residual: mean(after) { $0.latency - world.physicsSlope * EffectWorld.latency($0.load) } - predicted,
            residualBefore: mean(before) { $0.latency - world.physicsSlope * EffectWorld.latency($0.load) }, load: mean(after, \.load),
            trend: trend, predictedEffect: predicted, propensity: propensity, age: age)
        return WorldEpisode(row: row, naiveDelta: mean(after, \.latency) - mean(fired, \.latency), isOverlapped: isOverlapped)
    }

    private mutating func waitForTrigger() {
        guard let excess = world.triggerExcess else {
            for _ in 0..<Int(draws.unit() * 40) { step(action: nil) }
            return
        }
        // Users get used to a level: an alarm is about what is unusual now.
        for _ in 0..<4_000 {
            let usual = level + Double(clock) / 240 * (world.levelDrift + 1.5 * world.loadDrift)
            if mean(buckets.suffix(4), \.latency) > usual + excess { return }
            step(action: nil)
        }
    }

    /// Scaling is preferred under load, as a sensible policy would.
    private mutating func choose(load: Double) -> (action: Int?, propensity: Double) {
        let scaling = (1 - world.holdout) * (0.10 + 0.40 / (1 + exp(-4 * (load - 0.2))))
        let others = (1 - world.holdout - scaling) / 3
        let draw = draws.unit()
        if draw < world.holdout { return (nil, world.holdout) }
        if draw < world.holdout + scaling { return (0, scaling) }
        return (1 + min(2, Int((draw - world.holdout - scaling) / others)), others)
    }

    private mutating func step(action: Int?, _ disturbance: Double = 0) {
        clock += 1
        let hours = Double(clock) / 240
        loadNoise = 0.97 * loadNoise + 0.085 * draws.next()
        slow = 0.995 * slow + 0.012 * draws.next()
        fast = 0.9 * fast + 0.07 * draws.next()
        spike *= 0.75
        if draws.unit() < 0.01 { spike += 0.5 - 0.3 * log(draws.unit()) }
        let load = loadNoise + hours * world.loadDrift - world.closedLoop * (lastLatency - level)
        let cause = effects ?? world.effects
        let effect =
            action.map { EffectWorld.latency(load - world.capacities[$0]) - EffectWorld.latency(load) + cause[$0] } ?? 0
        lastLatency =
            level + hours * world.levelDrift + EffectWorld.latency(load) + effect + slow + fast + spike + disturbance + 0.05 * draws.next()
        buckets.append(Bucket(load: load, latency: lastLatency))
        if buckets.count > 400 { buckets.removeFirst(200) }
    }

    private func mean(_ buckets: some Collection<Bucket>, _ value: (Bucket) -> Double) -> Double {
        buckets.reduce(0) { $0 + value($1) } / Double(buckets.count)
    }
}

/// Standard normal and uniform numbers from a seed.
struct NormalSource {
    private var generator: SplitMix64
    private var spare: Double?

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func next() -> Double {
        if let spare {
            self.spare = nil
            return spare
        }
        let radius = (-2 * log(unit())).squareRoot()
        let angle = 2 * Double.pi * unit()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }

    /// Above 0 and at most 1.
    mutating func unit() -> Double { (Double(generator.next() >> 11) + 1) * 0x1p-53 }
}
