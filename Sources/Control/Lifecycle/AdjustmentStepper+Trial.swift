import FoundationEssentials
import Learning
import Measurements
import Policies
import Statistics
import Tuning
import Verification

/// A change that is tried on a part of the replicas: while its groups are there, what they are and do decides, and not the whole target.
///
/// What is asked for follows from what is there, so that a step that was cut off is simply asked for again.
extension AdjustmentStepper {
    mutating func takeTrial(_ trial: CanaryTrial, _ relation: Adjustment.Relation) {
        guard case .seen(let status, let buckets)? = view.canary else {
            adjustment.passTime(to: now, .unseen)
            if case .unseen(let why)? = view.canary { adjustment.lastProblem = why }
            return
        }
        adjustment.passTime(to: now, .seen(settled: status.rollout == .settled))
        switch adjustment.state {
        case .rollingBack, .rollbackFailed: return takeAway(status, relation)
        default: break
        }
        if let interference = status.interference ?? lossOfGroups(status) { return giveUp(interference, verdict: .superseded) }
        if view.request == .rollback { return giveUp("an operator asked for it", verdict: nil) }
        if adjustment.state == .promoting { return promote(status, relation) }
        if let demand = view.demand {
            adjustment.gaveWay = true
            return giveUp(demand, verdict: .unmeasured)
        }
        if let spending = view.spending, trial.wasApplied { return giveUp(spending, verdict: .worsened) }
        if case .failed(let why) = status.rollout {
            // Only what the change can have done speaks against it.
            let isItsDoing = trial.wasApplied && status.canary.contains { $0.trouble != nil }
            if isItsDoing { adjustment.trial?.failed = .crash }
            return giveUp("\(isItsDoing ? "the canary fails" : "its groups fail"): \(why)", verdict: isItsDoing ? .worsened : .unmeasured)
        }
        observe(buckets)
        switch adjustment.state {
        case .comparing: compare(status)
        case .applying: changeCanary(trial, status)
        case .settling, .observing: watchCanary()
        default: break
        }
    }

    /// Who took the groups away, or took the mark off the target by which they are known, once they were there; `nil` where nobody did.
    private func lossOfGroups(_ status: CanaryStatus) -> String? {
        guard adjustment.trial?.course != nil, adjustment.state != .promoting else { return nil }
        guard let mark = status.mark else { return "its groups, or their mark on the target, were taken away by another" }
        guard mark.experiment == adjustment.id else { return "another canary of '\(mark.policy)' has taken the place of its groups" }
        return mark.stage == .removing ? "its groups are being taken away by another" : nil
    }

    private mutating func observe(_ buckets: [CanaryBucket]) {
        guard var course = adjustment.trial?.course else { return }
        let newest = adjustment.trial?.measuredUntil
        for bucket in buckets where newest.map({ bucket.start >= $0 }) ?? true { course.observe(bucket) }
        adjustment.trial?.course = course
        adjustment.finding = course.finding
    }

    // MARK: Forward

    private mutating func compare(_ status: CanaryStatus) {
        if adjustment.trial?.progress.isRedrawing == true { return redraw(status) }
        guard let course = adjustment.trial?.course else { return gather(status) }
        switch course.phase {
        case .comparing:
            // Buckets end as time goes on; should none ever end, time itself must.
            guard elapsedSinceDraw >= course.plan.canaryTerms.preperiod * 2 + adjustment.terms.progressDeadline else { return }
            giveUp("its groups were not compared in \(FigureText.duration(adjustment.elapsed))", verdict: .unmeasured)
        case .ended:
            guard course.finding.speaksAgainstGroups, mayRedraw else { return giveUp(course.finding.explanation, verdict: course.verdict) }
            beginRedraw(course.finding.explanation)
        case .applying, .warming, .settling, .observing:
            adjustment.trial?.wasApplied = true
            move(.applying, "both groups were alike for \(FigureText.duration(now.since(course.start).duration))")
            effect = .canary(.apply)
        }
    }

    private var mayRedraw: Bool {
        adjustment.trial.map { $0.progress.groupsDrawn < $0.usedTerms.groupDraws } ?? false
    }

    private var elapsedSinceDraw: Duration {
        adjustment.elapsed - (adjustment.state == .comparing ? adjustment.trial?.progress.comparedBefore ?? .zero : .zero)
    }

    /// Other replicas may be alike where these are not: the groups go, and are asked for anew once they are gone.
    private mutating func beginRedraw(_ why: String) {
        adjustment.trial?.course = nil
        adjustment.trial?.progress.groupsDrawn += 1
        adjustment.trial?.progress.isRedrawing = true
        adjustment.trial?.progress.comparedBefore = adjustment.elapsed
        adjustment.lastProblem = why
        effect = .canary(.remove)
    }

    private mutating func redraw(_ status: CanaryStatus) {
        guard status.isGone(adjustment.id) else { return askAgain(.remove, "its groups did not go, for others to be drawn", status) }
        adjustment.trial?.progress.isRedrawing = false
        adjustment.trial?.progress.comparedBefore = adjustment.elapsed
        effect = .canary(.prepare)
    }

    /// Waits until both groups are whole; from then on they are compared.
    private mutating func gather(_ status: CanaryStatus) {
        guard let trial = adjustment.trial else { return }
        guard status.isReady(.prepared) else { return askAgain(.prepare, "its groups were not made", status) }
        let course = CanaryCourse(plan: trial.plan, start: now, nodes: status.canary.map(\.node))
        adjustment.trial?.course = course
    }

    private mutating func changeCanary(_ trial: CanaryTrial, _ status: CanaryStatus) {
        if let course = adjustment.trial?.course, let verdict = course.verdict { return conclude(verdict, course.finding) }
        guard status.isReady(.applied) else { return askAgain(.apply, "the canary did not take the change", status) }
        let time = now
        adjustment.trial?.course?.applied(at: time, nodes: status.canary.map(\.node))
        move(.settling, "the canary runs with the change")
        announce(.adjustmentApplied, "changed \(change) in \(trial.podsPerGroup) of \(trial.replicas) replicas")
    }

    private mutating func watchCanary() {
        guard let course = adjustment.trial?.course else { return giveUp("what was measured of its groups is lost", verdict: .unmeasured) }
        if adjustment.state == .settling, course.phase == .observing || !course.evidence.after.isEmpty {
            move(.observing, "the canary has settled; it is compared with the replicas beside it")
        }
        if let verdict = course.verdict { return conclude(verdict, course.finding) }
        // Buckets may never come: without any, time itself must end the watch.
        guard adjustment.elapsed >= course.plan.timeLimit + course.plan.canaryTerms.bucketLength * 2 else { return }
        giveUp("too little was measured of its groups in \(FigureText.duration(adjustment.elapsed)) to say anything", verdict: .unmeasured)
    }

    private mutating func conclude(_ verdict: Verdict, _ finding: VerificationFinding) {
        adjustment.verdict = verdict
        let isKept = verdict == .improved || (verdict == .inconclusive && adjustment.terms.onInconclusive == .keep)
        guard isKept else { return giveUp(finding.explanation, verdict: verdict) }
        if let shift = adjustment.trial?.course?.evidence.shareLost {
            return giveUp(
                "since the change the canary got \(FigureText.percent(shift)) fewer of the requests than the replicas beside it, "
                    + "so that its being faster proves nothing", verdict: .unmeasured)
        }
        adjustment.trial?.wasPromoted = true
        move(.promoting, finding.explanation)
        announce(.canaryPromoted, "\(change) goes to all replicas: \(finding.explanation)")
        effect = .canary(.promote)
    }

    /// Brings the change to every replica, and then takes the groups away.
    private mutating func promote(_ status: CanaryStatus, _ relation: Adjustment.Relation) {
        if status.isGone(adjustment.id) {
            adjustment.trial?.areGroupsGone = true
            adjustment.after = []
            guard stillOurs(relation) else { return }
            return move(.probation, "every replica has the change")
        }
        if case .failed(let why) = status.rollout, status.mark?.stage == .promoted {
            return giveUp("the rollout to all replicas failed: \(why)", verdict: .worsened)
        }
        guard status.mark?.stage != .removing, status.mark?.stage != .promoted || status.rollout != .settled else {
            // Every replica has the change: what is left of the groups is no reason to take it back.
            return removeGroups(status)
        }
        askAgain(.promote, "not every replica took the change", status, deadline: adjustment.terms.progressDeadline * Self.waves)
    }

    /// A rollout to all replicas comes in waves, each as long as that to a canary.
    private static let waves = 4

    /// Asks for a step once more; one that does not come to its end within the deadline is given up.
    private mutating func askAgain(_ action: CanaryAction, _ complaint: String, _ status: CanaryStatus, deadline: Duration? = nil) {
        let deadline = deadline ?? adjustment.terms.progressDeadline
        guard elapsedSinceDraw < deadline else {
            let why = status.rollout.sentence ?? adjustment.lastProblem ?? "no attempt succeeded"
            return giveUp("\(complaint) within \(FigureText.duration(deadline)): \(why)", verdict: .unmeasured)
        }
        effect = .canary(action)
    }

    // MARK: Back

    private mutating func giveUp(_ why: String, verdict: Verdict?) {
        takeBack(why, verdict: verdict)
        // What has come to the target itself is taken back before its groups go.
        if adjustment.trial?.wasPromoted != true { removeGroups(nil) }
    }

    private mutating func removeGroups(_ status: CanaryStatus?) {
        if let status { adjustment.lastProblem = status.rollout.sentence }
        let time = now
        adjustment.trial?.leaves(at: time)
        effect = .canary(.remove)
    }

    /// What has come to the target itself is taken back first, while both groups still serve; then the groups go.
    private mutating func takeAway(_ status: CanaryStatus, _ relation: Adjustment.Relation) {
        guard mayTryAgain else { return }
        if adjustment.state == .rollbackFailed { move(.rollingBack, "trying again to take it back") }
        if adjustment.trial?.wasPromoted == true, relation == .after {
            effect = .apply(.back)
            return
        }
        guard status.isGone(adjustment.id) else {
            return removeGroups(status)
        }
        adjustment.trial?.areGroupsGone = true
        guard adjustment.trial?.wasPromoted != true, relation != .after else { return carryBack(relation) }
        let why = adjustment.history.last { $0.state == .rollingBack }?.reason ?? "it was taken back"
        if adjustment.verdict == .superseded { return supersede(why) }
        adjustment.trial?.wasApplied == true ? arriveBack(unmark: false) : fail(why)
    }

    // MARK: Answers

    mutating func settleTrial(_ action: CanaryAction, _ failure: AdjusterError) {
        let isLeaving = adjustment.state == .rollingBack || adjustment.state == .rollbackFailed
        switch failure {
        case .unreachable, .outcomeUnknown, .fenced, .conflict: break  // The next look tells.
        case .gone(let why): supersede(why)
        case .changedByAnother(_, let why):
            // Taking away asks for nothing that another could have set.
            if !isLeaving { giveUp(why, verdict: .superseded) }
        case .refused(let why):
            isLeaving ? failToTakeBack(why) : giveUp("it was refused: \(why)", verdict: .unmeasured)
        }
    }
}

extension VerificationFinding {
    /// Whether other replicas may be comparable where these were not.
    fileprivate var speaksAgainstGroups: Bool {
        switch state {
        case .decided(_, by: .notComparable), .decided(_, by: .objectiveNotComparable): true
        default: false
        }
    }
}

extension CanaryEvidence {
    /// By which share fewer requests the canary ended than the control group, since the change against before; `nil` where that is within
    /// chance or a seventh. Connections that stay where they are give replicas that have just started fewer.
    fileprivate var shareLost: Double? {
        func ended(_ buckets: [CanaryBucket], _ group: CanaryGroup) -> Double { buckets.reduce(0) { $0 + Double($1[group].requests) } }
        let counts = [ended(after, .canary), ended(after, .control), ended(before, .canary), ended(before, .control)]
        guard counts.allSatisfy({ $0 > 0 }) else { return nil }
        let shift = naturalLogarithm(counts[0] / counts[1] * counts[3] / counts[2])
        let deviation = counts.reduce(0) { $0 + 1 / $1 }.squareRoot()
        return shift < -max(0.15, 3 * deviation) ? 1 - exponential(shift) : nil
    }
}

extension TargetObservation.Rollout {
    /// What it waits for; `nil` where it is done.
    fileprivate var sentence: String? {
        switch self {
        case .settled: nil
        case .progressing(let why), .waitingForRoom(let why), .failed(let why): why
        }
    }
}
