import Learning
import Measurements
import Policies
import Verification

extension EpisodeRecord {
    /// Notes what the physical model expects of the change, so that episodes teach what it is wrong by.
    mutating func predict(_ candidate: Candidate, from snapshot: Snapshot, policy: Policy) {
        let physics = PhysicalPrior().effect(of: candidate, in: OperatingPoint(snapshot, policy: policy))
        for (outcome, effect) in physics.outcomes where effect.logRatio.isFinite {
            predictions.afterUnchanged[outcome] = 0
            predictions.afterChanged[outcome] = effect.logRatio
        }
    }
}

extension TargetObservation {
    /// Replicas in force; `nil` where the policy has no such knob or the target does not tell.
    func replicas(_ policy: Policy) -> Double? {
        policy.knobs.first { $0.role == .replicas }.flatMap { values[$0.name]?.value.numeric }
    }
}

/// The blocks before a decision, told apart by whether they had a part in it.
struct BlocksBefore {
    /// Those that made the trigger fire: selected for being extreme, and never a baseline.
    let fired: [LatencyBlock]
    /// The last ones before those, at a distance; all that there are where there are too few.
    let baseline: [LatencyBlock]

    /// Blocks of a baseline, and those left out between it and the trigger's window (control dossier, §3.4).
    static let count = 8
    static let distance = 4

    init(_ blocks: [LatencyBlock], trigger: Trigger?, decidedAt: Timestamp) {
        guard let trigger, let length = blocks.last?.length else {
            (fired, baseline) = ([], blocks)
            return
        }
        let start = decidedAt.advanced(by: .zero - trigger.window)
        fired = blocks.filter { $0.start.advanced(by: $0.length) > start }
        let earlier = blocks.filter { $0.start.advanced(by: $0.length + length * Self.distance) <= start }
        baseline = earlier.count >= Self.count ? Array(earlier.suffix(Self.count)) : blocks
    }
}

extension ContaminationCheck {
    /// What the blocks around a change tell of it.
    init(_ adjustment: Adjustment, closedAt now: Timestamp) {
        let length = adjustment.before.last?.length ?? adjustment.terms.verification.blockLength
        self.init(
            decidedAt: adjustment.proposedAt, closedAt: max(now, adjustment.proposedAt), window: length * BlocksBefore.count)
        failuresBefore = Self.failures(adjustment.before)
        failuresAfter = Self.failures(adjustment.after)
        expectedBuckets = adjustment.after.count
        filledBuckets = adjustment.after.count { $0.requests > 0 }
    }

    private static func failures(_ blocks: [LatencyBlock]) -> (failed: Int, all: Int) {
        (blocks.reduce(0) { $0 + $1.failed }, blocks.reduce(0) { $0 + $1.requests })
    }
}
