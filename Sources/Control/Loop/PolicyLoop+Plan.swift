import FoundationEssentials
import Learning
import Measurements
import Policies
import Scaling
import Verification

extension PolicyLoop {
    // MARK: Planning

    /// Lets the planner take in what came; `nil` where the policy plans nothing.
    func planReplicas(_ load: ServiceLoad?, _ observation: TargetObservation?, at now: Timestamp) -> ReplicaPlanStep? {
        guard let knob = policy.plannedKnob, let terms = knob.plan else { return nil }
        do throws(PlanRefusal) {
            if planning == nil {
                planning = PlanningState(try begunPlanning(knob, try PlannerSettings(policy, terms), at: now), keptAt: now)
            }
            return planning?.planning.step(load, observation, at: now)
        } catch {
            return .held(error.hold)
        }
    }

    /// A planner that goes on where the stored one ended, or begins anew and says why.
    private func begunPlanning(_ knob: Knob, _ settings: PlannerSettings, at now: Timestamp) throws(PlanRefusal) -> ReplicaPlanning {
        let stored: StoredPlanner?
        do {
            stored = try ports.journal.planner(of: policy.name, target: target)
        } catch {
            throw PlanRefusal(hold: .journalFailed("\(error)"))
        }
        guard let stored else { return ReplicaPlanning(policy, knob, settings: settings) }
        do throws(StoredPlanner.Unusable) {
            return ReplicaPlanning(policy, knob, settings: settings, planner: try stored.planner(under: settings))
        } catch {
            announce(.planBegunAnew, "planning \(knob.name) begins anew, for what was learned before cannot be used: \(error)", at: now)
            return ReplicaPlanning(policy, knob, settings: settings)
        }
    }

    /// Keeps what the planner learned, now and then; a journal that fails is tried again a minute later.
    func keepPlanner(at now: Timestamp, isEnd: Bool = false) {
        guard var state = planning, state.planning.hasLearned, ports.leadership.term() != nil,
            isEnd || now.since(state.keptAt).duration >= PlanningState.keepingInterval
        else { return }
        do {
            try ports.journal.keep(try StoredPlanner(state.planning.planner, at: now), of: policy.name, target: target)
            state.keptAt = now
        } catch {
            state.keptAt = now.advanced(by: PlanningState.pauseAfterFailure - PlanningState.keepingInterval)
            tell(.journalFailed, "what the planner learned could not be kept: \(error)", cause: "planner: \(error)", at: now)
        }
        planning = state
    }

    /// Keeps what a restart is to go on with. Begins nothing.
    public func close() {
        keepPlanner(at: ports.clock.steady, isEnd: true)
        keepTuner(at: ports.clock.steady, isEnd: true)
    }

    // MARK: Acting

    /// The planned change, where the decision has one.
    func plannedChange(_ decision: Decision) -> Recommendation? {
        decision.recommendations.first { $0.candidate.knob == policy.plannedKnob?.name }
    }

    /// More replicas than run, where the decision plans them; a sentence.
    func demand(_ decision: Decision) -> String? {
        guard let more = plannedChange(decision)?.candidate, more.step > 0 else { return nil }
        return "the plan asks for \(more.to) replicas, and \(more.from) run"
    }

    /// Begins the planned change, or says why not.
    func carryPlan(
        _ wish: Recommendation, _ decision: Decision, _ look: Look, _ memory: ControlMemory, _ report: inout Report
    ) async throws(JournalFailure) {
        let closed = try refusalBySchedule(decision, memory)
        if let refusal = closed ?? refusalToPlan(wish, look, memory) {
            report.refusal = refusal
            announceRefusal(refusal, wish.candidate, decision, at: look.now)
            return try note(decision, look, memory, &report)
        }
        guard ports.leadership.term() != nil else {
            report.problems.append("another controller leads")
            return try note(decision, look, memory, &report)
        }
        report.adjustment = try await begin(
            adjustment(wish, look, report.cycle?.id), draw: nil, look, memory, decision, cycle: report.cycle)
    }

    /// Lets a newer plan take the place of one that is still coming or still waits for approval.
    /// - Returns: Whether it began.
    func planGoesOn(
        _ decision: Decision, _ look: Look, _ memory: ControlMemory, _ report: inout Report
    ) async throws(JournalFailure) -> Bool {
        guard let open = report.adjustment, open.kind == .planned, let wanted = wantedInstead(of: open, decision, look) else {
            return false
        }
        guard ports.leadership.term() != nil else { return false }
        let wish = plannedChange(decision).flatMap { $0.candidate.from.isSame(as: open.candidate.to) ? $0 : nil }
        if open.state == .awaitingApproval {
            report.adjustment = try giveWay(open, to: wanted, decision, look)
            return false
        }
        guard let wish, try refusalBySchedule(decision, memory) == nil, refusalToPlan(wish, look, memory) == nil else { return false }
        if open.isOpen { report.adjustment = try giveWay(open, to: wanted, decision, look) }
        report.adjustment = try await begin(
            adjustment(wish, look, report.cycle?.id), draw: nil, look, memory, decision, cycle: report.cycle)
        return true
    }

    /// What the plan asks for by now, where that is not what the adjustment is about to bring.
    private func wantedInstead(of open: Adjustment, _ decision: Decision, _ look: Look) -> KnobValue? {
        guard case .planned(let plan)? = look.plan else { return nil }
        let from = open.candidate.from.wholeNumber ?? 0
        switch open.state {
        case .awaitingApproval:
            // Another number of the same direction may wait; what nobody wants any more may not.
            return (plan.replicas - from).signum() == open.candidate.step ? nil : .integer(plan.replicas)
        case .settling, .kept: return plannedChange(decision)?.candidate.to
        default: return nil
        }
    }

    private func giveWay(
        _ open: Adjustment, to replicas: KnobValue, _ decision: Decision, _ look: Look
    ) throws(JournalFailure) -> Adjustment {
        let step = open.givingWay(to: replicas, at: look.now)
        try commit(JournalEntry(from: open, to: step.adjustment, policy: policy, triggers: decision.nextTriggers, draw: nil, now: look.now))
        for event in step.events { ports.announcer.announce(event) }
        return step.adjustment
    }

    private func refusalToPlan(_ wish: Recommendation, _ look: Look, _ memory: ControlMemory) -> ActingRefusal? {
        refusalToScale(policy, memory, sight: look.sight, fleet: ports.fleet.count, isMore: wish.candidate.step > 0)
    }

    private func adjustment(_ wish: Recommendation, _ look: Look, _ cycle: UUID?) -> Adjustment {
        let knob = policy.knobs.first { $0.name == wish.candidate.knob }!  // A candidate is of one of the policy's knobs.
        var terms = Adjustment.Terms(policy, verification: VerificationPlan(policy))
        // Engines that start slowly are given their time.
        if let plan = knob.plan { terms.progressDeadline = max(terms.progressDeadline, plan.startup * 3) }
        return Adjustment(
            id: ports.makeIdentifier(), policy: policy.name, target: target, identity: look.observation?.identity,
            candidate: wish.candidate, knob: knob, kind: .planned, cycle: cycle, triggers: [], terms: terms, before: [],
            proposedAt: look.now, reason: wish.rationale)
    }
}

/// A planner at work, and when what it learned was last kept.
struct PlanningState: Sendable {
    var planning: ReplicaPlanning
    var keptAt: Timestamp

    static let keepingInterval = Duration.seconds(600)
    static let pauseAfterFailure = Duration.seconds(60)

    init(_ planning: ReplicaPlanning, keptAt: Timestamp) {
        self.planning = planning
        self.keptAt = keptAt
    }
}
