import Control
import Documents
import Foundation
import Learning
import Measurements
import Policies
import Verification

/// How a policy stands, as the status of its object tells it.
struct PolicyStatus: Hashable {
    /// One condition of an object.
    struct Condition: Hashable {
        var type: String
        /// `nil` where it cannot be told.
        var holds: Bool?
        var reason: String
        var message: String
    }

    var generation: Int64
    var conditions: [Condition]
    /// Of the newest decision that was kept; absent from the patch where none is told.
    var lastDecision: DocumentValue?
    /// `null` where none is open.
    var openAdjustment = DocumentValue.null
    var lastVerdict: String?

    /// Of a policy that has errors and is not run.
    init(generation: Int64, problems: [String]) {
        self.generation = generation
        conditions = [
            Condition(type: "Ready", holds: false, reason: "Invalid", message: Self.bounded(problems.prefix(5).joined(separator: "; ")))
        ]
    }

    /// Of a policy whose loop has looked.
    init(generation: Int64, policy: Policy, report: PolicyLoop.Report) {
        self.generation = generation
        let adjustment = report.newest
        let observation = report.observation
        let needsTarget = policy.target != .none
        let unknown = report.decision?.triggers.filter { $0.outcome.label == "unknown" } ?? []
        let isOpen = adjustment?.isOpen ?? false
        conditions = [
            Condition(
                type: "Ready", holds: report.decision != nil && (observation != nil || !needsTarget),
                reason: observation == nil && needsTarget ? "TargetUnseen" : "Running",
                message: report.problems.first ?? "the policy is evaluated every \(FigureText.duration(policy.monitor.interval))"),
            Self.metricsFresh(unknown.first, report.plan),
            Condition(
                type: "Acting", holds: isOpen, reason: isOpen ? "AdjustmentOpen" : "Idle",
                message: adjustment.map { "\($0.changeText): \($0.state.words)" } ?? "nothing is under way"),
            Condition(
                type: "Limited", holds: report.refusal != nil, reason: report.refusal?.name ?? "NotLimited",
                message: report.refusal?.explanation ?? "nothing keeps it from acting"),
            Condition(
                type: "Verified", holds: adjustment?.verdict.map { $0 == .improved },
                reason: adjustment?.verdict?.rawValue.capitalized ?? "NoVerdict",
                message: adjustment?.finding?.explanation ?? "nothing was verified yet"),
            Self.degraded(adjustment, at: report.decision?.time),
        ].map { condition in
            var condition = condition
            condition.message = Self.bounded(condition.message)
            return condition
        }
        lastDecision = report.cycle.map { cycle in
            let first = cycle.decision.recommendations.first
            let summary = first.map { "\($0.candidate.knob) \($0.candidate.from) → \($0.candidate.to)" } ?? cycle.decision.outcome.words
            return Self.members([
                "time": cycle.decision.time.wholeSeconds, "cycle": cycle.id.uuidString.lowercased(), "summary": Self.bounded(summary),
            ])
        }
        if isOpen, let adjustment {
            openAdjustment = Self.members([
                "id": adjustment.id.uuidString.lowercased(), "knob": adjustment.knob.name,
                "from": Self.bounded(adjustment.candidate.from.description), "to": Self.bounded(adjustment.candidate.to.description),
                "state": adjustment.state.rawValue, "since": (adjustment.history.last?.time ?? adjustment.proposedAt).wholeSeconds,
            ])
        }
        lastVerdict = adjustment?.verdict?.rawValue
    }

    private static func degraded(_ adjustment: Adjustment?, at now: Timestamp?) -> Condition {
        if let adjustment, adjustment.state == .rollbackFailed {
            return Condition(type: "Degraded", holds: true, reason: "RollbackFailed", message: adjustment.reason)
        }
        if let now, let left = adjustment?.leftGroups(at: now) {
            return Condition(type: "Degraded", holds: true, reason: "CanaryLeft", message: left)
        }
        return Condition(type: "Degraded", holds: false, reason: "AsExpected", message: "no rollback is refused")
    }

    private static func metricsFresh(_ unknown: TriggerReport?, _ plan: ReplicaPlanStep?) -> Condition {
        if let unknown { return Condition(type: "MetricsFresh", holds: false, reason: "Unknown", message: unknown.sentence) }
        if case .held(let hold)? = plan {
            return Condition(
                type: "MetricsFresh", holds: false, reason: "NoPlan", message: "no plan, and what runs stays: \(hold.explanation)")
        }
        return Condition(type: "MetricsFresh", holds: true, reason: "Fresh", message: "every trigger can be decided")
    }

    private static func members(_ pairs: KeyValuePairs<String, String>) -> DocumentValue {
        .object(pairs.map { .init(key: $0.key, value: .string($0.value)) })
    }

    private static func bounded(_ text: String) -> String { String(text.prefix(1_000)) }

    /// The merge patch that tells it.
    /// - Parameter former: The conditions told last; those that still stand so keep their time.
    func patch(former: [String: (condition: Condition, since: Timestamp)], at time: Timestamp) -> DocumentValue {
        let told = conditions.map { condition -> DocumentValue in
            let since = former[condition.type].flatMap { $0.condition.holds == condition.holds ? $0.since : nil } ?? time
            return .object([
                .init(key: "type", value: .string(condition.type)),
                .init(key: "status", value: .string(condition.holds.map { $0 ? "True" : "False" } ?? "Unknown")),
                .init(key: "reason", value: .string(condition.reason)), .init(key: "message", value: .string(condition.message)),
                .init(key: "observedGeneration", value: .integer(generation)),
                .init(key: "lastTransitionTime", value: .string(since.wholeSeconds)),
            ])
        }
        var status: [DocumentValue.Member] = [
            .init(key: "observedGeneration", value: .integer(generation)), .init(key: "conditions", value: .array(told)),
            .init(key: "openAdjustment", value: openAdjustment),
        ]
        if let lastDecision { status.append(.init(key: "lastDecision", value: lastDecision)) }
        if let lastVerdict { status.append(.init(key: "lastVerdict", value: .string(lastVerdict))) }
        return .object([.init(key: "status", value: .object(status))])
    }
}

extension ActingRefusal {
    /// One word, as reasons of conditions are.
    fileprivate var name: String {
        switch self {
        case .modeIsRecommend: "ModeIsRecommend"
        case .suspended: "Suspended"
        case .paused: "Paused"
        case .breakerOpen: "BreakerOpen"
        case .noTarget: "NoTarget"
        case .targetUnseen: "TargetUnseen"
        case .rolloutNotSettled: "RolloutNotSettled"
        case .doubtedMeasurements: "MeasurementsDoubted"
        case .noBaseline: "NoBaseline"
        case .notScheduled: "NotScheduled"
        case .noCanary: "NoCanary"
        case .targetBusy: "TargetBusy"
        }
    }
}

extension Timestamp {
    /// As Kubernetes writes times: to the second.
    fileprivate var wholeSeconds: String {
        let second = Int64(1_000_000_000)
        return Timestamp(nanosecondsSinceEpoch: nanosecondsSinceEpoch / second * second).description
    }
}
