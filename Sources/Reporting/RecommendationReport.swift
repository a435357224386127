public import Control
public import FoundationEssentials
public import Kubernetes
import Learning
public import Policies

/// Everything a report of one cycle shows.
public struct RecommendationReport: Sendable {
    /// Identifier of the cycle, as `explain` takes it.
    public var id: UUID
    public var toolVersion: String
    public var policy: Policy
    public var snapshot: Snapshot
    public var decision: Decision
    /// One for each recommendation of the decision, in their order.
    public var recommendationIDs: [UUID]
    /// One for each recommendation of the decision, in their order.
    public var patches: [PatchPair]
    /// What the reader must know about how the evidence was chosen.
    public var notes: [String]
    /// Whether the store has the cycle, so that it can be explained and replayed.
    public var isStored: Bool

    /// - Parameter manifest: The target as it is, where the operator gave it.
    public init(
        id: UUID, toolVersion: String, policy: Policy, snapshot: Snapshot, decision: Decision, recommendationIDs: [UUID],
        manifest: Manifest?,
        notes: [String], isStored: Bool
    ) {
        self.id = id
        self.toolVersion = toolVersion
        self.policy = policy
        self.snapshot = snapshot
        self.decision = decision
        self.recommendationIDs = recommendationIDs
        self.notes = notes
        self.isStored = isStored
        patches = decision.recommendations.map { PatchPair($0, policy: policy, manifest: manifest) }
    }

    /// The patch of a recommendation and the one that undoes it, or why there is none.
    public enum PatchPair: Sendable, Hashable {
        case exact(patch: KubernetesPatch, inverse: KubernetesPatch)
        case none(reason: String)

        init(_ recommendation: Recommendation, policy: Policy, manifest: Manifest?) {
            guard case .kubernetes(let target) = policy.target else {
                self = .none(reason: "the policy's target is no Kubernetes workload")
                return
            }
            guard let knob = policy.knobs.first(where: { $0.name == recommendation.candidate.knob }) else {
                self = .none(reason: "the policy has no knob '\(recommendation.candidate.knob)'")
                return
            }
            let builder = PatchBuilder(target: target, manifest: manifest)
            do {
                self = .exact(
                    patch: try builder.patch(recommendation.candidate, of: knob),
                    inverse: try builder.inversePatch(recommendation.candidate, of: knob))
            } catch {
                self = .none(reason: error.description)
            }
        }
    }

    /// The verdict in one sentence.
    public var headline: String {
        switch decision.outcome {
        case .nothingToDo:
            decision.objectives.contains { $0.met == false }
                ? "The objective is missed, but no trigger covers that" : "Nothing needs to change"
        case .recommend:
            decision.recommendations.first.map { "Change \($0.candidate.knob) from \($0.candidate.from) to \($0.candidate.to)" }
                ?? "Change something"
        case .hold: "Something is wrong, but no change is both allowed and worth making"
        case .unknown: "Too little is known to decide"
        }
    }

    /// Whether a limit of the objective is known to be missed.
    public var missesObjective: Bool { decision.objectives.contains { $0.met == false } }
}
