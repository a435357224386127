public import Measurements
import Policies
import Verification

/// Why nothing new may be begun at a target now.
public enum ActingRefusal: Sendable, Codable, Hashable {
    case modeIsRecommend
    case suspended
    case paused(since: Timestamp)
    /// Too many of the last adjustments were rolled back.
    case breakerOpen(rolledBack: Int, of: Int)
    case noTarget
    case targetUnseen(String)
    /// The target is still taking up an earlier change, or cannot run.
    case rolloutNotSettled(String)
    /// So many targets look bad at once that the measurements are doubted.
    case doubtedMeasurements(degraded: Int, of: Int)
    /// Too little was measured yet to tell afterwards whether a change helped.
    case noBaseline(blocks: Int, needed: Int)
    /// The policy acts at set times only.
    case notScheduled(next: Timestamp?)
    /// The policy makes no change that was not tried on a part of the replicas first.
    case noCanary(String)
    /// Another policy's adjustment of the same target is open.
    case targetBusy(policy: String)

    /// A sentence.
    public var explanation: String {
        switch self {
        case .modeIsRecommend: "the policy's mode is recommend"
        case .suspended: "the policy is suspended"
        case .paused: "acting is paused; resume it with: resume"
        case .breakerOpen(let rolledBack, let count):
            "\(rolledBack) of the last \(count) adjustments were rolled back, so this policy only recommends until somebody says: resume"
        case .noTarget: "the policy has no target"
        case .targetUnseen(let why): "the target cannot be seen: \(why)"
        case .rolloutNotSettled(let why): "the target is not settled: \(why)"
        case .doubtedMeasurements(let degraded, let count):
            "\(degraded) of \(count) targets look bad at once, which speaks for a fault of the measurements rather than of the targets"
        case .noBaseline(let blocks, let needed):
            "only \(blocks) of \(needed) stretches of time with requests were seen before it, so nobody could tell whether it helped"
        case .notScheduled(let next):
            "the policy acts at set times only" + (next.map { ", the next is \($0)" } ?? "")
        case .noCanary(let why):
            "nothing is changed that was not tried on a part of the replicas first (verify.canary, tune), and it cannot be: \(why)"
        case .targetBusy(let policy): "policy '\(policy)' is changing the same target"
        }
    }
}

/// When acting stops by itself.
public enum ActingLimits {
    /// This many of the last ``breakerWindow`` adjustments rolled back demote a policy to recommending.
    public static let breakerThreshold = 3
    public static let breakerWindow = 5
    /// Above this share of degraded targets the measurements are doubted.
    public static let doubtfulShare = 0.4
    /// A share of fewer targets than this says nothing.
    public static let smallestFleet = 5
}

/// Whether a change may be begun, as far as the policy, its past and its target go. Pure.
/// - Returns: `nil` where it may.
func refusalToAct(
    _ policy: Policy, _ memory: ControlMemory, sight: AdjustmentView.Sight?, fleet: FleetView.Count, blocks: [LatencyBlock]
) -> ActingRefusal? {
    if let refusal = refusalToBegin(policy, memory, fleet: fleet) { return refusal }
    let unsettled = refusal(seeing: sight) { rollout in
        switch rollout {
        case .settled: nil
        case .progressing(let why), .waitingForRoom(let why), .failed(let why): why
        }
    }
    return unsettled ?? baselineRefusal(policy, blocks: blocks)
}

/// Whether replicas may be changed as planned. Nothing is compared afterwards, so that no baseline is needed; and a plan goes on while pods
/// start, but asks for no more of them where those that were asked for find no room or fail. Pure.
/// - Parameter isMore: More replicas than run now.
func refusalToScale(
    _ policy: Policy, _ memory: ControlMemory, sight: AdjustmentView.Sight?, fleet: FleetView.Count, isMore: Bool
) -> ActingRefusal? {
    if let refusal = refusalToBegin(policy, memory, fleet: fleet) { return refusal }
    return refusal(seeing: sight) { rollout in
        switch rollout {
        case .waitingForRoom(let why) where isMore: why
        case .failed(let why): why
        case .settled, .progressing, .waitingForRoom: nil
        }
    }
}

/// As far as the target goes.
/// - Parameter obstacle: What of its rollout stands against it, a sentence.
private func refusal(
    seeing sight: AdjustmentView.Sight?, obstacle: (TargetObservation.Rollout) -> String?
) -> ActingRefusal? {
    switch sight {
    case nil: .noTarget
    case .unseen(let why), .gone(let why): .targetUnseen(why)
    case .seen(let observation): obstacle(observation.rollout).map(ActingRefusal.rolloutNotSettled)
    }
}

/// As far as the policy and its past go.
private func refusalToBegin(_ policy: Policy, _ memory: ControlMemory, fleet: FleetView.Count) -> ActingRefusal? {
    if policy.mode == .recommend { return .modeIsRecommend }
    if policy.suspend { return .suspended }
    if let since = memory.pausedSince { return .paused(since: since) }
    let last = memory.outcomes.suffix(ActingLimits.breakerWindow)
    let rolledBack = last.count { $0.state == .rolledBack }
    if rolledBack >= ActingLimits.breakerThreshold { return .breakerOpen(rolledBack: rolledBack, of: last.count) }
    if let open = memory.open, open.policy != policy.name { return .targetBusy(policy: open.policy) }
    if fleet.isDoubtful { return .doubtedMeasurements(degraded: fleet.degraded, of: fleet.targets) }
    return nil
}

/// Why a change could not be judged afterwards; `nil` where it could.
func baselineRefusal(_ policy: Policy, blocks: [LatencyBlock]) -> ActingRefusal? {
    let plan = VerificationPlan(policy)
    let usable = blocks.count { $0.requests >= plan.minimumRequestsPerBlock }
    let needed = plan.minimumBlocksBefore + plan.triggerBlocks
    return usable < needed ? .noBaseline(blocks: usable, needed: needed) : nil
}
