public import Measurements

/// Ways to decide between the change that was proposed and leaving things alone, weighed on the episodes of a deployment.
///
/// What one half of the days has taught is tried on the other half: nothing is judged by the episodes it was learned from.
public struct PolicyAlternatives: Sendable {
    /// A way to decide.
    public enum Rule: String, Sendable, Codable, Hashable, CaseIterable {
        /// Every proposed change is made.
        case always
        /// None is.
        case never
        /// A change is made where the episodes of other days call it likely to help.
        case likely
    }

    /// Probability from which on a benefit is called likely.
    public static let likelihood = 0.8

    public let outcome: Outcome
    public let decisions: Int
    public let holdouts: Int
    /// Against what was done; a rule is missing where nothing can be said of it.
    public let values: [Rule: PolicyValue]

    /// - Parameters:
    ///   - records: Episodes of one deployment in any order; open ones are left out.
    ///   - outcome: A fall of it is good; utilities are its fall in log units, beside what physics expects of the load.
    /// - Returns: `nil` where no episode measured the outcome.
    public init?(
        _ records: [EpisodeRecord], outcome: Outcome, at now: Timestamp, evaluation: OffPolicyEvaluation = OffPolicyEvaluation()
    ) {
        let table = OutcomeRows(records.compactMap(\.sample), at: now)
        let byID = Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let choices = table.rows(outcome).compactMap { position, row in
            byID[table.samples[position].id].flatMap { Choice($0, row: row, outcome: outcome, actions: table.actions) }
        }
        guard !choices.isEmpty else { return nil }
        let classes = LearnedEffects.classes(table.actions)
        let models = [0, 1].map { half in
            CausalLearner().learn(choices.filter { $0.half != half }.map(\.row), classes: classes)
        }
        self.outcome = outcome
        decisions = choices.count
        holdouts = choices.count { $0.row.action == nil }
        let logged = choices.map { $0.logged(by: models[$0.half]) }
        let current = choices.map { [1 - $0.chance, $0.chance] }
        var values: [Rule: PolicyValue] = [:]
        for rule in Rule.allCases {
            let chances = choices.map { choice -> [Double] in
                let acts = choice.acts(rule, model: models[choice.half])
                return acts ? [0, 1] : [1, 0]
            }
            values[rule] = evaluation.evaluate(logged, policy: chances, against: current)
        }
        self.values = values
    }

    /// One decision between nothing and an action.
    private struct Choice {
        let row: EffectRow
        /// Position of the proposed action.
        let action: Int
        /// It had.
        let chance: Double
        /// Physics expected of it.
        let predicted: Double
        let day: Int
        /// 0 or 1.
        let half: Int

        init?(_ record: EpisodeRecord, row: EffectRow, outcome: Outcome, actions: [String]) {
            let offered = record.propensities.distribution.filter { $0.key != EpisodeRecord.noOperation }
            guard let (name, chance) = offered.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
                let action = actions.firstIndex(of: name), let predicted = record.sample?.predictedEffect(on: outcome)
            else { return nil }
            self.row = row
            self.action = action
            self.chance = chance
            self.predicted = predicted
            let day = Int((record.decidedAt.secondsSinceEpoch / 86_400).rounded(.down))
            self.day = day
            half = day & 1
        }

        func logged(by model: LearnedModel?) -> LoggedDecision {
            let nothing = model.map { -$0.fit.expectedResidual(row, taking: nil) } ?? 0
            let changed = model.map { -$0.fit.expectedResidual(row, taking: action) - predicted } ?? 0
            return LoggedDecision(
                day: day, utility: -row.residual - row.predictedEffect, propensity: row.propensity, drawn: row.action == nil ? 0 : 1,
                expected: [nothing, changed])
        }

        func acts(_ rule: Rule, model: LearnedModel?) -> Bool {
            switch rule {
            case .always: return true
            case .never: return false
            case .likely:
                guard let model else { return false }
                return model.probabilityOfFall(model.fit.effects[action].predicting(predicted)) >= PolicyAlternatives.likelihood
            }
        }
    }
}
