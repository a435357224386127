import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The calls of the operating system that the transport makes itself.
enum SystemCalls {
    static func monotonicNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func wallClockNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Waits for many descriptors at once, and for a wake-up from other threads.
struct Poller: Sendable {
    /// A descriptor that could not be had, in the system's words.
    struct Failure: Error {
        let cause: String
    }

    struct Readiness {
        let descriptor: Int32
        let isReadable: Bool
        let isWritable: Bool
        let isBroken: Bool
    }

    private let epoll: Int32
    private let wakeUps: Int32
    private let alarm: Int32

    init() throws(Failure) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw Failure(cause: "epoll_create1: \(String(cString: strerror(errno)))") }
        wakeUps = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeUps >= 0 else {
            let code = errno
            _ = close(epoll)
            throw Failure(cause: "eventfd: \(String(cString: strerror(code)))")
        }
        alarm = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        guard alarm >= 0 else {
            let code = errno
            _ = close(epoll)
            _ = close(wakeUps)
            throw Failure(cause: "timerfd_create: \(String(cString: strerror(code)))")
        }
        watch(wakeUps, reading: true, writing: false, isKnown: false)
        watch(alarm, reading: true, writing: false, isKnown: false)
    }

    /// Ends a wait at a moment, to the microsecond where the wait's own limit is in milliseconds; the last call counts.
    func setAlarm(at time: MonotonicTime?) {
        var setting = itimerspec()
        if let time {
            let nanoseconds = max(time.nanoseconds, 1)  // 0 would switch it off.
            setting.it_value = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        }
        timerfd_settime(alarm, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    /// - Parameter isKnown: Whether it is watched already, and this changes for what.
    func watch(_ descriptor: Int32, reading: Bool, writing: Bool, isKnown: Bool) {
        var event = epoll_event()
        if reading { event.events |= EPOLLIN.rawValue }
        if writing { event.events |= EPOLLOUT.rawValue }
        event.data.fd = descriptor
        // A descriptor that was closed and given out again is not what its number suggests; then the other call is right.
        if epoll_ctl(epoll, isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) != 0 {
            epoll_ctl(epoll, isKnown ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
        }
    }

    func forget(_ descriptor: Int32) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// Ends the present or the next wait; from any thread.
    func wakeUp() {
        var one: UInt64 = 1
        write(wakeUps, &one, 8)
    }

    /// Waits until something is ready; wake-ups are not among what it returns.
    /// - Parameter milliseconds: −1 waits without limit.
    func wait(milliseconds: Int32, into events: inout [epoll_event]) -> [Readiness] {
        let count = epoll_wait(epoll, &events, Int32(events.count), milliseconds)
        guard count > 0 else { return [] }
        return events.prefix(Int(count)).compactMap { event in
            if event.data.fd == wakeUps || event.data.fd == alarm {
                takeCount(of: event.data.fd)
                return nil
            }
            return Readiness(
                descriptor: event.data.fd, isReadable: event.events & EPOLLIN.rawValue != 0,
                isWritable: event.events & EPOLLOUT.rawValue != 0,
                isBroken: event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0)
        }
    }

    /// Waits for a wake-up alone.
    /// - Returns: Whether it came.
    func waitForWakeUp(atMost duration: Duration) -> Bool {
        guard ccurl_wait_readable(wakeUps, min(duration.inNanoseconds, 1_000_000_000)) else { return false }
        takeCount(of: wakeUps)
        return true
    }

    private func takeCount(of descriptor: Int32) {
        var count: UInt64 = 0
        read(descriptor, &count, 8)
    }

    static func eventBuffer() -> [epoll_event] { Array(repeating: epoll_event(), count: 512) }

    func closeDescriptors() {
        _ = close(epoll)
        _ = close(wakeUps)
        _ = close(alarm)
    }
}
