import Measurements
import Policies

/// Whether the target can be seen; says so once when it could not be for a while.
struct TargetHealth: Sendable {
    private var since: Timestamp?
    private var hasComplained = false

    /// Takes in how a look went.
    /// - Returns: A sentence when the target has just been out of sight for too long.
    mutating func take(_ sight: AdjustmentView.Sight?, at now: Timestamp, patience: Duration) -> String? {
        guard case .unseen(let why)? = sight else {
            since = nil
            hasComplained = false
            return nil
        }
        let begin = since ?? now
        since = begin
        guard !hasComplained, now.since(begin).duration >= patience else { return nil }
        hasComplained = true
        return "the target cannot be seen, so nothing is begun and nothing is kept: \(why)"
    }
}
