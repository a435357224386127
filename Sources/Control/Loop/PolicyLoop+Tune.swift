import FoundationEssentials
import Learning
import Measurements
import Policies
import Tuning
import Verification

extension PolicyLoop {
    // MARK: Tuning

    /// Lets the tuner take in what came and what ended, and draw what is tried next; `nil` where the policy tunes nothing.
    func tuneKnobs(_ snapshot: Snapshot, _ look: Look, _ memory: ControlMemory) -> TuningStep? {
        guard policy.tune != nil else { return nil }
        do {
            var state = try tuning ?? begunTuning(at: look.now)
            state.tuning.count(blocks.blocks, at: look.now)
            if state.mayHaveEnded, try learnTrials(&state, at: look.now) { keep(&state, at: look.now) }
            defer { tuning = state }
            return state.tuning.step(view(snapshot, look, memory), policy: policy)
        } catch {
            return .held(.journalFailed("\(error)"))
        }
    }

    private func view(_ snapshot: Snapshot, _ look: Look, _ memory: ControlMemory) -> KnobTuning.View {
        let reports = ObjectiveAssessment(policy: policy, readings: RecordedReadings(snapshot.readings)).reports(snapshot)
        let seconds = baseline.reduce(0.0) { $0 + $1.length.inSeconds }
        let requests = baseline.reduce(0) { $0 + $1.requests }
        return KnobTuning.View(
            now: look.now, state: snapshot.state, readyReplicas: look.observation?.readyCount(policy), identity: look.observation?.identity,
            isUrgent: reports.contains { $0.isMissedByHalf }, hasOpenAdjustment: memory.open != nil,
            requestsPerSecond: seconds > 0 ? Double(requests) / seconds : nil, infeasible: memory.history.infeasible)
    }

    /// A tuner that goes on where the stored one ended, or begins anew and says why; what the journal still has of trials it learns then.
    private func begunTuning(at now: Timestamp) throws -> TuningState {
        guard let stored = try ports.journal.tuner(of: policy.name, target: target) else {
            return TuningState(KnobTuning(policy, target: target), keptAt: now)
        }
        do throws(StoredPlanner.Unusable) {
            return TuningState(KnobTuning(policy, target: target, memory: try stored.memory()), keptAt: now)
        } catch {
            announce(.tuningBegunAnew, "tuning begins anew, for what was learned before cannot be used: \(error)", at: now)
            return TuningState(KnobTuning(policy, target: target), keptAt: now)
        }
    }

    private func learnTrials(_ state: inout TuningState, at now: Timestamp) throws -> Bool {
        let since = now.advanced(by: .zero - TunerMemory.horizon)
        let finished = try ports.journal.finishedTrials(of: policy.name, target: target, since: since)
        state.mayHaveEnded = false
        return state.tuning.learn(finished, at: now)
    }

    /// Notes that an adjustment may have ended, so that the next tick asks the journal.
    func noteEnd(of adjustment: Adjustment?) {
        if let adjustment, !adjustment.isOpen { tuning?.mayHaveEnded = true }
    }

    /// Keeps what the tuner learned, now and then; a journal that fails is tried again a minute later.
    func keepTuner(at now: Timestamp, isEnd: Bool = false) {
        guard var state = tuning, isEnd || now.since(state.keptAt).duration >= TuningState.keepingInterval else { return }
        keep(&state, at: now)
        tuning = state
    }

    private func keep(_ state: inout TuningState, at now: Timestamp) {
        guard ports.leadership.term() != nil else { return }
        do {
            try ports.journal.keep(try StoredTuner(state.tuning.memory, at: now), of: policy.name, target: target)
            state.keptAt = now
        } catch {
            state.keptAt = now.advanced(by: TuningState.pauseAfterFailure - TuningState.keepingInterval)
            tell(.journalFailed, "what the tuner learned could not be kept: \(error)", cause: "tuner: \(error)", at: now)
        }
    }

    // MARK: Acting

    /// Begins what was drawn, or says why not.
    func carryTuning(
        _ wish: Candidate, _ draw: TuningDraw, _ decision: Decision, _ look: Look, _ memory: ControlMemory, _ report: inout Report
    ) async throws(JournalFailure) {
        let closed = try refusalBySchedule(decision, memory)
        let refusal = closed ?? refusalToAct(policy, memory, sight: look.sight, fleet: ports.fleet.count, blocks: baseline)
        if let refusal { return try refuseTuning(refusal, wish, decision, look, memory, &report) }
        guard ports.leadership.term() != nil else {
            report.problems.append("another controller leads")
            return try note(decision, look, memory, &report)
        }
        var new = adjustment(wish, draw, decision, look, report.cycle?.id)
        if new.kind == .tuned {
            switch await planTrial(of: new, isUrgent: false, look) {
            case .first(let trial): new.trial = trial
            case .everywhere:
                return try refuseTuning(
                    .noCanary("its target has no replicas that could be changed apart"), wish, decision, look, memory, &report)
            case .refused(let refusal): return try refuseTuning(refusal, wish, decision, look, memory, &report)
            case .infeasible(let refusal, let why):
                var entry = JournalEntry(policy: policy.name, time: look.now)
                entry.infeasible = InfeasibleChange(
                    knob: wish.knob, to: wish.to, until: look.now.advanced(by: InfeasibleChange.memory), reason: why)
                try commit(entry)
                return try refuseTuning(refusal, wish, decision, look, memory, &report)
            }
        }
        tuning?.tuning.begin(at: look.now)
        keepTuner(at: look.now, isEnd: true)
        report.adjustment = try await begin(
            new, draw: ActionDraw(draw, grid: policy.tuningGrid), look, memory, decision, cycle: report.cycle)
    }

    private func refuseTuning(
        _ refusal: ActingRefusal, _ wish: Candidate, _ decision: Decision, _ look: Look, _ memory: ControlMemory, _ report: inout Report
    ) throws(JournalFailure) {
        report.refusal = refusal
        announceRefusal(refusal, wish, decision, at: look.now)
        try note(decision, look, memory, &report)
    }

    private func adjustment(_ wish: Candidate, _ draw: TuningDraw, _ decision: Decision, _ look: Look, _ cycle: UUID?) -> Adjustment {
        let knob = policy.knobs.first { $0.name == wish.knob }!  // What is drawn is one of the policy's knobs.
        let hoped = draw.options.first { $0.configuration == draw.choice }.map { $0.effect.logRatio - $0.effect.deviation }
        var terms = Adjustment.Terms(policy, verification: policy.tuningPlan(decision.objectives))
        // Nothing stays that was not proved.
        terms.onInconclusive = .revert
        return Adjustment(
            id: ports.makeIdentifier(), policy: policy.name, target: target, identity: look.observation?.identity, candidate: wish,
            knob: knob,
            kind: wish.step == 0 ? .holdout : .tuned, cycle: cycle, triggers: [], terms: terms,
            before: baseline,
            tuning: TuningContext(
                configuration: draw.incumbent, objective: CompositeObjective(policy.tune?.objective ?? .init()), isUrgent: draw.isUrgent,
                hopedEffect: hoped),
            proposedAt: look.now,
            reason: decision.recommendations.first { $0.candidate == wish }?.rationale ?? decision.tuning?.sentence ?? "it was drawn")
    }
}

extension TargetObservation {
    /// Replicas that serve; `nil` where the target does not tell.
    fileprivate func readyCount(_ policy: Policy) -> Int? {
        readyReplicas ?? (rollout == .settled ? replicas(policy).flatMap { Int(exactly: $0) } : nil)
    }
}

/// A tuner at work, when what it learned was last kept, and whether there may be something to learn.
struct TuningState: Sendable {
    var tuning: KnobTuning
    var keptAt: Timestamp
    /// After a start the journal may know of what was never learned.
    var mayHaveEnded = true

    static let keepingInterval = Duration.seconds(600)
    static let pauseAfterFailure = Duration.seconds(60)

    init(_ tuning: KnobTuning, keptAt: Timestamp) {
        self.tuning = tuning
        self.keptAt = keptAt
    }
}
