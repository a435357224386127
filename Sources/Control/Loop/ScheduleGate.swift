import Measurements
import Policies

/// When a policy with a schedule may begin something. Pure; the only place where the time on the wall decides.
enum ScheduleGate: Equatable {
    /// The policy has no schedule, or its time has come.
    case open
    /// Its time came so long ago that what was missed is let go.
    case missed
    /// Not before this time; `nil` for a schedule that never comes.
    case closed(until: Timestamp?)
    /// Nobody has looked at the schedule before: the watch begins.
    case unknown

    /// How long after its time a cycle may still begin: sources may be silent, a controller may restart.
    static let grace = Duration.seconds(900)

    /// - Parameter seenThrough: Up to when due times were taken care of.
    init(_ schedules: [Policy.Schedule], seenThrough: Timestamp?, wall: Timestamp) {
        guard !schedules.isEmpty else {
            self = .open
            return
        }
        // A wall clock that went back begins the watch anew, rather than being silent until it has caught up.
        guard let seenThrough, seenThrough <= wall else {
            self = .unknown
            return
        }
        let due = schedules.compactMap { $0.cron.next(after: seenThrough, timezone: $0.timezone) }.min()
        guard let due, due <= wall else {
            self = .closed(until: due)
            return
        }
        self = wall.since(due).duration > Self.grace ? .missed : .open
    }
}
