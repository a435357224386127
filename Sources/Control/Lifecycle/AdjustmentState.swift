/// Where an adjustment stands. Every transition is on disk before its side effect happens.
///
/// ```
/// proposed → (awaitingApproval) → applying → settling → observing → kept
///                │                   │          └──────────┴────→ rollingBack → rolledBack | superseded
///                └→ rejected         └→ failed                         └⇄ rollbackFailed
/// ```
/// One that is tried on a part of the replicas first (``CanaryTrial``) has three states more; only the canary has the change until it is promoted:
/// ```
/// proposed → (awaitingApproval) → comparing → applying → settling → observing → promoting → probation → kept
///                                     └──────────┴──────────┴──────────┴────────────┴───────────┴──→ rollingBack → …
/// ```
public enum AdjustmentState: String, Sendable, Codable, Hashable, CaseIterable {
    case proposed
    /// Waits for an operator; ends `rejected` when nobody answers in time.
    case awaitingApproval
    /// A canary and its control group are made, and run alike.
    case comparing
    /// The change has been sent, or is about to be.
    case applying
    /// The change is in force; its rollout and the settling time run.
    case settling
    /// Before and after are being compared.
    case observing
    /// What was proved on the canary goes to all replicas, and then its groups go.
    case promoting
    /// The change is in force everywhere and is watched for harm.
    case probation
    /// The change, or what was made to try it, is being taken back.
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
        case .proposed, .awaitingApproval, .comparing, .applying, .settling, .observing, .promoting, .probation, .rollingBack,
            .rollbackFailed:
            false
        }
    }

    /// Whether the change may be in force at the target.
    public var mayBeInForce: Bool {
        switch self {
        case .applying, .settling, .observing, .promoting, .probation, .rollingBack, .rollbackFailed: true
        case .proposed, .awaitingApproval, .comparing, .kept, .rolledBack, .superseded, .failed, .rejected: false
        }
    }

    /// The states that may come next.
    public var successors: Set<AdjustmentState> {
        switch self {
        case .proposed: [.awaitingApproval, .comparing, .applying, .observing, .superseded, .failed]
        case .awaitingApproval: [.comparing, .applying, .rejected, .superseded]
        case .comparing: [.applying, .rollingBack, .superseded]
        case .applying: [.settling, .rollingBack, .superseded, .failed]
        case .settling: [.observing, .kept, .rollingBack, .superseded]
        case .observing: [.kept, .promoting, .rollingBack, .superseded]
        case .promoting: [.probation, .rollingBack, .superseded]
        case .probation: [.kept, .rollingBack, .superseded]
        case .rollingBack: [.rolledBack, .failed, .superseded, .rollbackFailed]
        case .rollbackFailed: [.rollingBack, .superseded, .rolledBack]
        case .kept: [.rollingBack]
        case .rolledBack, .superseded, .failed, .rejected: []
        }
    }
}
