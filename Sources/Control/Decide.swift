public import Learning
import Measurements
public import Policies

/// Decides what to do about a snapshot. Pure: the same snapshot, policy and estimator give the same decision, bit for bit.
///
/// Triggers are advanced by one evaluation at the snapshot's time. Where at least one fires, every neighbouring value of every knob is
/// considered, and each ends up recommended or excluded with a reason.
/// - Parameters:
///   - estimator: Predicts what a change would do; physics alone while nothing was learned.
///   - utility: How the objective weighs latency, throughput and cost.
public func decide(
    _ snapshot: Snapshot, under policy: Policy, estimator: any EffectEstimator = PhysicalPrior(), utility: UtilityModel = UtilityModel()
) -> Decision {
    let readings = RecordedReadings(snapshot.readings)
    let assessment = ObjectiveAssessment(policy: policy, readings: readings)
    let (triggers, next) = advanceTriggers(snapshot, policy, readings)
    var decision = Decision(
        policy: policy.name, time: snapshot.time, outcome: .nothingToDo, reasons: [], triggers: triggers,
        objectives: assessment.reports(snapshot), recommendations: [], excluded: [], nextTriggers: next)

    let firing = zip(policy.triggers, triggers).filter { $1.outcome.isFiring }.map { $0.0 }
    guard !firing.isEmpty else {
        let verdict = quietOutcome(triggers, decision.objectives)
        decision.outcome = verdict.outcome
        decision.reasons = verdict.reasons
        return decision
    }
    let selection = CandidateSelection(
        policy: policy, snapshot: snapshot, firing: firing, gaps: assessment.gaps(firing: firing), estimator: estimator, utility: utility)
    (decision.recommendations, decision.excluded) = selection.select()
    decision.outcome = decision.recommendations.isEmpty ? .hold : .recommend
    decision.reasons = firingReasons(triggers, decision)
    return decision
}

private func advanceTriggers(
    _ snapshot: Snapshot, _ policy: Policy, _ readings: RecordedReadings
) -> (reports: [TriggerReport], next: [String: TriggerState]) {
    var next = snapshot.history.triggers
    let reports = policy.triggers.map { trigger in
        let evaluation = evaluate(
            trigger.condition, window: trigger.window, minSamples: trigger.minSamples, staleAfter: policy.monitor.staleAfter,
            source: readings)
        let (outcome, state) = advance(
            trigger, snapshot.history.triggers[trigger.name] ?? TriggerState(), evaluation, now: snapshot.time,
            observedSpan: snapshot.wholeRun,
            longestGap: policy.monitor.longestEvaluationGap)
        next[trigger.name] = state
        return TriggerReport(name: trigger.name, type: trigger.type, outcome: outcome, evaluation: evaluation)
    }
    return (reports, next)
}

/// What to say when no trigger fires.
private func quietOutcome(_ triggers: [TriggerReport], _ objectives: [ObjectiveReport]) -> (outcome: Decision.Outcome, reasons: [String]) {
    var reasons = triggers.map(sentence)
    let unknown = triggers.filter { $0.outcome.label == "unknown" }
    if !triggers.isEmpty, unknown.count == triggers.count {
        return (.unknown, ["No trigger can be decided, so nothing is changed."] + reasons)
    }
    let missed = objectives.filter { $0.met == false }
    if missed.isEmpty {
        reasons.insert(
            "Nothing needs to change: no trigger fires\(objectives.contains { $0.met == true } ? " and no limit is missed" : "").", at: 0)
    } else {
        let names = missed.map(\.name).joined(separator: ", ")
        reasons.insert("No trigger fires, though the objective is missed (\(names)): no trigger of the policy covers that.", at: 0)
    }
    return (.nothingToDo, reasons)
}

private func firingReasons(_ triggers: [TriggerReport], _ decision: Decision) -> [String] {
    let firing = triggers.filter { $0.outcome.isFiring }
    var reasons = firing.map(sentence)
    if decision.recommendations.isEmpty {
        reasons.append("No change is both allowed and worth making; each one that was considered is listed with its reason.")
    }
    return reasons + triggers.filter { !$0.outcome.isFiring && $0.outcome.label != "inactive" }.map(sentence)
}

private func sentence(_ trigger: TriggerReport) -> String {
    let leaves = trigger.evaluation.leaves.map(\.explanation).joined(separator: "; ")
    switch trigger.outcome {
    case .inactive: return "\(trigger.name) does not fire: \(leaves)."
    case .pending(_, let remaining): return "\(trigger.name) must hold for \(FigureText.duration(remaining)) more: \(leaves)."
    case .firing(let firing): return "\(trigger.name) fires: \(leaves)\(hold(firing.hold))."
    case .cooling(let until, let reason):
        let what = reason == .adjusted ? "it caused a change" : "a change it caused was rolled back"
        return "\(trigger.name) holds but is left alone until \(until), because \(what): \(leaves)."
    case .unknown: return "\(trigger.name) cannot be decided: \(leaves)."
    }
}

private func hold(_ hold: TriggerOutcome.Hold) -> String {
    switch hold {
    case .observed(let length): length > .zero ? ", for \(FigureText.duration(length)) without a break" : ""
    case .takenAsHeld(let span): ", all through a run of \(FigureText.duration(span)) that was judged as a whole"
    case .scheduled(let due): ", due at \(due)"
    }
}

extension Policy.Monitor {
    /// A hold is not believed across a longer silence than this.
    var longestEvaluationGap: Duration { max(staleAfter, .seconds(fractional: interval.inSeconds * 3)) }
}

/// The answers recorded in a snapshot.
struct RecordedReadings: ReadingSource {
    private let answers: [Question: Reading]

    private struct Question: Hashable {
        let query: MetricQuery
        let window: Duration
    }

    init(_ readings: [RecordedReading]) {
        answers = Dictionary(
            readings.map { (Question(query: $0.query, window: $0.window), $0.reading) }, uniquingKeysWith: { first, _ in first })
    }

    func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        answers[Question(query: query, window: window)] ?? .unknown(.missing)
    }
}
