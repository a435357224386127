import Control
import Verification

/// Tells from look to look how often the replicas of each group were started again.
///
/// A replica that is first seen while others were seen before was made since, and so were its restarts; one that tells fewer than before was
/// made anew under its old name. Of what happened before the first look nothing is known.
struct RestartCounter {
    private var last: [String: Int] = [:]
    private var hasLooked = false

    struct Growth: Hashable {
        /// `nil` where no replica of the group tells.
        var restarts: Int?
        var wasKilledForMemory = false
    }

    /// Takes the next look. Replicas that do not run what their group is to run are left out: what they do says nothing of the change.
    mutating func look(_ status: CanaryStatus) -> [CanaryGroup: Growth] {
        defer { hasLooked = true }
        var growth: [CanaryGroup: Growth] = [:]
        for (group, pods) in [(CanaryGroup.canary, status.canary), (.control, status.control)] {
            var found = Growth()
            for pod in pods where pod.isCurrent {
                guard let restarts = pod.restarts else { continue }
                let before = last[pod.name] ?? (hasLooked ? 0 : restarts)
                let more = restarts >= before ? restarts - before : restarts
                found.restarts = (found.restarts ?? 0) + more
                if more > 0, pod.wasKilledForMemory == true { found.wasKilledForMemory = true }
                last[pod.name] = restarts
            }
            growth[group] = found
        }
        return growth
    }
}
