import Learning
public import Measurements
import Statistics
public import Verification

/// Chooses which configuration is tried next, from what was learned so far: a value without a clock, and kept as it is across restarts.
public struct KnobTuner: Sendable, Codable, Hashable {
    public var limits: TuningLimits
    public private(set) var incumbent: Configuration
    public private(set) var effects: KnobEffects
    public private(set) var failures = FailureLabels()
    public private(set) var budget: ExplorationBudget
    /// Beginnings of the experiments that still count.
    private var begun: [Timestamp] = []
    private var lastEnd: Timestamp?
    /// How many draws were used up; the same draw is the same until it is.
    public private(set) var draws: UInt64 = 0
    /// Of engine, model and version; what was learned does not carry over between them unweakened.
    public private(set) var engineDigest: String

    public init(
        grid: TuningGrid, incumbent: Configuration, prior: EffectPrior = .flat, limits: TuningLimits = TuningLimits(),
        toleratedMisses: Double = 0.01, engineDigest: String = ""
    ) {
        self.limits = limits
        self.incumbent = incumbent
        self.engineDigest = engineDigest
        effects = KnobEffects(grid: grid, prior: prior)
        budget = ExplorationBudget(tolerated: toleratedMisses)
    }

    public var grid: TuningGrid { effects.grid }

    /// Weighs every move and draws one, or says why nothing may be tried now.
    /// - Parameter plan: How groups will be compared; tells how long it takes.
    public func decide(_ situation: TuningSituation, seed: UInt64, plan: VerificationPlan = VerificationPlan()) -> TuningDecision {
        if let refusal = refusal(in: situation) { return .hold(refusal) }
        let options = options(in: situation)
        let safe = options.filter { $0.exclusion == nil }
        let promising = safe.filter { $0.expectedFall >= limits.smallestExpectedFall }
        // Of equals the one with the fewest steps, which comes first.
        let best = promising.enumerated().max { ($0.element.expectedFall, -$0.offset) < ($1.element.expectedFall, -$1.offset) }?.element
        let forecast = forecast(of: best, in: situation, plan: plan)
        if let refusal = forecast?.refusal { return .hold(.cannotBeTold(refusal)) }
        let mixture =
            situation.isUrgent
            ? ActionMixture.urgent : ActionMixture(holdout: limits.holdout, exploration: limits.exploration)
        var generator = SplitMix64(seed: seed)
        let propensities = mixture.draw(
            best: best.map { "\($0.configuration)" }, safe: safe.map { "\($0.configuration)" }, using: &generator)
        let drawn = safe.first { "\($0.configuration)" == propensities.chosen }
        return .draw(
            TuningDraw(
                choice: drawn?.configuration, propensities: propensities, isUrgent: situation.isUrgent, seed: seed, incumbent: incumbent,
                options: options, forecast: forecast))
    }

    /// How long an experiment takes that finds what may be hoped for: the mean of the best move and one deviation more.
    private func forecast(of best: TuningOption?, in situation: TuningSituation, plan: VerificationPlan) -> CanaryForecast? {
        guard let best, let rate = situation.requestsPerSecond else { return nil }
        let hoped = best.effect.logRatio - best.effect.deviation
        return plan.forecast(
            CanaryQuestion(.timeToFirstToken, effect: hoped, readyReplicas: situation.readyReplicas, requestsPerSecond: rate))
    }

    /// Every move with what it promises and what speaks against it.
    public func options(in situation: TuningSituation) -> [TuningOption] {
        let moves = grid.moves(from: incumbent)
        let estimates = effects.effects(of: moves, from: incumbent, at: situation.now)
        return zip(moves, estimates).map { move, effect in
            TuningOption(
                configuration: move, effect: effect, prior: effects.priorEffect(of: move, from: incumbent),
                expectedFall: effect.expectedFall(beyond: limits.minimumWorthwhileEffect),
                probabilityWorthwhile: effect.probabilityOfFall(beyond: limits.minimumWorthwhileEffect),
                exclusion: exclusion(of: move, effect, in: situation))
        }
    }

    /// Notes that an experiment has begun.
    public mutating func begin(at now: Timestamp) {
        begun.removeAll { now.since($0) >= limits.experimentWindow }
        begun.append(now)
        draws += 1
    }

    /// Notes that nothing promised enough to be tried: the next draw comes after a pause.
    public mutating func rest(at now: Timestamp) {
        lastEnd = now
        draws += 1
    }

    /// Goes on from what is in force, whoever set it.
    public mutating func goOn(from configuration: Configuration) { incumbent = configuration }

    /// Where settings or limits of the policy have changed, what was learned stays.
    public mutating func adopt(grid: TuningGrid, limits: TuningLimits, toleratedMisses: Double) {
        self.limits = limits
        effects = effects.over(grid)
        budget = budget.tolerating(toleratedMisses)
    }

    /// Learns from an experiment that has ended, and goes on from the configuration that is in force now.
    public mutating func close(_ result: ExperimentResult, at now: Timestamp) {
        lastEnd = now
        let changed = result.tried.knobs(differingIn: result.from)
        if result.failure != nil || result.wasApplied { failures.record(result.tried, changing: changed, failure: result.failure, at: now) }
        if let effect = result.effect {
            effects.record(ExperimentRow(from: result.from, to: result.tried, effect: effect, time: now, isUrgent: result.isUrgent))
        }
        incumbent = result.inForce
    }

    /// Counts what the service answered, and what experiments cost it.
    public mutating func count(requests: Int, excessMisses: Double, at now: Timestamp) {
        budget.record(requests: requests, excessMisses: excessMisses, at: now)
    }

    /// A new engine or version is another scope: effects are believed less, and which settings failed is forgotten.
    public mutating func adopt(engineDigest digest: String) {
        guard digest != engineDigest else { return }
        engineDigest = digest
        effects.weaken()
        failures = FailureLabels()
    }

    private func refusal(in situation: TuningSituation) -> TuningRefusal? {
        if let lastEnd, situation.now.since(lastEnd) < limits.coolDown {
            return .coolingDown(until: lastEnd.advanced(by: limits.coolDown))
        }
        let recent = begun.filter { situation.now.since($0) < limits.experimentWindow }
        if recent.count >= limits.mostExperiments { return .enoughBegun(limits.mostExperiments) }
        let spent = budget.spentShare(at: situation.now)
        if spent >= limits.explorationShare { return .budgetSpent(share: spent, of: limits.explorationShare) }
        guard limits.canarySize(ready: situation.readyReplicas) != nil else { return .tooFewReplicas(situation.readyReplicas) }
        return nil
    }

    private func exclusion(of move: Configuration, _ effect: EffectEstimate, in situation: TuningSituation) -> TuningExclusion? {
        if let reason = grid.refusal(of: move) { return .rule(reason) }
        if let reason = situation.obstacles[move] { return .obstacle(reason) }
        if let reason = failures.refusal(of: move, from: incumbent, in: grid, at: situation.now) { return .failedBefore(reason) }
        guard limits.gate.admits(effect) else {
            return .tooRisky(pessimistic: limits.gate.pessimistic(effect), largest: limits.gate.largestAcceptableHarm)
        }
        if let predicted = situation.predictedMisses[move], predicted > situation.largestMisses {
            return .missesObjective(predicted: predicted, budget: situation.largestMisses)
        }
        return nil
    }
}
