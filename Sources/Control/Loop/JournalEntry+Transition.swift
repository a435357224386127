import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Verification

extension JournalEntry {
    /// What is to be remembered when an adjustment has taken a step. Pure.
    /// - Parameters:
    ///   - triggers: Trigger states of the policy as they are now.
    ///   - draw: How a new adjustment was drawn; `nil` for one that is under way.
    ///   - past: What is remembered of changes that did not work.
    init(
        from old: Adjustment?, to new: Adjustment, policy: Policy, triggers: [String: TriggerState], draw: ActionDraw?,
        past: [InfeasibleChange] = [], now: Timestamp
    ) {
        self.init(policy: new.policy, time: now)
        adjustment = new
        let reached = Set(new.statesReached(since: old))
        if old == nil, let draw { openingEpisode = EpisodeRecord(new, policy: policy, draw: draw, triggers: triggers) }
        if reached.contains(.settling) {
            change = PastChange(
                time: now, knob: new.knob.name, role: new.knob.role, from: new.candidate.from, to: new.candidate.to)
            if new.knob.role == .replicas, let count = new.candidate.to.wholeNumber {
                replicaRecommendation = ReplicaRecommendation(time: now, replicas: count)
            }
        }
        undoesChange = reached.contains(.rolledBack)
        cool(reached, new, policy, triggers)
        // What was found on a target has no episode, nor what was planned, which is no experiment; what an operator takes back later was closed when it was kept.
        let wasFinal = old?.history.contains { $0.state.isFinal } ?? false
        if reached.contains(where: \.isFinal), !wasFinal, new.kind != .adopted, new.kind != .planned {
            closingEpisode = EpisodeClosure(new, at: now)
        }
        infeasible = InfeasibleChange(new, reached, past: past.last { $0.isOf(new) }, now: now)
    }

    private mutating func cool(
        _ reached: Set<AdjustmentState>, _ adjustment: Adjustment, _ policy: Policy, _ triggers: [String: TriggerState]
    ) {
        let begun =
            reached.contains(.settling) || reached.contains(.probation) || (adjustment.kind == .holdout && reached.contains(.observing))
        let undone = reached.contains(.rolledBack)
        guard begun || undone else { return }
        var cooled = triggers
        for trigger in policy.triggers where adjustment.triggers.contains(trigger.name) {
            var state = cooled[trigger.name] ?? TriggerState()
            if begun { state.cool(trigger, because: .adjusted, at: time) }
            if undone { state.cool(trigger, because: .rolledBack, at: time) }
            cooled[trigger.name] = state
        }
        self.triggers = cooled
    }
}

extension InfeasibleChange {
    /// How long a change that did not work is not tried again.
    static let memory = Duration.seconds(3_600)
    /// How long one at most that could not be measured again and again.
    static let longestMemory = Duration.seconds(86_400)

    /// How far ahead of now it may lie.
    var longest: Duration { unmeasured == nil ? Self.memory : Self.longestMemory }

    func isOf(_ adjustment: Adjustment) -> Bool { knob == adjustment.knob.name && to.isSame(as: adjustment.candidate.to) }

    /// What is to be remembered of a change that the target would not take or could not carry, or that was taken back because it did not
    /// help, or could not be measured time after time, or that an operator did not want; `nil` for other ends.
    /// - Parameter past: What is remembered of the same change.
    init?(_ adjustment: Adjustment, _ reached: Set<AdjustmentState>, past: InfeasibleChange?, now: Timestamp) {
        // It gave way to what the plan asked for, and says nothing of itself.
        guard adjustment.gaveWay != true else { return nil }
        // Groups that were made and could not be compared tell nothing of what was to be tried on them.
        let wasCompared = adjustment.kind == .tuned && adjustment.trial?.course != nil
        let wasRefused = reached.contains(.failed) && adjustment.kind != .adopted && !wasCompared
        let rolloutFailed =
            reached.contains(.rollingBack) && adjustment.reached(.observing) == nil
            && adjustment.verdict != nil && adjustment.verdict != .superseded && !wasCompared
        // What proved nothing may be worth another trial: the tuner remembers what it showed.
        let tellsEnough: [Verdict] = adjustment.kind == .tuned ? [.worsened] : [.worsened, .inconclusive]
        let didNotHelp = reached.contains(.rolledBack) && adjustment.verdict.map(tellsEnough.contains) ?? false
        // What an operator did not want is not asked for again at once, nor what nobody answered to.
        let wasRejected = reached.contains(.rejected)
        // The next plan would ask for it again.
        let wasTakenBackByHand = reached.contains(.rolledBack) && adjustment.kind == .planned
        let hour = wasRefused || rolloutFailed || didNotHelp || wasRejected || wasTakenBackByHand ? Self.memory : .zero
        self.init(knob: adjustment.knob.name, to: adjustment.candidate.to, until: now.advanced(by: hour), reason: adjustment.reason)
        guard adjustment.verdict == .unmeasured, adjustment.kind == .decided else {
            // What was measured after all is counted no further.
            let isMeasured = past?.unmeasured != nil && adjustment.state.isFinal
            if hour > .zero || isMeasured { return }
            return nil
        }
        guard reached.contains(.rolledBack) || reached.contains(.failed) else {
            unmeasured = past?.unmeasured
            if hour > .zero { return }
            return nil
        }
        let times = (past?.unmeasured ?? 0) + 1
        unmeasured = times
        until = now.advanced(by: max(adjustment.reached(.observing) == nil ? Self.memory : .zero, Self.memory(unmeasured: times)))
    }

    /// None after the first time, which may be chance; an hour after the second, and twice as long with each further one, at most a day.
    private static func memory(unmeasured times: Int) -> Duration {
        times < 2 ? .zero : min(memory * (1 << min(times - 2, 10)), longestMemory)
    }
}

extension EpisodeRecord {
    fileprivate init(_ adjustment: Adjustment, policy: Policy, draw: ActionDraw, triggers: [String: TriggerState]) {
        let mode: Mode = adjustment.kind == .holdout ? .holdout : adjustment.trial == nil ? .temporal : .canary
        self.init(
            id: adjustment.id, deployment: adjustment.target, decidedAt: adjustment.proposedAt, mode: mode, propensities: draw.propensities)
        isUrgent = draw.isUrgent
        canaryReplicas = adjustment.trial?.podsPerGroup ?? 0
        controlReplicas = adjustment.trial?.podsPerGroup ?? 0
        seed = draw.seed
        trigger = adjustment.triggers.first
        from = [adjustment.knob.name: adjustment.candidate.from]
        to = [adjustment.knob.name: adjustment.candidate.to]
        policyVersion = policy.name
        let asking = policy.triggers.first { adjustment.triggers.contains($0.name) }
        let blocks = BlocksBefore(adjustment.before, trigger: asking, decidedAt: adjustment.proposedAt)
        before = EpisodeWindow(blocks.baseline)
        triggerOutcomes = EpisodeWindow(blocks.fired).outcomes
    }
}

extension EpisodeClosure {
    fileprivate init(_ adjustment: Adjustment, at now: Timestamp) {
        self.init(
            time: now, verdict: adjustment.verdict ?? (adjustment.state == .superseded ? .superseded : .unmeasured),
            stopReason: adjustment.reason, after: EpisodeWindow(adjustment.after))
        settle = adjustment.terms.settle
        requestCount = adjustment.after.reduce(0) { $0 + $1.requests }
        if let first = adjustment.after.first, let last = adjustment.after.last {
            window = last.start.since(first.start).duration + last.length
        }
        // A judgement of an operator or a rollout that failed says nothing of the steady effect.
        // On probation, after a canary, everything is compared with the time before: that is not what the canary found.
        let finding = adjustment.trial == nil ? adjustment.finding : adjustment.trial?.course?.finding
        quality = finding?.verdict == nil ? 0 : 1
        effect = finding?.clearestEffect
        contrasts = adjustment.trial?.contrasts ?? [:]
        contamination = ContaminationCheck(adjustment, closedAt: now).findings
        if adjustment.state == .superseded { contamination.insert(.otherChange) }
    }
}

extension EpisodeWindow {
    /// Means over blocks, weighted by the requests in them.
    fileprivate init(_ blocks: [LatencyBlock]) {
        self.init()
        let seconds = blocks.reduce(0.0) { $0 + $1.length.inSeconds }
        let requests = blocks.reduce(0) { $0 + $1.requests }
        if seconds > 0 { conditions.arrivalRate = Double(requests) / seconds }
        conditions.trend = Self.trend(blocks)
        conditions.inputTokens = Self.mean(blocks) { block in block.inputTokens.map { ($0, Double(block.requests)) } }
        conditions.outputTokens = Self.mean(blocks) { block in block.outputTokens.map { ($0, Double(block.requests)) } }
        outcomes.timeToFirstToken = Self.mean(blocks) { $0.logTimeToFirstToken.map { ($0.mean, Double($0.count)) } }
        outcomes.timePerOutputToken = Self.mean(blocks) { $0.logTimePerOutputToken.map { ($0.mean, Double($0.count)) } }
    }

    /// Logarithm of the requests in the later half of the blocks over those in the earlier half, each with one added.
    private static func trend(_ blocks: [LatencyBlock]) -> Double? {
        guard blocks.count >= 2 else { return nil }
        let half = blocks.count / 2
        let (earlier, later) = (blocks.prefix(half).reduce(0) { $0 + $1.requests }, blocks.suffix(half).reduce(0) { $0 + $1.requests })
        return naturalLogarithm(Double(later + 1) / Double(earlier + 1))
    }

    private static func mean(_ blocks: [LatencyBlock], _ value: (LatencyBlock) -> (value: Double, weight: Double)?) -> Double? {
        let known = blocks.compactMap(value).filter { $0.value.isFinite && $0.weight > 0 }
        let weight = known.reduce(0) { $0 + $1.weight }
        return weight > 0 ? known.reduce(0) { $0 + $1.value * $1.weight } / weight : nil
    }
}
