import Learning
import Measurements
import Policies
import Statistics

/// What a finding says, in sentences with its numbers.
func explanation(of finding: VerificationFinding, plan: VerificationPlan) -> String {
    ([headline(finding, plan)] + finding.metrics.map { sentence($0, plan) }).joined(separator: " ")
}

private func headline(_ finding: VerificationFinding, _ plan: VerificationPlan) -> String {
    let time = FigureText.duration(finding.observed)
    let under = plan.knowsLoad ? "at equal load " : ""
    switch finding.state {
    case .watching(let progress):
        return "Nothing is proved after \(time); \(FigureText.duration(progress.remaining)) remain."
    case .decided(_, by: .tripwire(let tripwire)):
        return "Worse: \(sentence(tripwire)) after \(time)."
    case .decided(_, by: .harm(let metric)):
        return "Worse: \(under)the \(metric.name) rose by more than the tolerated "
            + "\(FigureText.percent(ratio(plan.margin(of: metric)))), with \(confidence(plan.alpha)) confidence after \(time)."
    case .decided(_, by: .benefit(let metric)):
        return "Better: \(under)the \(metric.name) fell, with \(confidence(plan.benefitAlpha)) confidence after \(time), "
            + "and no limited latency suffered."
    case .decided(_, by: .noHarm):
        return "No limited latency rose by more than is tolerated, with \(confidence(plan.alpha)) confidence after \(time)."
    case .decided(_, by: .timeLimit):
        return "Undecided: \(time) proved neither a benefit nor harm."
    case .decided(_, by: .tooLittleData):
        return "Not measured: \(time) gave too little to compare; \(plan.minimumBlocks) blocks and "
            + "\(FigureText.count(plan.minimumRequests)) requests are needed."
    case .decided(_, by: .missedObjective), .decided(_, by: .notComparable), .decided(_, by: .groupsChanged),
        .decided(_, by: .objectiveRose), .decided(_, by: .objectiveFell), .decided(_, by: .objectiveHopeless),
        .decided(_, by: .objectiveNotComparable),
        .decided(_, by: .canaryFailsUsers):
        return canaryHeadline(finding, plan)
    }
}

func sentence(_ tripwire: Tripwire) -> String {
    switch tripwire {
    case .crashLoop(let restarts): "a container restarted \(restarts) times"
    case .outOfMemory: "a container was killed for want of memory"
    case .rolloutFailed: "the rollout failed"
    case .errors(let failed, let requests, let tolerated):
        "\(FigureText.count(failed)) of \(FigureText.count(requests)) requests failed where \(FigureText.percent(tolerated)) are tolerated,"
    case .stalled(let silence): "no request was answered for \(FigureText.duration(silence)) while requests arrived,"
    case .preemptions(let now, let before):
        "\(FigureText.number(now)) preemptions a second, against \(FigureText.number(before)) before,"
    }
}

private func sentence(_ finding: MetricFinding, _ plan: VerificationPlan) -> String {
    let name = finding.metric.name.prefix(1).uppercased() + finding.metric.name.dropFirst()
    guard let fit = finding.loadFit else {
        return "\(name): \(finding.before.used) usable blocks before the change are too few to compare with."
    }
    let leftOut = leftOut(finding.after)
    guard let effect = finding.effect, let interval = finding.interval else {
        return "\(name): \(finding.after.used) usable blocks so far\(leftOut)."
    }
    let allowance =
        switch fit.terms {
        case .constant where !plan.knowsLoad: "the load was not allowed for: probes do not see it"
        case .constant: "the load was not allowed for, for want of variation or blocks before"
        case .linear: "load allowed for by a line"
        case .quadratic: "load allowed for by a curve"
        }
    return "\(name): \(signed(effect.logRatio)), \(confidence(plan.alpha)) sure between \(signed(interval.lowerBound)) and "
        + "\(signed(interval.upperBound)), from "
        + "\(finding.after.used) blocks of \(FigureText.duration(plan.blockLength)) with \(FigureText.count(finding.after.requests)) requests"
        + "\(leftOut), against \(finding.before.used) before; \(allowance)\(finding.isJudged ? "" : "; not limited by the objective")."
}

func leftOut(_ use: MetricFinding.BlockUse) -> String {
    let reasons = [
        (use.empty, "without it"), (use.tooFewRequests, "with too few requests"), (use.unseenLoad, "under more load than was seen before"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return reasons.isEmpty ? "" : " (left out: \(reasons.joined(separator: ", ")))"
}

/// What is left of certainty where an error of a probability is allowed, over all looks together.
func confidence(_ alpha: Double) -> String { FigureText.percent(((1 - alpha) * 1_000).rounded() / 1_000) }

/// A log ratio as a ratio of change.
func ratio(_ logRatio: Double) -> Double { exponential(min(logRatio, 50)) - 1 }

func signed(_ logRatio: Double) -> String {
    let change = ratio(logRatio)
    return (change < 0 ? "−" : "+") + FigureText.percent((abs(change) * 1_000).rounded() / 1_000)
}
