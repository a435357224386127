import Control
import FoundationEssentials
import Learning
import Policies

/// One recommendation under the names of the schema, with its patch and its prediction beside.
struct RecommendationEntry: Encodable {
    struct Action: Encodable {
        let type: String
        let target: String
        let currentValue: KnobValue
        let recommendedValue: KnobValue
        let rollbackStrategy: String
    }

    struct Impact: Encodable {
        let latencyImprovementPercent: Double?
        let throughputImprovementPercent: Double?
        let costImpactPercent: Double?
        let confidenceScore: Double
    }

    struct Interval: Encodable {
        let changePercent: Double
        let low90Percent: Double
        let high90Percent: Double
    }

    struct Rule: Encodable {
        let name: String
        let statement: String
        let circumstance: String
    }

    struct Patch: Encodable {
        let method: String
        let path: String
        let contentType: String
        let body: String
        let kubectl: String

        init(_ patch: PatchRequest) {
            method = PatchRequest.method
            path = patch.path
            contentType = patch.contentType.rawValue
            body = patch.body
            kubectl = patch.command
        }
    }

    let recommendationId: String
    let priority: Int
    let category: String
    let action: Action
    let expectedImpact: Impact
    let rationale: String

    // Beyond the schema.
    let predictedEffect: [String: Interval]
    let predictionSource: String
    let reasoning: [String]
    let triggers: [String]
    let rules: [Rule]
    let utility: Double
    let kubernetesPatch: Patch?
    let kubernetesInversePatch: Patch?
    let noPatchReason: String?

    init(_ report: RecommendationReport, at index: Int) {
        let recommendation = report.decision.recommendations[index]
        let candidate = recommendation.candidate
        recommendationId = report.recommendationIDs[index].uuidString.lowercased()
        priority = min(index + 1, 10)
        category = recommendation.category.rawValue
        action = Action(
            type: candidate.actionType, target: candidate.knob, currentValue: candidate.from, recommendedValue: candidate.to,
            rollbackStrategy: recommendation.rollback)
        let outcomes = recommendation.effect.outcomes
        func percent(_ outcome: Outcome, sign: Double) -> Double? { outcomes[outcome].map { sign * $0.relativeChange * 100 } }
        expectedImpact = Impact(
            latencyImprovementPercent: percent(.timeToFirstToken, sign: -1) ?? percent(.timePerOutputToken, sign: -1),
            throughputImprovementPercent: percent(.throughput, sign: 1), costImpactPercent: percent(.cost, sign: 1),
            confidenceScore: recommendation.utility.confidence)
        rationale = recommendation.rationale
        predictedEffect = Dictionary(
            uniqueKeysWithValues: outcomes.map { outcome, estimate in
                let interval = estimate.interval90
                return (
                    outcome.rawValue,
                    Interval(
                        changePercent: estimate.relativeChange * 100, low90Percent: interval.lowerBound * 100,
                        high90Percent: interval.upperBound * 100)
                )
            })
        predictionSource = recommendation.effect.source.words
        reasoning = recommendation.effect.reasoning
        triggers = recommendation.triggers
        rules = recommendation.rules.map { Rule(name: $0.rule, statement: $0.statement, circumstance: $0.circumstance) }
        utility = recommendation.utility.total
        switch report.planned(at: index) {
        case .exact(let apply, let undo):
            kubernetesPatch = Patch(apply)
            kubernetesInversePatch = Patch(undo)
            noPatchReason = nil
        case .none(let reason):
            kubernetesPatch = nil
            kubernetesInversePatch = nil
            noPatchReason = reason
        }
    }
}

extension Candidate {
    /// As the schema names it.
    var actionType: String {
        role == .replicas ? (step > 0 ? "scale_up" : "scale_down") : "config_change"
    }
}

extension PredictedEffect.Source {
    var words: String {
        switch self {
        case .physicalPrior: "physics alone, nothing was learned yet"
        case .learned(let episodes, let holdouts): "learned from \(episodes) episodes, \(holdouts) holdouts"
        }
    }
}
