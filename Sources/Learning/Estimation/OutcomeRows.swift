import FoundationEssentials
public import Measurements
import Statistics

/// The usable episodes of a deployment as rows of effect models, one list an outcome.
public struct OutcomeRows: Sendable {
    /// What physics expects of a window's load, log units; `nil` where it cannot tell.
    public typealias LoadPhysics = @Sendable (Outcome, EpisodeConditions) -> Double?

    /// Most actions one model compares; rarer ones are left out.
    public static let maximumActions = PreparedRows.maximumActions
    /// The outcomes that episodes measure.
    public static let outcomes = [Outcome.timeToFirstToken, .timePerOutputToken, .endToEnd, .throughput, .errorRate]

    /// Figures beyond it, or not finite, are no measurements: e^50 seconds are longer than there has been time.
    private static let largestLogarithm = 50.0

    /// Actions in the order of their positions in the rows.
    public let actions: [String]
    /// Usable episodes, oldest first.
    public let samples: [EpisodeSample]
    public let leftOut: Int
    private let now: Timestamp
    private let physics: LoadPhysics

    /// - Parameter samples: Closed episodes of one deployment, in any order.
    public init(_ samples: [EpisodeSample], at now: Timestamp, physics: @escaping LoadPhysics = { _, _ in nil }) {
        let usable = samples.filter(\.isUsable)
        let counts = Dictionary(grouping: usable.filter { $0.mode != .holdout }, by: \.action).mapValues(\.count)
        let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.maximumActions).map(\.key)
        let known = Set(frequent)
        actions = frequent.sorted()
        self.samples = usable.filter { $0.mode == .holdout || known.contains($0.action) }
            .sorted { $0.decidedAt != $1.decidedAt ? $0.decidedAt < $1.decidedAt : $0.id.uuidString < $1.id.uuidString }
        leftOut = samples.count - self.samples.count
        self.now = now
        self.physics = physics
    }

    /// What canaries showed of an outcome.
    public func contrasts(_ outcome: Outcome) -> [EffectContrast] {
        let positions = Dictionary(uniqueKeysWithValues: actions.enumerated().map { ($1, $0) })
        return samples.compactMap { sample in
            guard sample.mode == .canary, let position = positions[sample.action], let measured = sample.contrasts[outcome],
                let predicted = sample.predictedEffect(on: outcome),
                [measured.logRatio, predicted, measured.standardError].allSatisfy({ abs($0) <= Self.largestLogarithm })
            else { return nil }
            return EffectContrast(
                action: position, excess: measured.logRatio - predicted, variance: measured.standardError * measured.standardError,
                predictedEffect: predicted, quality: min(1, sample.quality), age: age(sample))
        }
    }

    private func age(_ sample: EpisodeSample) -> Double { max(0, now.since(sample.decidedAt).duration / .seconds(86_400)) }

    /// Those of the samples that measured an outcome before and after, with their positions in ``samples``; canaries are none of them.
    public func rows(_ outcome: Outcome) -> [(position: Int, row: EffectRow)] {
        let measured = samples.indices.filter {
            samples[$0].mode != .canary && samples[$0].before.outcomes[outcome] != nil && samples[$0].after.outcomes[outcome] != nil
        }
        // One level for all rows: physics speaks of every window or of none.
        let speaks = measured.allSatisfy {
            physics(outcome, samples[$0].before.conditions) != nil && physics(outcome, samples[$0].after.conditions) != nil
        }
        let positions = Dictionary(uniqueKeysWithValues: actions.enumerated().map { ($1, $0) })
        return measured.compactMap { index in
            row(samples[index], outcome, positions: positions, withPhysics: speaks).map { (index, $0) }
        }
    }

    private func row(_ sample: EpisodeSample, _ outcome: Outcome, positions: [String: Int], withPhysics: Bool) -> EffectRow? {
        guard let before = sample.before.outcomes[outcome], let after = sample.after.outcomes[outcome],
            let rate = sample.after.conditions.arrivalRate, rate > 0
        else { return nil }
        let isHoldout = sample.mode == .holdout
        guard let predicted = isHoldout ? 0 : sample.predictedEffect(on: outcome) else { return nil }
        let expectedBefore = withPhysics ? physics(outcome, sample.before.conditions) ?? 0 : 0
        let expectedAfter = withPhysics ? physics(outcome, sample.after.conditions) ?? 0 : 0
        let values = [before, after, predicted, expectedBefore, expectedAfter, naturalLogarithm(rate)]
        guard values.allSatisfy({ abs($0) <= Self.largestLogarithm }), sample.propensity > 0, sample.propensity <= 1 else { return nil }
        let trend = sample.before.conditions.trend.flatMap { abs($0) <= Self.largestLogarithm ? $0 : nil } ?? 0
        return EffectRow(
            action: isHoldout ? nil : positions[sample.action], residual: after - expectedAfter - predicted,
            residualBefore: before - expectedBefore, load: naturalLogarithm(rate), trend: trend, predictedEffect: predicted,
            propensity: sample.propensity, quality: sample.weight, age: age(sample))
    }
}

extension EpisodeRecord {
    /// What a learner needs of it; `nil` while it is open.
    public var sample: EpisodeSample? {
        closure.map { closure in
            EpisodeSample(
                id: id, decidedAt: decidedAt, action: action, mode: mode, isUrgent: isUrgent, propensity: propensities.probability,
                quality: closure.quality, contamination: closure.contamination, verdict: closure.verdict,
                requestCount: closure.requestCount, before: before, after: closure.after, predictions: predictions,
                effect: closure.effect, contrasts: closure.contrasts)
        }
    }
}

extension EpisodeSample {
    /// Blurred beyond use.
    private static let spoiling: Contamination = [.otherChange, .newVersion, .nodeLoss, .errorStorm, .metricGap]
    /// What a draw without chance counts beside one with: nothing was held against it (control dossier, P17).
    private static let urgentWeight = 0.5

    /// Whether it says something of an action: drawn or held out, foretold, measured, and not blurred.
    var isUsable: Bool {
        guard quality > 0 else { return false }
        switch mode {
        case .observe: return false
        // Whatever came afterwards, on all replicas: the two groups had been compared, and what went on around them went on in both.
        case .canary: return contrasts.keys.contains { predictedEffect(on: $0) != nil }
        case .temporal, .holdout:
            return verdict != .unmeasured && verdict != .superseded && contamination.isDisjoint(with: Self.spoiling)
                && (mode == .holdout || OutcomeRows.outcomes.contains { predictedEffect(on: $0) != nil })
        }
    }

    var weight: Double { min(1, quality) * (isUrgent ? Self.urgentWeight : 1) }

    /// What physics expected the action to do; `nil` where nobody wrote it down.
    func predictedEffect(on outcome: Outcome) -> Double? {
        guard let changed = predictions.afterChanged[outcome], let unchanged = predictions.afterUnchanged[outcome] else { return nil }
        return changed - unchanged
    }
}

extension LearnedEffects {
    /// Learns from the closed episodes of a deployment.
    /// - Parameters:
    ///   - now: Episodes count half for every seven days before.
    /// - Returns: `nil` where no episode is of use.
    public init?(_ table: OutcomeRows, learner: CausalLearner = CausalLearner()) {
        guard !table.samples.isEmpty else { return nil }
        let classes = Self.classes(table.actions)
        var effects: [Outcome: LearnedModel] = [:]
        for outcome in OutcomeRows.outcomes {
            if let model = learner.learn(
                table.rows(outcome).map(\.row), contrasts: table.contrasts(outcome), classes: classes)
            {
                effects[outcome] = model
            }
        }
        let actions = table.actions.enumerated().map { position, name in
            LearnedAction(
                name: name, episodes: table.samples.count { $0.mode != .holdout && $0.action == name },
                effects: effects.compactMapValues { model in
                    let effect = model.fit.effects[position]
                    return effect.count > 0 ? LearnedEffect(effect, of: model) : nil
                })
        }
        self.init(
            episodes: table.samples.count, holdouts: table.samples.count { $0.mode == .holdout }, leftOut: table.leftOut,
            actions: actions, accuracy: effects.filter { $0.value.fit.rowCount > 0 }.mapValues { LearnedAccuracy($0) },
            canaries: table.samples.count { $0.mode == .canary })
    }

    /// Actions on one knob are wrong in physics by about as much.
    static func classes(_ actions: [String]) -> [Int] {
        var known: [String: Int] = [:]
        return actions.map { action in
            let knob = action.lastIndex(of: " ").map { String(action[..<$0]) } ?? action
            if let number = known[knob] { return number }
            known[knob] = known.count
            return known.count - 1
        }
    }
}
