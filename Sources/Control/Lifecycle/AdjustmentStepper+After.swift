import FoundationEssentials
import Learning
import Measurements
import Policies
import Verification

/// After the change: the rollout, the measurements, the verdict.
extension AdjustmentStepper {
    mutating func settleDown(_ relation: Adjustment.Relation, _ rollout: TargetObservation.Rollout) {
        guard stillOurs(relation) else { return }
        if view.request == .rollback { return takeBack("an operator asked for it", verdict: nil) }
        if adjustment.kind == .planned, isPlanTaken(rollout) { return }
        if adjustment.kind != .planned, let demand = view.demand { return giveWay(demand) }
        switch rollout {
        case .failed(let why): takeBack("the rollout failed: \(why)", verdict: .worsened)
        case .progressing(let why), .waitingForRoom(let why):
            guard adjustment.elapsed >= adjustment.terms.progressDeadline else { return }
            takeBack(
                "the rollout was not done within \(FigureText.duration(adjustment.terms.progressDeadline)): \(why)", verdict: .unmeasured)
        case .settled:
            guard adjustment.settled >= adjustment.terms.settle else { return }
            move(.observing, "the rollout is done and \(FigureText.duration(adjustment.terms.settle)) of settling are over")
        }
    }

    mutating func watch(_ relation: Adjustment.Relation, _ rollout: TargetObservation.Rollout) {
        guard stillOurs(relation) else { return }
        // A holdout changed nothing that could be taken back.
        if adjustment.kind != .holdout {
            if view.request == .rollback { return takeBack("an operator asked for it", verdict: nil) }
            if case .failed(let why) = rollout { return takeBack("the target fails: \(why)", verdict: .worsened) }
        }
        if let demand = view.demand { return giveWay(demand) }
        takeBlocks()
        if isDoubtful { return watchTripwires(after: adjustment.after, nil) }
        let plan = adjustment.terms.verification
        let finding = verify(.temporal(before: adjustment.before, after: adjustment.after), plan: plan)
        adjustment.finding = finding
        if let verdict = finding.verdict { return conclude(verdict, finding.explanation) }
        // Blocks may never come: without any, time itself must end the watch.
        guard adjustment.elapsed >= plan.timeLimit + plan.blockLength * 2 else { return }
        conclude(.unmeasured, "too little was measured in \(FigureText.duration(adjustment.elapsed)) to say anything")
    }

    /// Requests may tell of harm while the target itself cannot be seen. What they prove is tried to be taken back; a change is not kept unseen.
    mutating func watchUnseen(_ why: String) {
        guard adjustment.kind != .holdout else { return }
        takeBlocks()
        if isDoubtful { return watchTripwires(after: adjustment.after, why) }
        let finding = verify(.temporal(before: adjustment.before, after: adjustment.after), plan: adjustment.terms.verification)
        if finding.verdict == .worsened { takeBack(finding, unseen: why) }
    }

    /// While the change settles, latencies say little, but failures and silence say enough where nobody sees how the rollout goes.
    mutating func settleUnseen(_ why: String) {
        guard adjustment.kind != .holdout, adjustment.kind != .planned, let start = adjustment.reached(.settling) else { return }
        watchTripwires(after: view.blocks.filter { $0.start >= start }, why)
    }

    /// Takes the change back where requests fail, or get no answer, as no doubt and no settling explains.
    mutating func watchTripwires(after: [LatencyBlock], _ unseen: String?) {
        guard adjustment.kind != .holdout else { return }
        var plan = adjustment.terms.verification
        // Tripwires alone: statistics never have enough, and the time never ends.
        plan.minimumRequests = .max
        plan.timeLimit = .seconds(1_000_000_000)
        let finding = verify(.temporal(before: adjustment.before, after: after), plan: plan)
        guard finding.verdict == .worsened else { return }
        takeBack(finding, unseen: unseen)
    }

    mutating func takeBack(_ finding: VerificationFinding, unseen why: String?) {
        adjustment.finding = finding
        takeBack(finding.explanation + (why.map { " The target cannot be seen: \($0)" } ?? ""), verdict: .worsened)
    }

    private mutating func takeBlocks() {
        guard let start = adjustment.reached(.observing) else { return }
        let newest = adjustment.after.last?.start
        adjustment.after += view.blocks.filter { block in block.start >= start && newest.map { block.start > $0 } ?? true }
        let excess = adjustment.after.count - Self.mostBlocks
        if excess > 0 { adjustment.after.removeFirst(excess) }
    }

    private static let mostBlocks = 720

    private mutating func giveWay(_ demand: String) {
        adjustment.gaveWay = true
        conclude(.unmeasured, demand)
    }

    private mutating func conclude(_ verdict: Verdict, _ explanation: String) {
        adjustment.verdict = verdict
        if adjustment.kind == .holdout {
            move(.kept, explanation)
            return announce(.holdoutEnded, "nothing was changed; compared like a change it reads: \(explanation)")
        }
        switch verdict {
        case .improved: keep(explanation)
        case .worsened, .superseded: takeBack(explanation, verdict: verdict)
        case .inconclusive, .unmeasured:
            adjustment.terms.onInconclusive == .keep ? keep(explanation) : takeBack(explanation, verdict: verdict)
        }
    }

    mutating func keep(_ why: String) {
        move(.kept, why)
        announce(.verificationPassed, "kept \(change): \(why)")
        effect = .unmark
    }

    mutating func takeBack(_ why: String, verdict: Verdict?) {
        adjustment.verdict = verdict
        if verdict != nil { announce(.verificationFailed, "\(change): \(why)") }
        move(.rollingBack, why)
        announce(.rollingBack, "taking back \(change): \(why)")
        effect = .apply(.back)
    }

    mutating func stillOurs(_ relation: Adjustment.Relation) -> Bool {
        switch relation {
        case .after: return true
        case .unreadable: return true
        case .before, .setBack:
            supersede("\(adjustment.knob.name) was set back to \(adjustment.candidate.from) by another")
        case .sameByAnother: supersede("\(adjustment.knob.name) was set to \(adjustment.candidate.to) by another")
        case .foreign(let value): supersede("\(adjustment.knob.name) was set to \(value) by another")
        case .replaced: supersede("the target was replaced by another of its name")
        }
        return false
    }
}
