import Control
import Foundation
import Measurements

/// A clock that runs several times as fast as real time.
struct DemoClock: ControlClock {
    /// Simulated seconds per real second.
    let scale: Double
    private let start: Timestamp
    private let real = ContinuousClock.now

    init(scale: Double) {
        self.scale = scale
        // A whole minute, so that stretches of measurement begin with the simulation.
        start = Timestamp(nanosecondsSinceEpoch: Timestamp.now.nanosecondsSinceEpoch / 60_000_000_000 * 60_000_000_000)
    }

    /// Simulated time since the beginning.
    var elapsed: Nanoseconds { Nanoseconds(seconds: real.duration(to: .now).inSeconds * scale) }

    var steady: Timestamp { start.advanced(by: elapsed) }
    var wall: Timestamp { steady }

    /// Waits until a simulated time.
    /// - Throws: `CancellationError`; `CommandFailure` where the user asks to stop.
    func sleep(until time: Nanoseconds) async throws {
        while elapsed < time {
            try Interruption.check()
            let rest = Duration.seconds(fractional: (time - elapsed).seconds / scale)
            try await Task.sleep(for: min(rest, .milliseconds(100)))
        }
    }
}
