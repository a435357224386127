public import FoundationEssentials
public import Measurements

/// Something people should hear of. Becomes a log line and an event on the object.
public struct ControlEvent: Sendable, Codable, Hashable {
    public var kind: Kind
    public var policy: String
    public var adjustment: UUID?
    public var time: Timestamp
    /// A sentence with the numbers.
    public var message: String

    public init(_ kind: Kind, policy: String, adjustment: UUID? = nil, time: Timestamp, message: String) {
        self.kind = kind
        self.policy = policy
        self.adjustment = adjustment
        self.time = time
        self.message = message
    }

    /// A closed set: the reasons of events in a cluster.
    public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
        case triggerFired = "TriggerFired"
        case recommendationMade = "RecommendationMade"
        case approvalNeeded = "ApprovalNeeded"
        case adjustmentApplied = "AdjustmentApplied"
        case adjustmentFailed = "AdjustmentFailed"
        case adjustmentRejected = "AdjustmentRejected"
        case canaryBegun = "CanaryBegun"
        case canaryRefused = "CanaryRefused"
        case canaryPromoted = "CanaryPromoted"
        /// What was made to try a change does not go.
        case canaryLeft = "CanaryLeft"
        case holdoutBegun = "HoldoutBegun"
        case holdoutEnded = "HoldoutEnded"
        case verificationPassed = "VerificationPassed"
        case verificationFailed = "VerificationFailed"
        case rollingBack = "RollingBack"
        case rolledBack = "RolledBack"
        case rollbackFailed = "RollbackFailed"
        case sourceStale = "SourceStale"
        case externalChangeDetected = "ExternalChangeDetected"
        case targetUnreachable = "TargetUnreachable"
        case actingRefused = "ActingRefused"
        case breakerOpened = "BreakerOpened"
        case journalFailed = "JournalFailed"
        case leadershipLost = "LeadershipLost"
        case paused = "Paused"
        case resumed = "Resumed"
        /// What a planner had learned could not be taken over.
        case planBegunAnew = "PlanBegunAnew"
        /// What a tuner had learned could not be taken over.
        case tuningBegunAnew = "TuningBegunAnew"

        /// Whether somebody should look at it.
        public var isWarning: Bool {
            switch self {
            case .adjustmentFailed, .verificationFailed, .rollbackFailed, .sourceStale, .externalChangeDetected, .targetUnreachable,
                .actingRefused, .breakerOpened, .canaryLeft, .journalFailed, .leadershipLost:
                true
            default: false
            }
        }
    }
}

/// Takes what people should hear of. Never blocks and never fails: nobody's listening must not stop a rollback.
public protocol Announcer: Sendable {
    func announce(_ event: ControlEvent)
}
