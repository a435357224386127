/// Where an adjustment stands. Every transition is on disk before its side effect happens.
///
/// ```
/// proposed → (awaitingApproval) → applying → settling → observing → kept
///                │                   │          └──────────┴────→ rollingBack → rolledBack | superseded
///                └→ rejected         └→ failed                         └⇄ rollbackFailed
/// ```
public enum AdjustmentState: String, Sendable, Codable, Hashable, CaseIterable {
    case proposed
    /// Waits for an operator; ends `rejected` when nobody answers in time.
    case awaitingApproval
    /// The change has been sent, or is about to be.
    case applying
    /// The change is in force; its rollout and the settling time run.
    case settling
    /// Before and after are being compared.
    case observing
    /// The change is being taken back.
    case rollingBack
    /// Taking it back was refused; it is tried again with growing pauses, and nothing else is done to the target meanwhile.
    case rollbackFailed
    case kept
    case rolledBack
    /// Somebody else changed the setting or replaced the target: theirs stands.
    case superseded
    /// Nothing was changed.
    case failed
    /// An operator said no, or nobody answered.
    case rejected

    /// Whether nothing more will happen.
    public var isFinal: Bool {
        switch self {
        case .kept, .rolledBack, .superseded, .failed, .rejected: true
        case .proposed, .awaitingApproval, .applying, .settling, .observing, .rollingBack, .rollbackFailed: false
        }
    }

    /// Whether the change may be in force at the target.
    public var mayBeInForce: Bool {
        switch self {
        case .applying, .settling, .observing, .rollingBack, .rollbackFailed: true
        case .proposed, .awaitingApproval, .kept, .rolledBack, .superseded, .failed, .rejected: false
        }
    }

    /// The states that may come next.
    public var successors: Set<AdjustmentState> {
        switch self {
        case .proposed: [.awaitingApproval, .applying, .observing, .superseded, .failed]
        case .awaitingApproval: [.applying, .rejected, .superseded]
        case .applying: [.settling, .rollingBack, .superseded, .failed]
        case .settling: [.observing, .kept, .rollingBack, .superseded]
        case .observing: [.kept, .rollingBack, .superseded]
        case .rollingBack: [.rolledBack, .superseded, .rollbackFailed]
        case .rollbackFailed: [.rollingBack, .superseded, .rolledBack]
        case .kept: [.rollingBack]
        case .rolledBack, .superseded, .failed, .rejected: []
        }
    }
}
