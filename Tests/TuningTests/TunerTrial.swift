import Foundation
import Learning
import Measurements
import Policies
import Statistics
import Tuning
import Verification

@testable import Control

/// What a way of tuning came to on a service.
struct TrialResult: Codable {
    /// Objective of the configuration in force after each episode, as it truly is.
    var objectives: [Double] = []
    var final: Configuration
    /// Requests that missed the service's objective because something was tried, see ``DamageCount``.
    var causedMisses = 0.0
    /// Longest time for which an unstable configuration was in force anywhere, seconds.
    var longestUnstable = 0.0
    var seconds = 0.0
    var kept = 0
    var endings: [String] = []

    /// Episodes until the configuration in force was within so much of the best; `nil` where it never was.
    func episodes(within distance: Double, of best: Double) -> Int? {
        objectives.firstIndex { $0 <= best + distance }.map { $0 + 1 }
    }
}

/// Tunes a simulated service with the product's tuner and the product's life of an adjustment; only the service is simulated.
struct TunerTrial {
    enum Order { case twin, flat, random }

    let world: TuningWorld
    let landscape: TuningWorld.Landscape
    var order = Order.flat

    func run(seed: UInt64) -> TrialResult {
        var run = TunerRun(self, seed: seed)
        for episode in 0..<world.episodes { run.episode(episode, seed: seed) }
        return run.finished
    }
}

struct TunerRun {
    private let trial: TunerTrial
    private let world: TuningWorld
    private var target: TunedTarget
    private var memory: TunerMemory
    private var damage: DamageCount
    private var result: TrialResult
    private var triedAtRandom: Set<Configuration> = []
    /// Of the last ten minutes, by bucket.
    private var recent: [TunedTarget.Pass] = []

    init(_ trial: TunerTrial, seed: UInt64) {
        self.trial = trial
        world = trial.world
        var limits = TuningLimits()
        limits.coolDown = Nanoseconds(0)
        limits.mostExperiments = .max
        memory = TunerMemory(
            KnobTuner(
                grid: world.grid, incumbent: world.start, prior: trial.order == .twin ? world.twin(seed: seed) : .flat, limits: limits))
        // The service has run for a day.
        memory.tuner.count(requests: Int(world.rate * 86_400), excessMisses: 0, at: Timestamp(Nanoseconds(0)))
        target = TunedTarget(TunedFleet(world, world.start, seed: seed))
        result = TrialResult(final: world.start)
        damage = DamageCount(trial.landscape, start: world.start)
        _ = target.pass(Nanoseconds(seconds: 60))
        wait()
    }

    private var tuner: KnobTuner { memory.tuner }

    /// Half as many more requests as may miss the objective.
    private var isUrgent: Bool {
        let (judged, missed) = recent.reduce((0, 0)) { ($0.0 + $1.judged, $0.1 + $1.missed) }
        return Double(missed) > 1.5 * tuner.budget.tolerated * Double(judged)
    }

    var finished: TrialResult {
        var result = result
        result.final = tuner.incumbent
        result.causedMisses = damage.misses
        result.longestUnstable = damage.longestUnstable
        result.seconds = target.fleet.time.seconds
        return result
    }

    mutating func episode(_ number: Int, seed: UInt64) {
        defer { result.objectives.append(trial.landscape[tuner.incumbent].objective) }
        let situation = TuningSituation(
            now: target.now, readyReplicas: world.replicas, isUrgent: isUrgent, requestsPerSecond: world.rate)
        let decisionSeed = seed &* 1_000 &+ UInt64(number)
        let draw: TuningDraw
        switch trial.order == .random
            ? atRandom(situation, seed: decisionSeed)
            : tuner.decide(situation, seed: decisionSeed, plan: world.policy.tuningPlan(in: world))
        {
        case .hold(let refusal):
            wait()
            return result.endings.append("held: \(refusal)")
        case .draw(let drawn): draw = drawn
        }
        // Nothing is changed, on purpose or for want of promise: what the service does meanwhile is the same.
        guard let choice = draw.choice else {
            wait()
            return result.endings.append(draw.hasBest ? "held out" : "nothing promises enough")
        }
        memory.tuner.begin(at: target.now)
        let ended = carryOut(adjustment(draw, choice))
        learn(ended, draw.incumbent, choice)
        // What a bad configuration left behind is its doing too.
        if ended.state != .kept { for _ in 0..<6 { pass(nil) } }
        damage.end()
        if ended.state == .kept { result.kept += 1 }
        let truth = trial.landscape[choice].objective - trial.landscape[draw.incumbent].objective
        let measured = ended.experimentResult?.effect.map { "\($0)" } ?? "nothing"
        result.endings.append(
            "\(choice), truly \(String(format: "%+.3f", truth)), measured \(measured): \(ended.state), \(ended.reason.prefix(160))")
    }

    /// Any safe move that was not tried yet, whatever is believed of it; nothing once all were.
    private mutating func atRandom(_ situation: TuningSituation, seed: UInt64) -> TuningDecision {
        var generator = SplitMix64(seed: seed)
        let options = tuner.options(in: situation)
        let untried = options.filter { $0.exclusion == nil && !triedAtRandom.contains($0.configuration) }.map(\.configuration)
        let choice = untried.randomElement(using: &generator)
        if let choice { triedAtRandom.insert(choice) }
        let propensities = ActionMixture(holdout: 0, exploration: 0).draw(
            best: choice.map { "\($0)" }, safe: untried.map { "\($0)" }, using: &generator)
        return .draw(
            TuningDraw(
                choice: choice, propensities: propensities, isUrgent: situation.isUrgent, seed: seed, incumbent: tuner.incumbent,
                options: options))
    }

    // MARK: The life of an adjustment, as the control loop leads it

    /// An adjustment is of one knob, and here a move may change two: the knob is the configuration as a whole.
    private func adjustment(_ draw: TuningDraw, _ choice: Configuration) -> Adjustment {
        let policy = world.policy
        let knob = policy.knobs[0]
        var plan = policy.tuningPlan(in: world)
        plan.headroom = room
        let forecast =
            draw.forecast
            ?? plan.forecast(
                CanaryQuestion(.timeToFirstToken, effect: -0.3, readyReplicas: world.replicas, requestsPerSecond: world.rate))
        var terms = Adjustment.Terms(policy, verification: plan)
        terms.onInconclusive = .revert
        return Adjustment(
            id: UUID(), policy: policy.name, target: world.name, identity: nil,
            candidate: Candidate(
                knob: knob.name, role: knob.role, from: .text("\(draw.incumbent)"), to: .text("\(choice)"), step: 1),
            knob: knob, kind: .tuned, cycle: nil, triggers: [], terms: terms, before: recent.map(\.block),
            trial: Control.CanaryTrial(
                podsPerGroup: world.groupSize, replicas: world.replicas, plan: plan.fitted(to: forecast), forecast: forecast,
                terms: .init(groupDraws: 3, probation: world.terms.probation, waitsForHighLoad: true)),
            tuning: TuningContext(configuration: target.whole, objective: .latency, isUrgent: draw.isUrgent), proposedAt: target.now,
            reason: "drawn")
    }

    private mutating func learn(_ ended: Adjustment, _ from: Configuration, _ tried: Configuration) {
        guard var result = ended.experimentResult else { return }
        (result.from, result.tried, result.inForce) = (from, tried, target.fleet[.rest])
        memory.tuner.close(result, at: target.now)
        let excess = ended.trial?.account(objective: ended.tuning?.objective).excessMisses ?? 0
        memory.tuner.count(requests: 0, excessMisses: excess, at: target.now)
    }

    private mutating func carryOut(_ new: Adjustment) -> Adjustment {
        var adjustment = new
        while adjustment.isOpen {
            let passed = pass(adjustment)
            var view = AdjustmentView(now: target.now, sight: .seen(target.observation(of: adjustment)), blocks: [passed.block])
            view.canary = .seen(target.status(of: adjustment), [passed.canary])
            view.load = LoadReading(
                rate: Double(passed.arrivals) / world.bucket.seconds, highOfDay: world.rate * exp(0.84 * world.loadDeviation))
            view.spending = memory.spending(of: adjustment, at: target.now)
            var step = adjustment.step(view)
            adjustment = step.adjustment
            while let effect = step.effect {
                if effect == .canary(.apply), adjustment.state == .applying, !target.isChanged { damage.begin(target.fleet) }
                target.perform(effect, of: adjustment)
                step = adjustment.settleEffect(effect, failure: nil, at: target.now)
                adjustment = step.adjustment
            }
        }
        return adjustment
    }

    /// Until it is asked again whether there is anything to try.
    private mutating func wait() {
        let end = target.fleet.time + Nanoseconds(seconds: world.terms.alike.inSeconds)
        while target.fleet.time < end { pass(nil) }
    }

    @discardableResult
    private mutating func pass(_ adjustment: Adjustment?) -> TunedTarget.Pass {
        let passed = target.pass(world.bucket)
        damage.add(passed.tallies, of: target.fleet, length: world.bucket)
        memory.tuner.count(requests: passed.judged, excessMisses: 0, at: target.now)
        recent = (recent + [passed]).suffix(60)
        return passed
    }

    /// What each metric may rise before it comes near the limit of the service's objective.
    private var room: [ComparedMetric: Double] {
        let buckets = recent.flatMap { $0.tallies.map(\.bucket) }
        let (first, firsts) = buckets.reduce((0.0, 0)) { ($0.0 + $1.firstToken.sum, $0.1 + $1.firstToken.count) }
        let (gap, gaps) = buckets.reduce((0.0, 0)) { ($0.0 + $1.perToken.sum, $0.1 + $1.perToken.count) }
        guard firsts > 0, gaps > 0 else { return [:] }
        return [
            .timeToFirstToken: max(0, log(0.8 * 2) - first / Double(firsts)),
            .timePerOutputToken: max(0, log(0.8 * 0.05) - gap / Double(gaps)),
        ]
    }
}

extension Policy {
    /// The product's plan, with the times of a world.
    func tuningPlan(in world: TuningWorld) -> VerificationPlan {
        var plan = tuningPlan()
        plan.timeLimit = world.terms.observation
        plan.canary?.preperiod = world.terms.alike
        // Simulated engines find nothing in a cache, so that there is none to warm.
        plan.canary?.warmUpLimit = .zero
        return plan
    }
}
