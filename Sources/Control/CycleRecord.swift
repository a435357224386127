public import FoundationEssentials
public import Policies

/// One cycle with everything that went into its decision, so that the decision can be derived again.
public struct CycleRecord: Sendable, Codable, Hashable {
    public var id: UUID
    public var origin: Origin
    /// Version of this tool that decided.
    public var toolVersion: String
    public var policy: Policy
    public var snapshot: Snapshot
    public var decision: Decision
    /// What each recommendation would send, in their order; empty where nobody worked it out.
    public var changes: [PlannedChange]
    /// What the reader must know about how the evidence was chosen.
    public var notes: [String]

    public init(
        id: UUID, origin: Origin, toolVersion: String, policy: Policy, snapshot: Snapshot, decision: Decision,
        changes: [PlannedChange] = [],
        notes: [String] = []
    ) {
        self.id = id
        self.origin = origin
        self.toolVersion = toolVersion
        self.policy = policy
        self.snapshot = snapshot
        self.decision = decision
        self.changes = changes
        self.notes = notes
    }

    /// What asked for the decision.
    public enum Origin: String, Sendable, Codable, Hashable, CaseIterable {
        /// A dry run by an operator.
        case recommend
        /// One full cycle by an operator or a scheduler.
        case cycle
        /// The controller.
        case run
        case demo
    }
}
