import Control
import Foundation
public import Learning
import Policies

/// What other ways to decide would have been worth, for people and for programs.
public struct PolicyComparison: Sendable {
    public let deployment: String
    public let alternatives: PolicyAlternatives

    public init(deployment: String, alternatives: PolicyAlternatives) {
        self.deployment = deployment
        self.alternatives = alternatives
    }

    /// Whether a rule is better than what was done, as far as 90 % confidence goes.
    public var showsBetter: Bool { alternatives.values.values.contains { $0.verdict == .enable } }

    public var text: String {
        let head =
            "\(deployment): \(alternatives.outcome.words) over \(alternatives.decisions) decisions, \(alternatives.holdouts) of them holdouts; "
            + "beside what was done\n"
        return head
            + PolicyAlternatives.Rule.allCases.compactMap { rule in
                alternatives.values[rule].map { "  \(rule.words): \(Self.sentence($0))\n" }
            }.joined()
    }

    private static func sentence(_ value: PolicyValue) -> String {
        // A gain is a fall of the outcome.
        let change = EffectEstimate(logRatio: -value.difference, deviation: 0).relativeChange
        let interval = (-value.interval.upperBound, -value.interval.lowerBound)
        let range =
            interval.0.isFinite && interval.1.isFinite
            ? "90 % \(percent(interval.0)) to \(percent(interval.1))" : "no interval from \(value.days) day\(value.days == 1 ? "" : "s")"
        let size = FigureText.number(value.effectiveSize.rounded())
        return
            "\(signedPercent(change)) (\(range)), worth \(size) decisions on \(value.days) day\(value.days == 1 ? "" : "s"); \(value.verdict.words)"
    }

    private static func percent(_ logRatio: Double) -> String {
        signedPercent(EffectEstimate(logRatio: logRatio, deviation: 0).relativeChange)
    }

    /// - Throws: `EncodingError`, which no finite figure causes.
    public static func json(_ comparisons: [PolicyComparison]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(comparisons.map(Document.init)), as: UTF8.self) + "\n"
    }

    private struct Document: Encodable {
        struct Value: Encodable {
            /// Log units; positive is better.
            let gain: Double
            /// `nil` where days are too few for an interval.
            let lower90: Double?
            let upper90: Double?
            let effectiveDecisions: Double
            let days: Int
            let verdict: String
            let isBetter: Bool
        }

        let deployment: String
        let outcome: String
        let decisions: Int
        let holdouts: Int
        let rules: [String: Value]

        init(_ comparison: PolicyComparison) {
            deployment = comparison.deployment
            outcome = comparison.alternatives.outcome.rawValue
            decisions = comparison.alternatives.decisions
            holdouts = comparison.alternatives.holdouts
            rules = Dictionary(
                uniqueKeysWithValues: comparison.alternatives.values.map { rule, value in
                    let bounds = value.interval.lowerBound.isFinite ? value.interval : nil
                    return (
                        rule.rawValue,
                        Value(
                            gain: value.difference, lower90: bounds?.lowerBound, upper90: bounds?.upperBound,
                            effectiveDecisions: value.effectiveSize, days: value.days, verdict: value.verdict.words,
                            isBetter: value.verdict == .enable)
                    )
                })
        }
    }
}

extension PolicyAlternatives.Rule {
    fileprivate var words: String {
        switch self {
        case .always: "every proposed change"
        case .never: "no change"
        case .likely: "changes that are likely to help"
        }
    }
}

extension PolicyValue.Verdict {
    fileprivate var words: String {
        switch self {
        case .enable: "better"
        case .shadow(.tooFewDays(let needed)): "cannot tell: \(needed) days are needed"
        case .shadow(.tooFewDecisions(let needed)): "cannot tell: decisions worth \(FigureText.number(needed)) are needed"
        case .shadow(.notShownBetter): "not shown to be better"
        }
    }
}
