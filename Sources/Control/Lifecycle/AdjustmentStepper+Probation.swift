import Learning
import Measurements
import Policies
import Verification

/// A change that was proved on a part of the replicas and has come to all of them: it is watched on the whole for a while.
extension AdjustmentStepper {
    /// What was proved on a part is watched on the whole for a while: only proved harm takes it back.
    mutating func watchProbation(_ relation: Adjustment.Relation, _ rollout: TargetObservation.Rollout) {
        guard stillOurs(relation) else { return }
        if view.request == .rollback { return takeBack("an operator asked for it", verdict: nil) }
        if case .failed(let why) = rollout { return takeBack("the target fails: \(why)", verdict: .worsened) }
        if let demand = view.demand { return keep("proved on \(adjustment.trial?.podsPerGroup ?? 0) replicas; \(demand)") }
        takeBlocksOfProbation()
        if isDoubtful { return watchTripwires(after: adjustment.after, nil) }
        if let harm = harmOfProbation { return takeBack(harm, unseen: nil) }
        let terms = adjustment.trial?.usedTerms ?? .usual
        noteLoad()
        guard adjustment.elapsed >= terms.probation, !terms.waitsForHighLoad || hasSeenHighLoad else { return }
        keep(
            "proved on \(adjustment.trial?.podsPerGroup ?? 0) replicas, and no harm was found on all of them in "
                + FigureText.duration(terms.waitsForHighLoad ? adjustment.elapsed : terms.probation))
    }

    /// Requests tell of harm also while the target cannot be seen. As in ``watchUnseen(_:)``, what they prove is tried to be taken back, and
    /// nothing is kept unseen; and as in ``settleUnseen(_:)``, failures and silence count from the moment the change came to all.
    mutating func watchProbationUnseen(_ why: String) {
        guard let start = adjustment.reached(.probation) else { return }
        takeBlocksOfProbation()
        watchTripwires(after: view.blocks.filter { $0.start >= start }, why)
        if adjustment.state == .probation, !isDoubtful, let harm = harmOfProbation { takeBack(harm, unseen: why) }
    }

    private var harmOfProbation: VerificationFinding? {
        var plan = adjustment.terms.verification
        plan.aim = .holdLatency
        plan.timeLimit = (adjustment.trial?.usedTerms ?? .usual).probation * 2
        let finding = verify(.temporal(before: adjustment.before, after: adjustment.after), plan: plan)
        return finding.verdict == .worsened ? finding : nil
    }

    private mutating func noteLoad() {
        guard let load = view.load, var progress = adjustment.trial?.progress else { return }
        let toSee = progress.loadToSee ?? load.highOfDay
        progress.loadToSee = toSee
        let high = adjustment.elapsed >= Self.longestWaitForPeak ? min(toSee, load.highOfDay) : toSee
        progress.sawHighLoad = progress.sawHighLoad || load.rate >= high
        adjustment.trial?.progress = progress
    }

    /// Where nobody follows the load there is none to wait for.
    private var hasSeenHighLoad: Bool {
        adjustment.trial.map { $0.progress.sawHighLoad || $0.progress.loadToSee == nil } ?? true
    }

    private static let longestWaitForPeak = Duration.seconds(86_400)

    private mutating func takeBlocksOfProbation() {
        guard let start = adjustment.reached(.probation)?.advanced(by: adjustment.terms.settle) else { return }
        let newest = adjustment.after.last?.start
        adjustment.after += view.blocks.filter { block in block.start >= start && newest.map { block.start > $0 } ?? true }
    }
}
