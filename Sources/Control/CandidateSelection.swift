import Learning
import Measurements
import Policies

/// Turns knobs into candidates, and candidates into recommendations or reasons against them.
struct CandidateSelection {
    private let policy: Policy
    private let snapshot: Snapshot
    private let firing: [Trigger]
    private let objectives: [ObjectiveReport]
    private let gaps: [ObjectiveGap]
    private let estimator: any EffectEstimator
    private let utility: UtilityModel
    private let state: OperatingPoint
    /// The rules that firing triggers consult and that apply, each with the circumstance that makes it.
    private let applying: [(rule: ProposalRule, circumstance: String)]

    init(
        policy: Policy, snapshot: Snapshot, firing: [Trigger], objectives: [ObjectiveReport], gaps: [ObjectiveGap],
        estimator: any EffectEstimator, utility: UtilityModel
    ) {
        self.objectives = objectives
        self.policy = policy
        self.snapshot = snapshot
        self.firing = firing
        self.gaps = gaps
        self.estimator = estimator
        self.utility = utility
        state = OperatingPoint(snapshot, policy: policy)
        let circumstances = Circumstances(bottleneck: snapshot.bottleneck, state: state, gaps: gaps, objectives: objectives)
        let types = Set(firing.map(\.type))
        applying = ProposalRule.all.filter { !$0.triggers.isDisjoint(with: types) }.compactMap { rule in
            rule.applies(circumstances).map { (rule, $0) }
        }
    }

    /// What became of one candidate.
    enum Verdict {
        case recommended(Recommendation)
        case excluded(ExcludedCandidate)
    }

    /// The neighbouring values of every knob that is not planned, and slots for a whole queue, judged; recommendations best first.
    func select() -> (recommendations: [Recommendation], excluded: [ExcludedCandidate]) {
        let verdicts = policy.knobs.filter { $0.plan == nil }.flatMap(judge)
        let recommendations = verdicts.compactMap { if case .recommended(let found) = $0 { found } else { nil } }
        let excluded = verdicts.compactMap { if case .excluded(let found) = $0 { found } else { nil } }
        return (recommendations.sorted { ($0.utility.total, $1.candidate.knob) > ($1.utility.total, $0.candidate.knob) }, excluded)
    }

    private func judge(_ knob: Knob) -> [Verdict] {
        guard let current = snapshot.state.values[knob.name] else {
            let cure = "pass --current \(knob.name)=VALUE or --manifest FILE, or give the knob a 'default' in the policy"
            let explanation = "the value in force is not known: \(cure)"
            return [.excluded(ExcludedCandidate(knob: knob.name, reason: .valueUnknown, explanation: explanation))]
        }
        let neighbours = knob.neighbours(of: current.value).map { step, outcome -> Verdict in
            switch outcome {
            case .success(let candidate): judge(candidate, knob)
            case .failure(let error): .excluded(noCandidate(knob, step: step, error.reason))
            }
        }
        return neighbours + (leap(knob, current.value).map { [judge($0, knob)] } ?? [])
    }

    /// In front of a deep queue the next value up may help too little to be noticed: as many slots as there are requests are a candidate too.
    private func leap(_ knob: Knob, _ value: KnobValue) -> Candidate? {
        guard knob.role == .concurrency, let asked = state.requestsPerSlot, asked >= OperatingPoint.deepQueue else { return nil }
        return knob.candidate(from: value, timesAtMost: asked)
    }

    private func judge(_ candidate: Candidate, _ knob: Knob) -> Verdict {
        let findings = rules(for: candidate)
        guard !findings.isEmpty else {
            let direction = candidate.step > 0 ? "raising" : "lowering"
            return exclude(candidate, .noRule, "nothing that was seen speaks for \(direction) \(candidate.knob)")
        }
        if let refusal = refusalByTarget(candidate) ?? refusalByLimits(candidate, knob) { return refusal }
        let effect = estimator.effect(of: candidate, in: state)
        if let harm = utility.veto(effect, gaps: gaps) { return exclude(candidate, .tooRisky, harm) }
        let worth = utility.utility(of: effect, gaps: gaps, aim: aim(of: candidate))
        guard isWorthwhile(worth, effect) else {
            return exclude(
                candidate, .notWorthIt,
                "the expected gain of \(FigureText.number(worth.total)) is not worth a change (at least \(FigureText.number(utility.minimumGain)) is)"
            )
        }
        return .recommended(
            RecommendationWriter(policy: policy, objectives: objectives, gaps: gaps)
                .recommendation(candidate, effect: effect, utility: worth, rules: findings, triggers: askingTriggers(candidate)))
    }

    private func isWorthwhile(_ worth: Utility, _ effect: PredictedEffect) -> Bool {
        let saving = -(effect.outcomes[.cost]?.logRatio ?? 0)
        return worth.total > 0 && (worth.missReduction >= utility.minimumGain || saving >= utility.minimumGain)
    }

    /// Who else is in charge of the setting, or what the target said to this change before.
    private func refusalByTarget(_ candidate: Candidate) -> Verdict? {
        if let owner = snapshot.state.foreignOwners[candidate.knob] {
            return exclude(candidate, .ownedByAnother, "\(owner) sets \(candidate.knob); two controllers of one setting fight")
        }
        let past = snapshot.history.infeasible.last {
            $0.knob == candidate.knob && $0.to.isSame(as: candidate.to) && $0.until > snapshot.time
        }
        return past.map { exclude(candidate, .infeasible, "it did not work a while ago: \($0.reason)") }
    }

    private func refusalByLimits(_ candidate: Candidate, _ knob: Knob) -> Verdict? {
        if candidate.role == .replicas, case .range(let minimum, let maximum, _) = knob.domain,
            let current = candidate.from.wholeNumber, let desired = candidate.to.wholeNumber
        {
            let limiter = ReplicaLimiter(
                behavior: policy.behavior, minimum: minimum, maximum: maximum, recommendations: snapshot.history.replicaRecommendations,
                changes: snapshot.history.changes)
            let limited = limiter.limit(desired: desired, current: current, now: snapshot.time)
            if limited.replicas != desired { return exclude(candidate, limited.limit) }
        }
        let replicas = snapshot.state.values.first { policy.role(of: $0.key) == .replicas }?.value.value.numeric.flatMap {
            Int(exactly: $0)
        }
        let limits = ChangeLimits(budgets: policy.budgets, changes: snapshot.history.changes, now: snapshot.time, replicas: replicas)
        return limits.exhausted(by: candidate).map { exclude(candidate, .budget, $0) }
    }

    private func exclude(_ candidate: Candidate, _ limit: ReplicaLimiter.Limited.Limit?) -> Verdict {
        switch limit {
        case .stabilizationWindow(let window):
            exclude(
                candidate, .stabilization,
                "within the last \(FigureText.duration(window)) another number of replicas was asked for (stabilization window)")
        case .bounds: exclude(candidate, .outsideBounds, "\(candidate.to) is outside of the bounds")
        case .rate, nil: exclude(candidate, .rateLimit, "behavior's policies allow no further change of replicas in this period")
        }
    }

    private func exclude(_ candidate: Candidate, _ reason: ExcludedCandidate.Reason, _ explanation: String) -> Verdict {
        .excluded(ExcludedCandidate(knob: candidate.knob, from: candidate.from, to: candidate.to, reason: reason, explanation: explanation))
    }

    private func noCandidate(_ knob: Knob, step: Int, _ reason: NoCandidate) -> ExcludedCandidate {
        switch reason {
        case .atLimit(let value):
            ExcludedCandidate(
                knob: knob.name, from: value, reason: .atLimit,
                explanation: "\(value) is already the \(step > 0 ? "highest" : "lowest") allowed value")
        case .outsideDomain(let value):
            ExcludedCandidate(
                knob: knob.name, from: value, reason: .outsideBounds,
                explanation: "the value in force, \(value), is none of the allowed values")
        }
    }

    private func rules(for candidate: Candidate) -> [RuleFinding] {
        applying.filter { $0.rule.proposes(candidate) }.map { rule, circumstance in
            RuleFinding(rule: rule.name, statement: rule.statement, circumstance: circumstance)
        }
    }

    private func askingTriggers(_ candidate: Candidate) -> [String] {
        let consulting = applying.filter { $0.rule.proposes(candidate) }.map(\.rule.triggers)
        return firing.filter { trigger in consulting.contains { $0.contains(trigger.type) } }.map(\.name)
    }

    /// The figure the change is for: the limit missed most, or cost where nothing is missed.
    private func aim(of candidate: Candidate) -> Outcome? {
        gaps.first { $0.excess > 0 && $0.outcome != nil }?.outcome ?? .cost
    }
}

extension ProposalRule {
    func proposes(_ candidate: Candidate) -> Bool {
        proposals.contains { $0.role == candidate.role && $0.step == candidate.step }
    }
}

extension Circumstances {
    init(bottleneck: Bottleneck, state: OperatingPoint, gaps: [ObjectiveGap], objectives: [ObjectiveReport]) {
        let missed = gaps.filter { $0.excess > 0 }.map(\.name)
        self.init(
            bottleneck: bottleneck, state: state,
            missedLatencies: Set(LatencyMetric.allCases.filter { metric in missed.contains { $0.hasPrefix(metric.rawValue + " ") } }),
            missesThroughput: missed.contains { $0 == MetricQuery.throughput.description || $0 == MetricQuery.tokensPerSecond.description },
            keepsObjective: objectives.keepEveryLimit)
    }
}

extension [ObjectiveReport] {
    /// Whether every limit is known and kept. Attainment may be unknown where a report has no single requests, but not missed.
    fileprivate var keepEveryLimit: Bool {
        !isEmpty && allSatisfy { $0.kind == .attainment ? $0.met != false : $0.met == true }
    }
}

extension Policy {
    func role(of knob: String) -> Knob.Role? { knobs.first { $0.name == knob }?.role }
}
