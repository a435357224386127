import FoundationEssentials
import Learning
import Measurements
import Policies

/// The journal could not be read or written.
struct JournalFailure: Error {
    let explanation: String

    init(_ error: any Error) { explanation = "\(error)" }
}

extension PolicyLoop {
    /// How far back the past limits the present: the longest window of budgets and behavior, and a day.
    private static let reach = Duration.seconds(86_400)

    func remember(at now: Timestamp) throws(JournalFailure) -> ControlMemory {
        let budgets = [policy.budgets.adjustments, policy.budgets.podRestarts, policy.budgets.reversals].compactMap { $0?.window }
        let since = now.advanced(by: .zero - (budgets + [Self.reach]).max()!)
        var memory: ControlMemory
        do {
            memory = try ports.journal.memory(of: policy.name, target: target, since: since)
            memory.history.learned = try ports.journal.learned(of: target, at: now)
        } catch {
            throw JournalFailure(error)
        }
        // What lies further ahead than it ever does was written before the clock was set back.
        memory.history.infeasible.removeAll { $0.until > now.advanced(by: $0.longest + AdjustmentStepper.longestPause) }
        let clamped = memory.history.triggers.clamped(to: policy.triggers, at: now)
        if clamped != memory.history.triggers {
            memory.history.triggers = clamped
            // Kept at once: clamped anew at every tick, a quiet time would never end.
            var entry = JournalEntry(policy: policy.name, time: now)
            entry.triggers = clamped
            try commit(entry)
        }
        return memory
    }

    func commit(_ entry: JournalEntry) throws(JournalFailure) {
        guard !entry.isEmpty else { return }
        do {
            try ports.journal.commit(entry)
        } catch {
            throw JournalFailure(error)
        }
    }

    /// Requests of operators that concern an adjustment, oldest first.
    func requests(for adjustment: UUID) throws(JournalFailure) -> [(id: UUID, request: AdjustmentView.Request)] {
        try operatorRequests().compactMap { request in request.action.concerning(adjustment).map { (request.id, $0) } }
    }

    /// Keeps trigger states where they changed, and the cycle where it is worth telling of.
    func note(_ decision: Decision, _ look: Look, _ memory: ControlMemory, _ report: inout Report) throws(JournalFailure) {
        var entry = JournalEntry(policy: policy.name, time: look.now)
        // The open adjustment may have started quiet times in this very tick; they are not to be overwritten.
        let current = report.adjustment == nil ? memory.history.triggers : try remember(at: look.now).history.triggers
        let merged = decision.nextTriggers.merging(current) { next, stored in next.keepingCooldown(of: stored) }
        if merged != current { entry.triggers = merged }
        if recorder.isWorthKeeping(decision, at: look.now) { entry.cycle = report.cycle } else { report.cycle = nil }
        try commit(entry)
        announceTriggers(decision, memory, at: look.now)
    }

    func announceTriggers(_ decision: Decision, _ memory: ControlMemory, at now: Timestamp) {
        for trigger in decision.triggers where trigger.outcome.isFiring && memory.history.triggers[trigger.name]?.firingSince == nil {
            announce(.triggerFired, trigger.sentence, at: now)
        }
    }
}

extension [String: TriggerState] {
    /// No quiet time lasts longer from now than the policy says: the clock was set back, or the policy made shorter.
    func clamped(to triggers: [Trigger], at now: Timestamp) -> Self {
        var clamped = self
        for trigger in triggers {
            guard let cooldown = self[trigger.name]?.cooldown else { continue }
            let length = cooldown.reason == .adjusted ? trigger.cooldown : Swift.max(trigger.cooldown, trigger.cooldownAfterRollback)
            let latest = now.advanced(by: length)
            if cooldown.until > latest { clamped[trigger.name]?.cooldown?.until = latest }
        }
        return clamped
    }
}

extension TriggerState {
    func keepingCooldown(of stored: TriggerState) -> TriggerState {
        guard let theirs = stored.cooldown, cooldown.map({ theirs.until > $0.until }) ?? true else { return self }
        var kept = self
        kept.cooldown = theirs
        return kept
    }
}

extension OperatorRequest.Action {
    fileprivate func concerning(_ id: UUID) -> AdjustmentView.Request? {
        switch self {
        case .approve(let adjustment): adjustment == id ? .approve : nil
        case .reject(let adjustment): adjustment == id ? .reject : nil
        case .rollback(let adjustment): adjustment == id ? .rollback : nil
        case .pause, .resume: nil
        }
    }
}

/// Which decisions are worth a place in the store: new ones, and a steady one once an hour.
struct CycleRecorder: Sendable {
    private var last: (key: String, time: Timestamp)?
    private var lastRefusal: (refusal: String, knob: String, to: KnobValue)?
    private static let repetition = Duration.seconds(3_600)

    mutating func isWorthKeeping(_ decision: Decision, at now: Timestamp) -> Bool {
        guard decision.outcome == .recommend || decision.outcome == .hold else {
            last = nil
            return false
        }
        let key =
            decision.outcome.rawValue + decision.recommendations.map { "\($0.candidate.knob)=\($0.candidate.to)" }.joined(separator: " ")
        if let last, last.key == key, now.since(last.time).duration < Self.repetition { return false }
        last = (key, now)
        return true
    }

    /// Whether a refusal differs from the last one: the same news every tick is none.
    mutating func isNews(_ refusal: ActingRefusal, _ wish: Candidate) -> Bool {
        let kind = "\(refusal)".prefix { $0 != "(" }
        if let last = lastRefusal, last.refusal == kind, last.knob == wish.knob, last.to.isSame(as: wish.to) { return false }
        lastRefusal = (String(kind), wish.knob, wish.to)
        return true
    }
}
