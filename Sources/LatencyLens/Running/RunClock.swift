import FoundationEssentials
import Measurements
import Transport

/// The monotonic clock of a run, and what the wall clock showed when it started.
struct RunClock: Sendable {
    let origin: MonotonicTime
    private let wall: Timestamp

    /// Starts now.
    init() {
        origin = .now
        wall = Timestamp(secondsSinceEpoch: Date().timeIntervalSince1970)
    }

    private init(origin: MonotonicTime, wall: Timestamp) {
        self.origin = origin
        self.wall = wall
    }

    /// The same clock, counting from another moment of it.
    func starting(at offset: Nanoseconds) -> RunClock { RunClock(origin: moment(offset), wall: wall.advanced(by: offset)) }

    var now: Nanoseconds { Nanoseconds(MonotonicTime.now.nanoseconds &- origin.nanoseconds) }

    func moment(_ offset: Nanoseconds) -> MonotonicTime { MonotonicTime(nanoseconds: origin.nanoseconds &+ offset.count) }

    func timestamp(_ offset: Nanoseconds) -> Timestamp { wall.advanced(by: offset) }

    /// Sleeps until a moment, and looks up ten times a second whether it still should.
    /// - Returns: Whether the moment came; `false` where the task was cancelled or there is no reason to wait any more.
    func sleep(until moment: Nanoseconds, while isWanted: () -> Bool) async -> Bool {
        while true {
            guard isWanted(), !Task.isCancelled else { return false }
            let left = moment - now
            guard left.count > 0 else { return true }
            // The last part is slept in one piece, so that a look-up never makes it late.
            let part = left.count > 250_000_000 ? Nanoseconds(100_000_000) : left
            // Cancellation is what the loop looks at first.
            try? await Task.sleep(for: part.duration, tolerance: .zero, clock: .suspending)
        }
    }
}
