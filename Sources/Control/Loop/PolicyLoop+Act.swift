public import FoundationEssentials
import Learning
import Measurements
import Policies
import Verification

extension PolicyLoop {
    // MARK: Beginning

    /// Begins the best change that may be made, or says why none is.
    func act(
        _ decision: Decision, _ forced: ForcedChange?, _ look: Look, _ memory: ControlMemory, _ report: inout Report
    ) async throws(JournalFailure) {
        if forced == nil, let wish = plannedChange(decision) { return try await carryPlan(wish, decision, look, memory, &report) }
        if forced == nil, let wish = decision.tuning?.proposal, case .drawn(let draw)? = report.cycle?.snapshot.tuning {
            return try await carryTuning(wish, draw, decision, look, memory, &report)
        }
        let closed = forced == nil ? try refusalBySchedule(decision, memory) : nil
        guard let wish = wish(decision, forced, look, &report) else { return try note(decision, look, memory, &report) }
        let refusal =
            forced == nil
            ? refusalToAct(policy, memory, sight: look.sight, fleet: ports.fleet.count, blocks: baseline) : refusalToForce(look)
        if let refusal = closed ?? refusal {
            report.refusal = refusal
            announceRefusal(refusal, wish, decision, at: look.now)
            return try note(decision, look, memory, &report)
        }
        guard ports.leadership.term() != nil else {
            report.problems.append("another controller leads")
            return try note(decision, look, memory, &report)
        }
        let id = ports.makeIdentifier()
        let draw = ActionDraw(
            wish, policy: policy, objectives: decision.objectives, seed: id.seed, isForced: forced != nil)
        var new = adjustment(id, wish, draw, forced != nil, look, decision, report.cycle?.id)
        switch await planTrial(of: new, isUrgent: draw.isUrgent && forced == nil, look) {
        case .everywhere: break
        case .first(let trial): new.trial = trial
        case .refused(let refusal):
            report.refusal = refusal
            announceRefusal(refusal, wish, decision, at: look.now)
            return try note(decision, look, memory, &report)
        case .infeasible(let refusal, let why):
            report.refusal = refusal
            announceRefusal(refusal, wish, decision, at: look.now)
            // Remembered, so that another change has its turn.
            var entry = JournalEntry(policy: policy.name, time: look.now)
            entry.infeasible = InfeasibleChange(
                knob: wish.knob, to: wish.to, until: look.now.advanced(by: InfeasibleChange.memory), reason: why)
            try commit(entry)
            return try note(decision, look, memory, &report)
        }
        report.adjustment = try await begin(new, draw: draw, look, memory, decision, cycle: report.cycle)
    }

    /// Whether the schedule keeps the policy from acting now; takes care of due times at which there was nothing to do.
    func refusalBySchedule(_ decision: Decision, _ memory: ControlMemory) throws(JournalFailure) -> ActingRefusal? {
        // An operator's cycle is its own time.
        guard ports.origin == .run else { return nil }
        let wall = ports.clock.wall
        var entry = JournalEntry(policy: policy.name, time: ports.clock.steady)
        entry.scheduleSeenThrough = wall
        switch ScheduleGate(policy.schedule, seenThrough: memory.scheduleSeenThrough, wall: wall) {
        case .open:
            if !policy.schedule.isEmpty, decision.outcome == .nothingToDo { try commit(entry) }
            return nil
        case .closed(let next): return .notScheduled(next: next)
        case .missed, .unknown:
            try commit(entry)
            return .notScheduled(next: nil)
        }
    }

    /// The change to be made: what an operator asks for, or the best recommendation.
    private func wish(_ decision: Decision, _ forced: ForcedChange?, _ look: Look, _ report: inout Report) -> Candidate? {
        guard let forced else { return decision.recommendations.first?.candidate }
        guard let knob = policy.knobs.first(where: { $0.name == forced.knob }), let current = look.observation?.values[knob.name]?.value
        else {
            report.problems.append("the value in force of '\(forced.knob)' is not known, so that it could not be taken back")
            return nil
        }
        guard !current.isSame(as: forced.value) else {
            report.problems.append("'\(forced.knob)' is \(current) already")
            return nil
        }
        let step = (forced.value.numeric ?? 0) >= (current.numeric ?? 0) ? 1 : -1
        return Candidate(knob: knob.name, role: knob.role, from: current, to: forced.value, step: step)
    }

    /// What an operator cannot force: a target that cannot be seen.
    private func refusalToForce(_ look: Look) -> ActingRefusal? {
        switch look.sight {
        case nil: .noTarget
        case .unseen(let why), .gone(let why): .targetUnseen(why)
        case .seen: nil
        }
    }

    func announceRefusal(_ refusal: ActingRefusal, _ wish: Candidate, _ decision: Decision, at now: Timestamp) {
        guard recorder.isNews(refusal, wish) else { return }
        let change = "\(wish.knob) from \(wish.from) to \(wish.to)"
        switch refusal {
        case .modeIsRecommend: announce(.recommendationMade, "recommended: change \(change)", at: now)
        case .breakerOpen: announce(.breakerOpened, "\(refusal.explanation); recommended: change \(change)", at: now)
        default: announce(.actingRefused, "would change \(change), but \(refusal.explanation)", at: now)
        }
    }

    private func adjustment(
        _ id: UUID, _ wish: Candidate, _ draw: ActionDraw, _ isForced: Bool, _ look: Look, _ decision: Decision, _ cycle: UUID?
    ) -> Adjustment {
        let knob = policy.knobs.first { $0.name == wish.knob }!  // A candidate is of one of the policy's knobs.
        var candidate = wish
        if draw.isHoldout {
            candidate.to = wish.from
            candidate.step = 0
        }
        let recommendation = isForced ? nil : decision.recommendations.first { $0.candidate == wish }
        let reason = recommendation?.rationale ?? "an operator forced it"
        return Adjustment(
            id: id, policy: policy.name, target: target, identity: look.observation?.identity, candidate: candidate, knob: knob,
            kind: draw.isHoldout ? .holdout : isForced ? .forced : .decided, cycle: cycle, triggers: recommendation?.triggers ?? [],
            terms: Adjustment.Terms(
                policy, verification: VerificationPlan(policy, prediction: recommendation?.effect, objectives: decision.objectives)),
            before: baseline, tuning: tuningContext(of: knob, look), proposedAt: look.now, reason: reason)
    }

    /// Of a tuned knob, so that the tuner learns from what others had tried.
    private func tuningContext(of knob: Knob, _ look: Look) -> TuningContext? {
        guard policy.tunedKnobs.contains(where: { $0.name == knob.name }) else { return nil }
        return TuningContext(policy, in: TargetState(look.observation, policy: policy))
    }

    /// Journals a new adjustment and takes its first step.
    func begin(
        _ new: Adjustment, draw: ActionDraw?, _ look: Look, _ memory: ControlMemory, _ decision: Decision, cycle: CycleRecord?
    ) async throws(JournalFailure) -> Adjustment {
        var entry = JournalEntry(
            from: nil, to: new, policy: policy, triggers: decision.nextTriggers, draw: draw, now: look.now)
        entry.triggers = decision.nextTriggers
        entry.cycle = cycle
        entry.openingEpisode?.before.conditions.readyReplicas = look.observation?.replicas(policy)
        // A holdout teaches of the change that was not made.
        let meant = new.kind == .holdout ? decision.recommendations.first?.candidate : new.candidate
        if let meant, let cycle { entry.openingEpisode?.predict(meant, from: cycle.snapshot, policy: policy) }
        if !policy.schedule.isEmpty, new.kind != .adopted { entry.scheduleSeenThrough = ports.clock.wall }
        // Without a cycle the text it is to be finished under is kept by itself.
        if cycle == nil { entry.policyText = policy }
        try commit(entry)
        announceTriggers(decision, memory, at: look.now)
        var memory = memory
        memory.history.triggers = decision.nextTriggers
        return try await carryOn(new, look, memory)
    }

    // MARK: Going on

    /// Takes one step of an open adjustment: look, journal, and only then do it; then journal how it went.
    func carryOn(
        _ open: Adjustment, _ look: Look, _ memory: ControlMemory, demand: String? = nil
    ) async throws(JournalFailure) -> Adjustment {
        // A controller that does not lead watches, and journals nothing that only the leader may do.
        guard ports.leadership.term() != nil else { return open }
        let requests = try requests(for: open.id)
        var view = AdjustmentView(
            now: look.now, sight: look.sight ?? .unseen("the policy has no target"), blocks: blocks.blocks,
            canary: await lookAtCanary(of: open, at: look.now), request: requests.last?.request,
            doubtsMeasurements: ports.fleet.count.isDoubtful)
        view.demand = demand
        view.load = tuning?.tuning.load(blocks.blocks, at: look.now)
        view.spending = tuning?.tuning.memory.spending(of: open, at: look.now)
        let step = open.step(view)
        var triggers = memory.history.triggers
        // What was asked while nothing could be seen is asked again at the next look.
        try record(step, from: open, &triggers, memory, look, answered: step.adjustment.hears(view) ? requests.map(\.id) : [])
        if let left = step.adjustment.leftGroups(at: look.now) {
            tell(.canaryLeft, left, cause: left, adjustment: open.id, at: look.now)
        }
        guard let effect = step.effect else { return step.adjustment }
        return try await carryOut(effect, of: step.adjustment, look, memory, &triggers)
    }

    private func carryOut(
        _ effect: AdjustmentStep.Effect, of adjustment: Adjustment, _ look: Look, _ memory: ControlMemory,
        _ triggers: inout [String: TriggerState]
    ) async throws(JournalFailure) -> Adjustment {
        guard let adjuster = ports.adjuster else { return adjustment }
        var failure: AdjusterError?
        do throws(AdjusterError) {
            guard let term = ports.leadership.term() else { throw .fenced("another controller leads") }
            switch effect {
            case .apply(let direction):
                let order = ChangeOrder(adjustment, direction, fence: term)
                if direction == .forward { try await adjuster.rehearse(order) }
                // Leadership is asked for again: the rehearsal took time.
                guard let term = ports.leadership.term(), term == order.fence else { throw .fenced("another controller leads") }
                try await adjuster.apply(order)
            case .canary(let action): try await carryOut(action, of: adjustment, fence: term)
            case .unmark: try await adjuster.unmark(adjustment.id, fence: term)
            }
        } catch {
            failure = error
        }
        if case .fenced(let why)? = failure {
            tell(.leadershipLost, "stopped before a side effect: \(why)", cause: why, adjustment: adjustment.id, at: look.now)
        }
        let settled = adjustment.settleEffect(effect, failure: failure, at: ports.clock.steady)
        try record(settled, from: adjustment, &triggers, memory, look, answered: [])
        guard settled.effect == .unmark else { return settled.adjustment }
        return try await carryOut(.unmark, of: settled.adjustment, look, memory, &triggers)
    }

    /// Takes the mark of a finished adjustment off the target, which an earlier attempt could not.
    func removeMark(of adjustment: UUID, _ look: Look) async {
        guard let adjuster = ports.adjuster, let term = ports.leadership.term() else { return }
        do throws(AdjusterError) {
            try await adjuster.unmark(adjustment, fence: term)
        } catch {
            // A mark that stays hinders nothing: the next tick tries again, and a new change overwrites it.
            tell(
                .targetUnreachable, "a finished mark is still on the target: \(error.explanation)",
                cause: "mark of \(adjustment): \(error.explanation)", adjustment: adjustment, at: look.now)
        }
    }

    private func record(
        _ step: AdjustmentStep, from old: Adjustment, _ triggers: inout [String: TriggerState], _ memory: ControlMemory, _ look: Look,
        answered: [UUID]
    ) throws(JournalFailure) {
        guard step.adjustment != old || !answered.isEmpty else { return }
        // While an operator thinks nothing happens that a restart would have to know.
        if old.state == .awaitingApproval, step.adjustment.state == old.state, answered.isEmpty { return }
        var entry = JournalEntry(
            from: old, to: step.adjustment, policy: policy, triggers: triggers, draw: nil, past: memory.history.infeasible, now: look.now)
        entry.answered = answered
        entry.closingEpisode?.after.conditions.readyReplicas = look.observation?.replicas(policy)
        try commit(entry)
        triggers = entry.triggers ?? triggers
        for event in step.events { ports.announcer.announce(event) }
        if let setAside = entry.infeasible, let times = setAside.unmeasured, setAside.until > look.now {
            announce(
                .actingRefused,
                "\(setAside.knob) = \(setAside.to) could not be measured \(times) times in a row, so it is not tried again for "
                    + "\(FigureText.duration(setAside.until.since(look.now).duration)): \(setAside.reason)",
                adjustment: old.id, at: look.now)
        }
    }
}

extension ChangeOrder {
    init(_ adjustment: Adjustment, _ direction: Direction, fence: FencingToken) {
        let candidate = direction == .forward ? adjustment.candidate : adjustment.candidate.inverse
        self.init(
            adjustment: adjustment.id, policy: adjustment.policy, direction: direction, knob: adjustment.knob, from: candidate.from,
            to: candidate.to, identity: adjustment.identity, fence: fence)
    }
}

extension UUID {
    /// Its first eight bytes, as the seed of a generator.
    var seed: UInt64 { withUnsafeBytes(of: uuid) { $0.loadUnaligned(as: UInt64.self) } }

    /// The first eight characters, which is what people type.
    public var shortText: String { String(uuidString.lowercased().prefix(8)) }
}
