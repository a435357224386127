import Policies
import Statistics

/// What the episodes of a deployment say about its actions: a value that is decided on and kept with the decision.
public struct LearnedEffects: Sendable, Codable, Hashable {
    /// Episodes that count, holdouts included.
    public var episodes: Int
    public var holdouts: Int
    /// Episodes that do not count: contaminated, unmeasured, or without what physics expected.
    public var leftOut: Int
    /// By name.
    public var actions: [LearnedAction]
    /// How far statements about each outcome have held.
    public var accuracy: [Outcome: LearnedAccuracy]
    /// Canaries among ``episodes``; `nil` for none, also where they were not counted yet.
    public private(set) var canaries: Int?

    public init(
        episodes: Int, holdouts: Int, leftOut: Int, actions: [LearnedAction] = [], accuracy: [Outcome: LearnedAccuracy] = [:],
        canaries: Int = 0
    ) {
        self.episodes = episodes
        self.holdouts = holdouts
        self.leftOut = leftOut
        self.actions = actions
        self.accuracy = accuracy
        self.canaries = canaries > 0 ? canaries : nil
    }

    public func action(_ name: String) -> LearnedAction? { actions.first { $0.name == name } }
}

/// One action and what it does.
public struct LearnedAction: Sendable, Codable, Hashable {
    /// E.g. `replicas +1`.
    public var name: String
    public var episodes: Int
    public var effects: [Outcome: LearnedEffect]

    public init(name: String, episodes: Int, effects: [Outcome: LearnedEffect] = [:]) {
        self.name = name
        self.episodes = episodes
        self.effects = effects
    }
}

/// What an action does to one outcome, log units.
public struct LearnedEffect: Sendable, Codable, Hashable {
    /// Mean effect that physics expected.
    public var predicted: Double
    /// What it does beyond that, at the mean load.
    public var excess: Double
    /// Of ``excess``: normal deviation that gives the same 90 % interval, widened as experience asks.
    public var deviation: Double
    public var episodes: Int
    /// Equally weighted episodes that would be worth as much.
    public var effectiveEpisodes: Double
    /// Canaries among ``episodes``; `nil` for none.
    public private(set) var canaries: Int?
    /// Logarithm of the mean arrival rate, for ``slope``; 0 where there are only canaries.
    public var meanLoad: Double
    /// `nil` while there are too few episodes to tell.
    public var slope: LoadSlope?

    init(_ effect: FittedEffect, of model: LearnedModel) {
        predicted = effect.predicted
        excess = effect.excess
        let interval = model.interval(of: effect)
        deviation = (interval.upperBound - interval.lowerBound) / 2 / LearnedEffect.normalQuantile
        episodes = effect.count
        effectiveEpisodes = effect.effectiveCount
        canaries = effect.canaries > 0 ? effect.canaries : nil
        meanLoad = model.fit.meanLoad
        slope = effect.slope
    }

    /// Of 95 %.
    static let normalQuantile = 1.6449

    /// Physics and what was learned beyond it, at the mean load.
    public var total: EffectEstimate { EffectEstimate(logRatio: predicted + excess, deviation: deviation) }

    /// What it would do at an arrival rate where physics expects an effect.
    ///
    /// The further that is from what physics expected in the episodes, the more of physics' own error is in it.
    /// - Parameter load: Logarithm of the arrival rate; `nil` where it is unknown.
    func estimate(predicted now: Double, load: Double?) -> EffectEstimate {
        let limit = Self.largestShift
        let shift = load.map { min(max($0 - meanLoad, -limit), limit) } ?? 0
        var variance = deviation * deviation
        var excess = excess
        if let slope {
            excess += slope.value * shift
            variance += max(0, 2 * shift * slope.covariance + shift * shift * slope.variance)
        }
        let extrapolated = PhysicalPrior.relativeDeviation * (now - predicted)
        return EffectEstimate(logRatio: now + excess, deviation: (variance + extrapolated * extrapolated).squareRoot())
    }

    /// Log units of load beyond which a slope is not followed.
    private static let largestShift = 1.0
}

/// How far statements about an outcome have held, each made before the episode it is about.
public struct LearnedAccuracy: Sendable, Codable, Hashable {
    /// 90 % intervals for the next episode that held, of ``stated``.
    public var covered: Int
    public var stated: Int
    /// Factor that was put on deviations.
    public var widening: Double
    /// Deviation of one episode, log units.
    public var episodeDeviation: Double
    /// Change points that were found.
    public var changes: Int
    public var reliability: Reliability

    init(_ model: LearnedModel) {
        covered = model.covered
        stated = model.stated
        widening = model.widening
        episodeDeviation = model.fit.residualVariance.squareRoot()
        changes = model.changes.count
        reliability = model.reliability
    }
}

/// Physics put right by what was learned of the same deployment.
public struct LearnedEstimator: EffectEstimator {
    private let learned: LearnedEffects
    private let prior = PhysicalPrior()

    public init(_ learned: LearnedEffects) { self.learned = learned }

    public func effect(of candidate: Candidate, in state: OperatingPoint) -> PredictedEffect {
        var effect = prior.effect(of: candidate, in: state)
        guard let action = learned.action(candidate.actionName), action.episodes > 0 else { return effect }
        let load = state.requestsPerSecond.flatMap { $0 > 0 ? naturalLogarithm($0) : nil }
        for (outcome, known) in action.effects.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard let expected = effect.outcomes[outcome] else { continue }
            effect.outcomes[outcome] = known.estimate(predicted: expected.logRatio, load: load)
            effect.reasoning.append(
                "\(known.episodes) episodes: \(outcome.rawValue) changes by \(percent(known.excess)) beyond what physics expected, give or take "
                    + percent(known.deviation).dropFirst())
        }
        if action.effects[.endToEnd] == nil { effect.outcomes[.endToEnd] = wholeRequest(effect, state) ?? effect.outcomes[.endToEnd] }
        effect.source = .learned(episodes: action.episodes, holdouts: learned.holdouts)
        return effect
    }

    private func wholeRequest(_ effect: PredictedEffect, _ state: OperatingPoint) -> EffectEstimate? {
        guard let first = effect.outcomes[.timeToFirstToken], let perToken = effect.outcomes[.timePerOutputToken] else { return nil }
        return state.wholeRequest(first: first, perToken: perToken)
    }

    private func percent(_ logRatio: Double) -> String {
        (logRatio < 0 ? "−" : "+") + FigureText.percent((abs(expm1(logRatio)) * 1_000).rounded() / 1_000)
    }
}
