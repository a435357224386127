import Measurements

/// Simulated time that runs with the machine's monotonic clock, faster or slower by a factor.
struct ScaledClock: Sendable {
    private let start = ContinuousClock.now
    /// Simulated seconds in a real one.
    let scale: Double

    var now: Nanoseconds { Nanoseconds(seconds: (ContinuousClock.now - start).inSeconds * scale) }

    /// When a simulated moment is.
    func instant(of moment: Nanoseconds) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(fractional: moment.seconds / scale))
    }

    /// Real seconds of a simulated length of time.
    func realSeconds(_ length: Nanoseconds) -> Double { length.seconds / scale }
}
