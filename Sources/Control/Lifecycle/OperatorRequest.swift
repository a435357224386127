public import FoundationEssentials
public import Measurements

/// Something an operator asked of a running controller.
public struct OperatorRequest: Sendable, Codable, Hashable, Identifiable {
    public var id: UUID
    public var time: Timestamp
    public var action: Action

    public init(id: UUID, time: Timestamp, action: Action) {
        self.id = id
        self.time = time
        self.action = action
    }

    public enum Action: Sendable, Codable, Hashable {
        case approve(adjustment: UUID)
        case reject(adjustment: UUID)
        /// Takes a change back, also one that was kept.
        case rollback(adjustment: UUID)
        /// Begins nothing new; what is open is finished. `nil` for every policy.
        case pause(policy: String?)
        /// Ends a pause and closes an open breaker.
        case resume(policy: String?)
    }
}
