public import Learning
import Measurements
public import Policies

/// Decides what to do about a snapshot. Pure: the same snapshot, policy and estimator give the same decision, bit for bit.
///
/// Triggers are advanced by one evaluation at the snapshot's time. Where at least one fires, every neighbouring value of every knob is
/// considered, and each ends up recommended or excluded with a reason.
/// - Parameters:
///   - estimator: Predicts what a change would do; unless given, physics put right by what the snapshot says was learned.
///   - utility: How the objective weighs latency, throughput and cost.
public func decide(
    _ snapshot: Snapshot, under policy: Policy, estimator: (any EffectEstimator)? = nil, utility: UtilityModel = UtilityModel()
) -> Decision {
    let readings = RecordedReadings(snapshot.readings)
    let assessment = ObjectiveAssessment(policy: policy, readings: readings)
    let (triggers, next) = advanceTriggers(snapshot, policy, readings)
    var decision = Decision(
        policy: policy.name, time: snapshot.time, outcome: .nothingToDo, triggers: triggers,
        objectives: assessment.reports(snapshot), recommendations: [], excluded: [], nextTriggers: next)

    let firing = zip(policy.triggers, triggers).filter { $1.outcome.isFiring }.map { $0.0 }
    let planned = policy.plannedKnob
    if firing.isEmpty {
        let undecided = triggers.count { $0.outcome.label == "unknown" }
        if !triggers.isEmpty, undecided == triggers.count { decision.outcome = .unknown }
        // An idle policy costs nothing more than its triggers.
        if planned == nil, policy.tune == nil { return decision }
    }
    let gaps = assessment.gaps(firing: firing)
    let estimator = estimator ?? snapshot.history.estimator
    if !firing.isEmpty {
        let selection = CandidateSelection(
            policy: policy, snapshot: snapshot, firing: firing, objectives: decision.objectives, gaps: gaps, estimator: estimator,
            utility: utility)
        (decision.recommendations, decision.excluded) = selection.select()
        decision.outcome = decision.recommendations.isEmpty ? .hold : .recommend
    }
    if let planned {
        decision.take(
            PlannedScaling(policy: policy, knob: planned, snapshot: snapshot, estimator: estimator, utility: utility, gaps: gaps))
    }
    if policy.tune != nil {
        decision.take(
            TunedTrial(
                policy: policy, snapshot: snapshot, estimator: estimator, utility: utility, gaps: gaps, objectives: decision.objectives))
    }
    return decision
}

extension Decision {
    /// What is planned goes before what triggers ask for: demand does not wait for a tuning.
    fileprivate mutating func take(_ scaling: PlannedScaling) {
        plan = scaling.sentence
        switch scaling.outcome() {
        case .change(let recommendation):
            recommendations.insert(recommendation, at: 0)
            outcome = .recommend
        case .excluded(let candidate):
            excluded.insert(candidate, at: 0)
            if recommendations.isEmpty { outcome = .hold }
        case .held:
            if triggers.isEmpty { outcome = .unknown }
        case .nothing: break
        }
    }
}

extension Decision {
    /// Something is tried only where nothing else is asked for.
    fileprivate mutating func take(_ trial: TunedTrial) {
        let found = trial.report(isWanted: recommendations.isEmpty)
        tuning = found.report
        if let recommendation = found.recommendation {
            recommendations = [recommendation]
            outcome = .recommend
        }
        if let excluded = found.excluded {
            self.excluded.append(excluded)
            if recommendations.isEmpty { outcome = .hold }
        }
    }
}

extension ControlHistory {
    /// Physics, put right by what was learned.
    var estimator: any EffectEstimator { learned.map { LearnedEstimator($0) } ?? PhysicalPrior() }
}

private func advanceTriggers(
    _ snapshot: Snapshot, _ policy: Policy, _ readings: RecordedReadings
) -> (reports: [TriggerReport], next: [String: TriggerState]) {
    var next = snapshot.history.triggers
    next.reserveCapacity(policy.triggers.count)
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

extension Policy.Monitor {
    /// A hold is not believed across a longer silence than this.
    var longestEvaluationGap: Duration { max(staleAfter, .seconds(fractional: interval.inSeconds * 3)) }
}

/// The answers recorded in a snapshot.
///
/// They are few, and asked for more or less in the order they were recorded in: looking through them is faster than hashing questions.
struct RecordedReadings: ReadingSource {
    private let answers: [RecordedReading]

    init(_ readings: [RecordedReading]) { answers = readings }

    func reading(_ query: MetricQuery, over window: Duration) -> Reading {
        // By index: a loop over the elements would copy each of them.
        for place in answers.indices where answers[place].window == window && answers[place].query == query {
            return answers[place].reading
        }
        return .unknown(.missing)
    }
}
