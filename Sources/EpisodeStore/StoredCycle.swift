public import Control
public import FoundationEssentials
public import Learning
public import Measurements

/// A cycle as the store keeps it, with the identifiers its recommendations got.
public struct StoredCycle: Sendable, Hashable {
    public let record: CycleRecord
    /// In the order of the decision's recommendations.
    public let recommendationIDs: [UUID]
}

/// A cycle in a list: what was decided, without the inputs.
public struct CycleSummary: Sendable, Hashable, Identifiable {
    public let id: UUID
    public let policy: String
    /// The moment decided for.
    public let time: Timestamp
    public let origin: CycleRecord.Origin
    public let toolVersion: String
    public let outcome: Decision.Outcome
    /// Best first.
    public let recommendations: [RecommendationSummary]
}

/// A recommendation in a list.
public struct RecommendationSummary: Sendable, Hashable, Identifiable {
    public let id: UUID
    public let candidate: Candidate
}

/// What an identifier given by a user stands for.
public struct CycleMatch: Sendable, Hashable {
    public let cycle: StoredCycle
    /// The position of the recommendation it names; `nil` where it names the cycle.
    public let recommendation: Int?
}
