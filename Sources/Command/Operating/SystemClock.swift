import Control
import Foundation
import Measurements

/// The clocks of this machine. The steady one begins at the wall's time and is set by nobody afterwards; it runs on while the machine sleeps.
struct SystemClock: ControlClock {
    private let startWall: Int64
    private let startSteady: Int64

    init() {
        startWall = Timestamp.now.nanosecondsSinceEpoch
        startSteady = Self.monotonic
    }

    var steady: Timestamp { Timestamp(nanosecondsSinceEpoch: startWall + Self.monotonic - startSteady) }

    var wall: Timestamp { .now }

    /// Nanoseconds since the machine started, times asleep included.
    private static var monotonic: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
