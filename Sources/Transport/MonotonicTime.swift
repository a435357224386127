/// A point of the system's monotonic clock, which no correction of the wall clock moves.
public struct MonotonicTime: Sendable, Hashable, Comparable {
    /// Since an unspecified point of the past, often the machine's start.
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static var now: MonotonicTime { MonotonicTime(nanoseconds: SystemCalls.monotonicNanoseconds()) }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }
    public static func - (left: MonotonicTime, right: MonotonicTime) -> Duration { .nanoseconds(left.nanoseconds - right.nanoseconds) }

    /// Later by a duration; the end of time where that is beyond it.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.inNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to 292 years.
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, tooMuch) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return tooMuch ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole milliseconds, at least 1, at most what libcurl takes for a time-out.
    var inMillisecondsForCurl: Int {
        Int(min(max(inNanoseconds / 1_000_000, 1), Int64(Int32.max)))
    }
}
