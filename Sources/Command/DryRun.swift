import Control
import Measurements
import Policies

/// One cycle that changes nothing: evidence from files, a snapshot, a decision.
struct DryRun {
    let snapshot: Snapshot
    let decision: Decision
    /// What the reader of the report must know about how the evidence was chosen.
    let notes: [String]

    /// - Parameter now: Time of the decision where the evidence tells none.
    init(policy: Policy, evidence: Evidence, state: TargetState, history: ControlHistory, now: Timestamp) {
        let builder = SnapshotBuilder(
            policy: policy, windows: evidence.windows, reported: evidence.reported, sources: evidence.sources, state: state,
            history: history)
        snapshot = builder.importedRun(now: now)
        decision = decide(snapshot, under: policy)
        notes =
            evidence.notes + Self.notes(evidence) + (policy.suspend ? ["the policy is suspended: nothing would be done about this"] : [])
    }

    private static func notes(_ evidence: Evidence) -> [String] {
        let windows = evidence.windows
        var notes: [String] = []
        if windows.lateCount > 0 {
            notes.append("\(windows.lateCount) measurements were older than the windows reach; they are in the totals only")
        }
        if windows.untimedCount > 0, windows.untimedCount < windows.whole.requests {
            notes.append("\(windows.untimedCount) measurements tell no time; they are in the totals only")
        }
        if windows.ungroupedCount > 0 {
            notes.append("\(windows.ungroupedCount) measurements belong to further models or endpoints than are listed apart")
        }
        return notes
    }
}
