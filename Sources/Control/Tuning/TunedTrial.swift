import Learning
import Measurements
import Policies
import Tuning
import Verification

/// Turns what was drawn into a trial that may be made now, or says why there is none.
struct TunedTrial {
    let policy: Policy
    let snapshot: Snapshot
    let estimator: any EffectEstimator
    let utility: UtilityModel
    let gaps: [ObjectiveGap]
    let objectives: [ObjectiveReport]

    /// A dry run has seen no trial.
    static let dryRun = "nothing is tried: knobs are tuned by a running controller (run, cycle)"

    /// What became of it.
    func report(isWanted: Bool) -> (report: TuningReport, recommendation: Recommendation?, excluded: ExcludedCandidate?) {
        var report = TuningReport(sentence: "tuning: \(snapshot.tuning?.explanation ?? Self.dryRun)")
        switch snapshot.tuning {
        case .drawn(let draw)? where isWanted: return take(draw, report)
        case .drawn?: report.sentence = "tuning: nothing is tried while something else is asked for"
        case .resting(let draw)?: report.explanation = explanation(draw)
        case .held?, nil: break
        }
        return (report, nil, nil)
    }

    private func take(
        _ draw: TuningDraw, _ report: TuningReport
    ) -> (report: TuningReport, recommendation: Recommendation?, excluded: ExcludedCandidate?) {
        var report = report
        report.explanation = explanation(draw)
        guard let candidate = candidate(draw) else { return (report, nil, nil) }
        guard draw.choice != nil else {
            report.proposal = candidate
            return (report, nil, nil)
        }
        let replicas = policy.knobs.first { $0.role == .replicas }.flatMap { snapshot.state.values[$0.name]?.value.wholeNumber }
        let limits = ChangeLimits(budgets: policy.budgets, changes: snapshot.history.changes, now: snapshot.time, replicas: replicas)
        if let exhausted = limits.exhausted(by: candidate) {
            return (
                report, nil,
                ExcludedCandidate(
                    knob: candidate.knob, from: candidate.from, to: candidate.to, reason: .budget, explanation: exhausted)
            )
        }
        report.proposal = candidate
        return (report, recommendation(candidate, draw, report), nil)
    }

    /// The change that was drawn; of a holdout the one that promised most, from its value to itself.
    private func candidate(_ draw: TuningDraw) -> Candidate? {
        let meant = draw.choice ?? draw.options.filter { $0.exclusion == nil }.max { $0.expectedFall < $1.expectedFall }?.configuration
        guard let meant, let name = meant.knobs(differingIn: draw.incumbent).first, let to = meant[name],
            let knob = policy.knobs.first(where: { $0.name == name }), let from = snapshot.state.values[name]?.value
        else { return nil }
        let step = policy.tuningGrid.steps(of: name, from: from, to: to)
        guard draw.choice != nil else { return Candidate(knob: name, role: knob.role, from: from, to: from, step: 0) }
        return Candidate(knob: name, role: knob.role, from: from, to: to, step: step.signum())
    }

    // MARK: Words

    private func explanation(_ draw: TuningDraw) -> TuningExplanation {
        let missed = objectives.filter { $0.met == false }.map(\.explanation)
        return TuningExplanation(
            draw, why: missed.isEmpty ? "no limit is known to be missed; less latency is worth having" : missed.joined(separator: "; "),
            replicasPerGroup: draw.forecast?.replicasPerGroup, objective: CompositeObjective(policy.tune?.objective ?? .init()),
            limits: policy.tuningLimits)
    }

    private func recommendation(_ candidate: Candidate, _ draw: TuningDraw, _ report: TuningReport) -> Recommendation {
        let effect = estimator.effect(of: candidate, in: OperatingPoint(snapshot, policy: policy))
        let option = draw.options.first { $0.configuration == draw.choice }
        let expected = option.map { option in
            let bounds = option.effect.interval90
            return " Expected of the objective: \(signedPercent(option.effect.relativeChange)) (90 % between "
                + "\(signedPercent(bounds.lowerBound)) and \(signedPercent(bounds.upperBound)))."
        }
        return Recommendation(
            candidate: candidate, category: candidate.role.category, effect: effect,
            utility: utility.utility(of: effect, gaps: gaps, aim: nil), triggers: [], rules: [],
            rationale: "Try \(candidate.knob) \(candidate.to) instead of \(candidate.from) on a part of the replicas, drawn with "
                + "\(FigureText.percent(draw.propensities.probability)) among \(draw.options.count { $0.exclusion == nil }) that may be tried."
                + (expected ?? "") + (report.explanation.map { " It is \($0.verification.stopRule)." } ?? ""),
            rollback:
                "It is taken back by itself unless it is proved to be better; set \(candidate.knob) to \(candidate.from) by hand to undo it."
        )
    }
}
