import Learning
import Measurements
import Policies
public import Tuning
public import Verification

/// What an adjustment of a tuned knob was made in: with it, what it showed can be learned from what is stored of it alone.
public struct TuningContext: Sendable, Codable, Hashable {
    /// Of all tuned knobs, before the change.
    public var configuration: Configuration
    public var objective: CompositeObjective
    /// The objective burned, and nothing was left to chance.
    public var isUrgent: Bool
    /// What may be hoped for of the change, log ratio of the objective; `nil` where nothing was predicted.
    public var hopedEffect: Double?

    public init(configuration: Configuration, objective: CompositeObjective, isUrgent: Bool = false, hopedEffect: Double? = nil) {
        self.configuration = configuration
        self.hopedEffect = hopedEffect
        self.objective = objective
        self.isUrgent = isUrgent
    }

    /// With the values in force of all tuned knobs; `nil` where one is not known, or nothing is tuned.
    init?(_ policy: Policy, in force: TargetState, isUrgent: Bool = false) {
        guard let tune = policy.tune, let configuration = try? policy.tunedConfiguration(in: force).get() else { return nil }
        self.init(configuration: configuration, objective: CompositeObjective(tune.objective), isUrgent: isUrgent)
    }
}

extension CompositeObjective {
    init(_ weights: TuneTerms.Weights) {
        self.init(ttft: weights.ttft, tpot: weights.tpot)
    }
}

extension Policy {
    /// The settings in force of all tuned knobs, or the names of those that are not known.
    func tunedConfiguration(in force: TargetState) -> Result<Configuration, UnknownValues> {
        let unknown = tunedKnobs.map(\.name).filter { force.values[$0] == nil }
        guard unknown.isEmpty else { return .failure(UnknownValues(knobs: unknown)) }
        let values = tunedKnobs.map { ($0.name, force.values[$0.name]!.value) }  // Just seen to be there.
        return .success(Configuration(Dictionary(uniqueKeysWithValues: values)))
    }

    struct UnknownValues: Error {
        let knobs: [String]
    }

    /// What may be tried: one knob at a time.
    var tuningGrid: TuningGrid {
        let knobs = tunedKnobs.compactMap { knob in
            knob.domain.values(atMost: TuneTerms.mostMoves).map { TunedKnob(name: knob.name, role: knob.role, values: $0) }
        }
        return TuningGrid(knobs: knobs, rules: [.atLeast(.batchTokens, other: .concurrency)], knobsPerMove: 1)
    }

    /// How what is tuned is compared.
    func tuningPlan(_ objectives: [ObjectiveReport] = []) -> VerificationPlan {
        var plan = VerificationPlan(self, objectives: objectives)
        var canary = plan.canaryTerms
        canary.drainLimit = Self.longestDrain
        plan.canary = canary
        plan.timeLimit = Self.longestComparison
        let limits = tuningLimits
        return plan.judging(
            CompositeObjective(tune?.objective ?? .init()), worthwhile: limits.minimumWorthwhileEffect, confidence: limits.confidence)
    }

    static let longestComparison = Duration.seconds(1_800)
    private static let longestDrain = Duration.seconds(1_800)

    var tuningLimits: TuningLimits {
        var limits = TuningLimits()
        guard let tune else { return limits }
        limits.holdout = learning.holdout
        limits.mostExperiments = tune.experiments.count
        limits.experimentWindow = Nanoseconds(seconds: tune.experiments.window.inSeconds)
        limits.coolDown = Nanoseconds(seconds: tune.cooldown.inSeconds)
        limits.explorationShare = tune.errorBudget
        return limits
    }
}

extension Adjustment {
    /// What is to be learned of it; `nil` while it is under way, where it was not compared on a part of the replicas, or is no tuned knob's.
    public var experimentResult: ExperimentResult? {
        guard !isOpen, let tuning, kind == .holdout || trial != nil else { return nil }
        let from = tuning.configuration
        let tried = kind == .holdout ? from : from.setting(knob.name, to: candidate.to)
        let account = trial?.account(objective: tuning.objective)
        return ExperimentResult(
            from: from, tried: tried, inForce: state == .kept ? tried : from, wasApplied: trial?.wasApplied ?? false,
            effect: verdict.isOfLatency ? account?.effect : nil, failure: account?.failure, isUrgent: tuning.isUrgent)
    }
}

extension Verdict? {
    /// Whether what was measured tells of the change: not where it was disturbed, nor where an operator ended it.
    fileprivate var isOfLatency: Bool {
        switch self {
        case .improved, .worsened, .inconclusive: true
        case .unmeasured, .superseded, nil: false
        }
    }
}
