public import Learning
import Measurements
import Policies
import Statistics

/// Puts a chosen candidate into words with its numbers.
struct RecommendationWriter {
    let policy: Policy
    let objectives: [ObjectiveReport]
    let gaps: [ObjectiveGap]

    func recommendation(
        _ candidate: Candidate, effect: PredictedEffect, utility: Utility, rules: [RuleFinding], triggers: [String]
    ) -> Recommendation {
        Recommendation(
            candidate: candidate, category: candidate.role.category, effect: effect, utility: utility, triggers: triggers, rules: rules,
            rationale: rationale(candidate, effect, utility, rules), rollback: rollback(candidate))
    }

    private func rationale(_ candidate: Candidate, _ effect: PredictedEffect, _ utility: Utility, _ rules: [RuleFinding]) -> String {
        let why = rules.map { "\($0.statement) Here \($0.circumstance)." }
        let expected = Outcome.allCases.compactMap { outcome in effect.outcomes[outcome].flatMap { sentence(outcome, $0) } }
        let prediction = expected.isEmpty ? "" : "Expected: \(expected.joined(separator: "; "))."
        let evidence =
            switch effect.source {
            case .physicalPrior: "No change of this deployment has been observed yet, so this is physics alone and the intervals are wide."
            case .learned(let episodes, let holdouts):
                "Physics put right by what was learned from \(counted(episodes, "episode")) of this change and \(counted(holdouts, "holdout"))."
            }
        return ([missed()] + why + [prediction, confidence(utility), evidence]).filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func missed() -> String {
        guard let worst = gaps.first, worst.excess > 0 else {
            let unknown = objectives.filter { $0.met == nil }.map(\.name)
            return unknown.isEmpty
                ? "Every limit is kept." : "Every limit that is known is kept; unknown: \(unknown.joined(separator: ", "))."
        }
        let miss = worst.direction > 0 ? exponential(worst.excess) - 1 : 1 - exponential(-worst.excess)
        return "\(worst.name) is \(FigureText.percent(miss)) \(worst.direction > 0 ? "above" : "below") its limit."
    }

    private func sentence(_ outcome: Outcome, _ estimate: EffectEstimate) -> String? {
        if estimate.deviation == 0 { return estimate.logRatio == 0 ? nil : "\(outcome.words) \(signedPercent(estimate.relativeChange))" }
        let interval = estimate.interval90
        let range = "90 % interval \(signedPercent(interval.lowerBound)) to \(signedPercent(interval.upperBound))"
        return "\(outcome.words) \(signedPercent(estimate.relativeChange)) (\(range))"
    }

    /// Calibrated words: "very likely" from 95 %, "likely" from 80 %.
    private func confidence(_ utility: Utility) -> String {
        let word =
            switch utility.confidence {
            case 0.95...: "very likely"
            case 0.8..<0.95: "likely"
            default: "unclear"
            }
        return "That it helps is \(word) (\(FigureText.percent(utility.confidence)))."
    }

    private func rollback(_ candidate: Candidate) -> String {
        let verify = policy.verify
        return "Set \(candidate.knob) back to \(candidate.from) if it is more than \(FigureText.percent(verify.rollbackIfWorseBy)) worse "
            + "over \(FigureText.duration(verify.window)) after \(FigureText.duration(verify.settle)) of settling, "
            + (verify.onInconclusive == .revert ? "or if that cannot be told." : "and keep it if that cannot be told.")
    }
}

/// `1 episode`, `2 episodes`.
private func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

/// `+35 %`, `−12 %` or `±0 %`.
public func signedPercent(_ ratio: Double) -> String {
    let text = FigureText.number((abs(ratio) * 100).rounded())
    return text == "0" ? "±0 %" : "\(ratio < 0 ? "−" : "+")\(text) %"
}

extension Outcome {
    /// The outcome's name in a sentence.
    public var words: String {
        switch self {
        case .timeToFirstToken: "time to first token"
        case .timePerOutputToken: "time per output token"
        case .endToEnd: "end-to-end latency"
        case .throughput: "throughput"
        case .errorRate: "error rate"
        case .cost: "cost"
        }
    }
}

extension Knob.Role {
    var category: Recommendation.Category {
        switch self {
        case .replicas: .scaling
        case .concurrency, .batchTokens, .batchSize: .batching
        case .memoryShare, .tensorParallel: .resourceAllocation
        case .quantization: .quantization
        case .caching: .caching
        case .other: .configuration
        }
    }
}
