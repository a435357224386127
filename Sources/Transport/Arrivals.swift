import CCurl

/// When what is being read arrived. Belongs to the event loop's thread.
///
/// The system notes when a packet comes in, in the middle of whatever else it does; this thread looks when it is given a processor, and
/// then reads one socket after the other. On a busy machine the difference is milliseconds.
final class Arrivals {
    /// Of the socket that is being read; `nil` where none is, or the system does not tell.
    private var noted: MonotonicTime?
    /// Monotonic minus wall clock: the system's notes are of the latter, which can be set.
    private var offset = 0 as Int64
    private var isOffsetSteady = false

    /// How far the clocks may drift apart between two looks without one of them having been set, in nanoseconds.
    private static let drift = 10_000 as Int64
    /// Older notes are taken for wrong ones, in nanoseconds.
    private static let oldest = 10_000_000_000 as Int64

    /// The time to put on bytes that are handed over now.
    var time: MonotonicTime { noted ?? .now }

    /// Compares the clocks; before the sockets of one look are read.
    func beginLook() {
        for _ in 0..<3 {
            let before = MonotonicTime.now.nanoseconds
            let wall = SystemCalls.wallClockNanoseconds()
            let after = MonotonicTime.now.nanoseconds
            guard after - before <= Self.drift else { continue }  // Something came between.
            let now = before + (after - before) / 2 - wall
            isOffsetSteady = abs(now - offset) <= Self.drift
            offset = now
            return
        }
        isOffsetSteady = false
    }

    /// Runs the reading of one socket.
    func reading(_ socket: Int32, _ read: () -> Void) {
        noted = arrival(at: socket)
        read()
        noted = nil
    }

    private func arrival(at socket: Int32) -> MonotonicTime? {
        guard isOffsetSteady else { return nil }
        let wall = ccurl_arrival(socket)
        guard wall > 0 else { return nil }
        let now = MonotonicTime.now
        let age = now.nanoseconds - (wall + offset)
        guard age <= Self.oldest, age >= -Self.drift else { return nil }
        return MonotonicTime(nanoseconds: now.nanoseconds - max(age, 0))
    }
}
