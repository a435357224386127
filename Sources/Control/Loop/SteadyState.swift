import Learning
import Measurements
import Policies
import Verification

/// Since when the target has run with the settings it has now: what was measured before belongs to another deployment, and a change
/// compared with it would be judged by what an earlier change did.
struct SteadyState: Sendable {
    /// `nil` until the target was seen.
    private(set) var since: Timestamp?
    private var identity: String?
    private var values: [String: KnobValue] = [:]

    /// Takes in a look at the target; a look that failed tells nothing.
    mutating func note(_ observation: TargetObservation?, at now: Timestamp) {
        guard let observation else { return }
        let seen = observation.values.mapValues(\.value)
        let isSame =
            identity == observation.identity && seen.count == values.count
            && seen.allSatisfy { name, value in values[name].map { $0.isSame(as: value) } ?? false }
        if since == nil || !isSame || observation.rollout != .settled { since = now }
        identity = observation.identity
        values = seen
    }

    /// The blocks that were measured on the target as it is, without those in which it settled; all where no target was ever seen.
    func baseline(of blocks: [LatencyBlock], settle: Duration) -> [LatencyBlock] {
        guard let since else { return blocks }
        let start = since.advanced(by: settle)
        return blocks.filter { $0.start >= start }
    }
}
