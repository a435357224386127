public import Control
public import FoundationEssentials
import Learning
import Measurements
import Policies

/// A recorded cycle, ready to be shown.
public struct RecommendationReport: Sendable {
    public let record: CycleRecord
    /// One for each recommendation of the decision, in their order.
    public let recommendationIDs: [UUID]
    /// Whether the store has the cycle, so that it can be explained and replayed.
    public let isStored: Bool

    public init(_ record: CycleRecord, recommendationIDs: [UUID], isStored: Bool) {
        self.record = record
        self.recommendationIDs = recommendationIDs
        self.isStored = isStored
    }

    var id: UUID { record.id }
    var toolVersion: String { record.toolVersion }
    var policy: Policy { record.policy }
    var snapshot: Snapshot { record.snapshot }
    var decision: Decision { record.decision }
    var notes: [String] { record.notes }

    /// What a recommendation would send.
    func planned(at index: Int) -> PlannedChange {
        record.changes.indices.contains(index) ? record.changes[index] : .none(reason: "the requests of this cycle were not worked out")
    }

    /// The verdict in one sentence.
    public var headline: String {
        switch decision.outcome {
        case .nothingToDo:
            if decision.plan != nil {
                missesObjective ? "The objective is missed, but as many replicas run as are planned" : "Nothing needs to change"
            } else if missesObjective {
                "The objective is missed, but no trigger covers that"
            } else if decision.objectives.contains(where: { $0.met == nil }) {
                "No trigger fires, but part of the objective is not known"
            } else {
                "Nothing needs to change"
            }
        case .recommend:
            decision.recommendations.first.map { recommendation in
                let (change, isTrial) = (recommendation.candidate, recommendation.candidate == decision.tuning?.proposal)
                return "\(isTrial ? "Try to change" : "Change") \(change.knob) from \(change.from) to \(change.to)"
            } ?? "Change something"
        case .hold:
            if decision.triggers.contains(where: { $0.outcome.isFiring }) {
                "Something is wrong, but no change is both allowed and worth making"
            } else if decision.excluded.first?.isOfTuning(decision) == true {
                "A setting was to be tried, but may not be now"
            } else {
                "Other replicas are planned, but may not be set now"
            }
        case .unknown: "Too little is known to decide"
        }
    }

    /// Whether a limit of the objective is known to be missed.
    public var missesObjective: Bool { decision.objectives.contains { $0.met == false } }
}

extension ExcludedCandidate {
    /// Whether it is what tuning drew, rather than what is planned.
    fileprivate func isOfTuning(_ decision: Decision) -> Bool { decision.tuning != nil && decision.plan == nil }
}
