public import Measurements

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The clocks and the waiting of the client, so that a test can turn them.
public struct ClientClock: Sendable {
    /// Since an unspecified point. Runs on while the process is stopped and while the machine sleeps; nobody sets it.
    public var now: @Sendable () -> Duration
    /// What clocks on the wall show.
    public var wall: @Sendable () -> Timestamp
    /// Waits on the clock of ``now``; ends early, with an error, where the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void

    public init(
        now: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.wall = wall
        self.sleep = sleep
    }

    public static let system = ClientClock(
        now: { reading(bootClock) },
        wall: { Timestamp(nanosecondsSinceEpoch: 0).advanced(by: reading(CLOCK_REALTIME)) },
        sleep: { try await Task.sleep(for: max($0, .zero)) })

    private static func reading(_ clock: clockid_t) -> Duration {
        var time = timespec()
        let failed = clock_gettime(clock, &time)
        precondition(failed == 0, "the system has no clock \(clock)")
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

#if os(Linux)
    private let bootClock = CLOCK_BOOTTIME
#else
    /// Counts on while the machine sleeps, as Linux' boot clock does.
    private let bootClock = CLOCK_MONOTONIC
#endif
