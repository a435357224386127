public import Learning
public import Tuning
import Verification

/// What is left of a trial when its buckets are gone: what it showed and what it cost.
public struct TrialAccount: Sendable, Codable, Hashable {
    /// Of the change on the objective of tuning, log ratio; `nil` where it was not measured.
    public var effect: EffectEstimate?
    /// How an engine with the change failed.
    public var failure: FailureLabels.Kind?
    /// Requests of the canary that missed the objective beyond the control's share, from the change on; below 0 where fewer did.
    public var excessMisses: Double

    public init(effect: EffectEstimate? = nil, failure: FailureLabels.Kind? = nil, excessMisses: Double = 0) {
        self.effect = effect
        self.failure = failure
        self.excessMisses = excessMisses
    }

    init(_ course: CanaryCourse, objective: CompositeObjective?) {
        self.init(
            effect: (course.finding.objective ?? objective?.finding(course.finding.metrics))?.effect,
            failure: FailureLabels.Kind(course.finding),
            excessMisses: course.evidence.excessMisses)
    }
}

extension CanaryEvidence {
    /// What both groups differ by before the change is the replicas' doing, and does not count.
    var excessMisses: Double {
        (applying + settling + after).reduce(0) { sum, bucket in
            let usual = bucket.control.judged > 0 ? Double(bucket.control.missed) / Double(bucket.control.judged) : 0
            return sum + Double(bucket.canary.missed) - usual * Double(bucket.canary.judged)
        }
    }
}

extension FailureLabels.Kind {
    fileprivate init?(_ finding: VerificationFinding) {
        guard case .decided(_, by: .tripwire(let tripwire)) = finding.state else { return nil }
        switch tripwire {
        case .outOfMemory: self = .outOfMemory
        case .crashLoop, .rolloutFailed: self = .crash
        default: return nil
        }
    }
}
