import Learning
import Measurements
import Policies

/// What a finding about a canary says, in sentences with its numbers.
func canaryExplanation(of finding: VerificationFinding, plan: VerificationPlan) -> String {
    ([canaryHeadline(finding, plan)] + [finding.objective].compactMap(\.self).map(sentence)
        + finding.metrics.map { sentence($0, plan.canaryTerms, plan.alpha) }).joined(separator: " ")
}

func canaryHeadline(_ finding: VerificationFinding, _ plan: VerificationPlan) -> String {
    let time = FigureText.duration(finding.observed)
    switch finding.state {
    case .watching(let progress):
        return "Nothing is proved after \(time); \(FigureText.duration(progress.remaining)) remain."
    case .decided(_, by: .tripwire(let tripwire)): return "Worse: in the canary \(sentence(tripwire)) after \(time)."
    case .decided(_, by: .harm(let metric)):
        return "Worse: beside the control group the \(metric.name) rose by more than the tolerated "
            + "\(FigureText.percent(ratio(plan.canaryMargin(of: metric)))), with \(confidence(plan.alpha)) confidence after \(time)."
    case .decided(_, by: .missedObjective(let odds)):
        return "Worse: the canary's requests missed their objective more often than the control group's, "
            + "\(FigureText.number(min(odds, 1e6))) to 1 against chance after \(time)."
    case .decided(_, by: .benefit(let metric)):
        return "Better: beside the control group the \(metric.name) fell by more than "
            + "\(FigureText.percent(-ratio(-plan.minimumBenefit))), with \(confidence(plan.benefitAlpha)) confidence after \(time), "
            + "and no limited latency suffered."
    case .decided(_, by: .noHarm):
        return "No limited latency rose by more than is tolerated, with \(confidence(plan.alpha)) confidence after \(time)."
    case .decided(_, by: .timeLimit): return "Undecided: \(time) proved no benefit worth having, and no harm."
    case .decided(_, by: .notComparable(let metric, let difference)):
        return "Not measured: the groups differed by \(signed(difference)) in the \(metric.name) before the change; "
            + "choose other replicas, or look for what is wrong with these."
    case .decided(_, by: .objectiveRose):
        return "Worse: beside the control group the objective provably rose by more than the tolerated "
            + "\(FigureText.percent(ratio(plan.objective?.margin ?? 0))) after \(time)."
    case .decided(_, by: .objectiveFell):
        return "Better: beside the control group the objective fell by more than \(FigureText.percent(-ratio(-plan.minimumBenefit))), "
            + "with \(confidence(plan.benefitAlpha)) confidence after \(time)."
    case .decided(_, by: .objectiveHopeless):
        return
            "Given up after \(time): that the objective fell by more than \(FigureText.percent(-ratio(-plan.minimumBenefit))) is less likely than "
            + "\(FigureText.percent(plan.benefitAlpha))."
    case .decided(_, by: .objectiveNotComparable(let difference)):
        return "Not measured: the groups differed by \(signed(difference)) in the objective before the change; "
            + "choose other replicas, or look for what is wrong with these."
    case .decided(_, by: .canaryFailsUsers(let why)): return "Worse after \(time): \(why)."
    case .decided(_, by: .groupsChanged):
        return "Not measured: a group lost or gained replicas, and what they had in common with the time before is gone."
    case .decided(_, by: .tooLittleData): return "Not measured: too few buckets had enough requests in both groups."
    }
}

private func sentence(_ finding: ObjectiveFinding) -> String {
    "Objective: \(signed(finding.effect.logRatio)), at all looks together between \(signed(finding.interval.lowerBound)) and "
        + "\(signed(finding.interval.upperBound)), from \(finding.pairs) buckets."
}

/// What other nodes did to the comparison; `nil` where nothing.
func sentence(_ relocation: CanaryRelocation?, levelDeviation: Double) -> String? {
    guard levelDeviation > 0 else { return nil }
    let cause =
        if let relocation, relocation.moved > 0 {
            "\(relocation.moved) of the canary's \(relocation.replicas) replicas came back on other nodes with the change"
        } else { "The canary's replicas came back on other hardware with the change" }
    return "\(cause), which alone moves its latencies by \(FigureText.percent(levelDeviation)) or so."
}

private func sentence(_ finding: MetricFinding, _ terms: CanaryTerms, _ alpha: Double) -> String {
    let name = finding.metric.name.prefix(1).uppercased() + finding.metric.name.dropFirst()
    guard let groups = finding.groups else { return "\(name): \(finding.before.used) usable buckets before the change are too few." }
    let before = "before, in \(finding.before.used), the groups differed by \(signed(groups.difference))"
    let leftOut = leftOut(finding.after)
    guard let effect = finding.effect, let interval = finding.interval else {
        return "\(name): \(finding.after.used) usable buckets so far\(leftOut); \(before)."
    }
    return "\(name): \(signed(effect.logRatio)), \(confidence(alpha)) sure between \(signed(interval.lowerBound)) and "
        + "\(signed(interval.upperBound)), from \(finding.after.used) buckets of \(FigureText.duration(terms.bucketLength)) with "
        + "\(FigureText.count(finding.after.requests)) requests in the canary\(leftOut); \(before)"
        + "\(finding.isJudged ? "" : "; not limited by the objective")."
}

extension CanaryForecast {
    /// What is told before the canary starts.
    public var explanation: String {
        let smallest =
            "Within the time limit it finds harm from \(signed(smallestDetectableHarm)) and benefits from "
            + "\(signed(-smallestDetectableBenefit)) on."
        if let refusal { return "Not started: \(sentence(refusal)) \(smallest)" }
        let durations = [usualDuration, longestDuration].map { $0.map(FigureText.duration) ?? "longer than the time limit" }
        return "\(replicasPerGroup) replicas each in canary and control, \(FigureText.duration(preperiod)) alike before the change: "
            + "usually \(durations[0]) in all, 99 in 100 times at most \(durations[1]). \(smallest)"
    }

    private func sentence(_ refusal: Refusal) -> String {
        switch refusal {
        case .tooFewReplicas(let count):
            "\(count) replicas are ready, and two groups of at most a quarter need 4; compare the whole pool over time."
        case .tooFewRequests(let rate):
            "\(FigureText.number(rate)) requests a second would come to each group; compare the whole pool over time."
        case .withinMargin: "such an effect lies within what is tolerated, and no canary decides about it."
        case .tooLong(let limit): "more than \(FigureText.duration(limit)) would be needed to see such an effect."
        }
    }
}
