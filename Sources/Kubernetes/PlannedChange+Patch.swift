public import Control
import Learning
public import Policies

extension PlannedChange {
    /// What a recommendation would send to the cluster.
    /// - Parameter manifest: The target as it is, where it is known.
    public init(_ recommendation: Recommendation, policy: Policy, manifest: Manifest?) {
        guard case .kubernetes(let target) = policy.target else {
            self = .none(reason: "the policy's target is no Kubernetes workload")
            return
        }
        guard let knob = policy.knobs.first(where: { $0.name == recommendation.candidate.knob }) else {
            self = .none(reason: "the policy has no knob '\(recommendation.candidate.knob)'")
            return
        }
        do {
            let pair = try PatchBuilder(target: target, manifest: manifest).pair(recommendation.candidate, of: knob)
            self = .exact(apply: pair.apply, undo: pair.undo)
        } catch {
            self = .none(reason: error.description)
        }
    }
}
