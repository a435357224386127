import Learning
import Measurements
import Policies
import Scaling
import Statistics

/// Turns the plan of a snapshot into a change of replicas that may be made now, or says why there is none.
struct PlannedScaling {
    let policy: Policy
    let knob: Knob
    let snapshot: Snapshot
    let estimator: any EffectEstimator
    let utility: UtilityModel
    let gaps: [ObjectiveGap]

    enum Outcome {
        case change(Recommendation)
        /// What is asked for runs already.
        case nothing
        case excluded(ExcludedCandidate)
        /// There is no plan.
        case held
    }

    /// A dry run knows nothing of what came period by period.
    static let dryRun = "no plan: replicas are planned by a running controller (run, cycle) from what comes, period by period"

    var sentence: String { "\(knob.name): \(snapshot.plan?.explanation ?? Self.dryRun)" }

    func outcome() -> Outcome {
        guard case .planned(let plan)? = snapshot.plan, case .range(let minimum, let maximum, _) = knob.domain else { return .held }
        guard let current = snapshot.state.values[knob.name], let running = current.value.wholeNumber else { return .held }
        let wanted = min(max(plan.replicas, minimum), maximum)
        guard wanted != running else { return .nothing }
        if let owner = snapshot.state.foreignOwners[knob.name] {
            return exclude(running, wanted, .ownedByAnother, "\(owner) sets \(knob.name); two controllers of one setting fight")
        }
        let feasible = feasible(wanted, from: running)
        guard feasible.replicas != running else { return exclude(running, wanted, .infeasible, feasible.reason ?? "") }
        let limited = ReplicaLimiter(
            behavior: policy.behavior, minimum: minimum, maximum: maximum, recommendations: snapshot.history.replicaRecommendations,
            changes: snapshot.history.changes
        ).limit(desired: feasible.replicas, current: running, now: snapshot.time)
        guard limited.replicas != running else {
            let reason: ExcludedCandidate.Reason = if case .stabilizationWindow? = limited.limit { .stabilization } else { .rateLimit }
            return exclude(running, wanted, reason, Self.words(limited.limit))
        }
        let candidate = candidate(from: current.value, running, to: limited.replicas)
        let budgets = ChangeLimits(
            budgets: policy.budgets, changes: snapshot.history.changes, now: snapshot.time, replicas: running)
        if let exhausted = budgets.exhausted(by: candidate) { return exclude(running, wanted, .budget, exhausted) }
        return .change(recommendation(candidate, plan, limitedBy: limited.replicas == plan.replicas ? nil : limit(plan, limited, feasible)))
    }

    // MARK: Limits

    /// What did not work a while ago bounds what is tried now: who has no room for eight has none for nine.
    private func feasible(_ wanted: Int, from running: Int) -> (replicas: Int, reason: String?) {
        var result: (replicas: Int, reason: String?) = (wanted, nil)
        for past in snapshot.history.infeasible where past.knob == knob.name && past.until > snapshot.time {
            guard let bound = past.to.wholeNumber else { continue }
            let reason = "\(knob.name) \(bound) did not work a while ago: \(past.reason)"
            if bound > running, result.replicas >= bound { result = (bound - 1, reason) }
            if bound < running, result.replicas <= bound { result = (bound + 1, reason) }
        }
        return result
    }

    private func limit(
        _ plan: ReplicaPlan, _ limited: ReplicaLimiter.Limited, _ feasible: (replicas: Int, reason: String?)
    ) -> String {
        if limited.limit != nil { return Self.words(limited.limit) }
        return feasible.reason ?? "'min' and 'max' of the policy allow no \(plan.replicas)"
    }

    private static func words(_ limit: ReplicaLimiter.Limited.Limit?) -> String {
        switch limit {
        case .stabilizationWindow(let window):
            "within the last \(FigureText.duration(window)) another number of replicas was asked for (stabilization window)"
        case .bounds: "'min' and 'max' of the policy allow no more"
        case .rate, nil: "behavior's policies allow no further change of replicas in this period"
        }
    }

    private func exclude(_ running: Int, _ wanted: Int, _ reason: ExcludedCandidate.Reason, _ why: String) -> Outcome {
        .excluded(
            ExcludedCandidate(knob: knob.name, from: .integer(running), to: .integer(wanted), reason: reason, explanation: why))
    }

    // MARK: Words

    private func candidate(from value: KnobValue, _ running: Int, to replicas: Int) -> Candidate {
        Candidate(knob: knob.name, role: knob.role, from: value, to: .integer(replicas), step: replicas > running ? 1 : -1)
    }

    private func recommendation(_ candidate: Candidate, _ plan: ReplicaPlan, limitedBy limit: String?) -> Recommendation {
        let effect = estimator.effect(of: candidate, in: OperatingPoint(snapshot, policy: policy))
        let aim: Learning.Outcome = candidate.step > 0 ? .timePerOutputToken : .cost
        let held = limit.map { " Of these, \(candidate.to) now: \($0)." } ?? ""
        return Recommendation(
            candidate: candidate, category: .scaling, effect: effect, utility: utility.utility(of: effect, gaps: gaps, aim: aim),
            triggers: [], rules: [], rationale: "\(plan.description).\(held)",
            rollback: "The plan takes it back by itself when demand says so; set \(candidate.knob) to \(candidate.from) by hand to undo it."
        )
    }
}
