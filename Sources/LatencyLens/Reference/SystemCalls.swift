import CEpoll

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Processor time, in seconds.
enum ProcessorTime {
    static var ofThread: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }
    static var ofProcess: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Blocks this thread.
func pauseThread(_ nanoseconds: Int64) {
    guard nanoseconds > 0 else { return }
    var length = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var left = timespec()
    while nanosleep(&length, &left) != 0 && errno == EINTR { length = left }
}

/// Wakes a thread that waits for descriptors.
final class WakeUp: Sendable {
    let descriptor: Int32

    init() throws(SystemFailure) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw SystemFailure.last("eventfd") }
    }

    deinit { _ = close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // A full counter has woken already.
        _ = write(descriptor, &one, 8)
    }
}

/// Listens on a free port of the loopback interface.
final class ListeningSocket: Sendable {
    let descriptor: Int32
    let port: Int

    init() throws(SystemFailure) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure.last("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(descriptor, address, length) == 0, listen(descriptor, 4_096) == 0 else { return false }
                return getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else {
            let failure = SystemFailure.last("bind, listen")
            _ = close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { _ = close(descriptor) }

    /// The next client, not blocking; `nil` where there is none.
    func accept() -> Int32? {
        let client = takeConnection(descriptor, nil, nil)
        guard client >= 0 else { return nil }
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        var one: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return client
    }
}

/// Waits for descriptors to be readable or broken.
struct ReadinessQueue {
    private let descriptor: Int32
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    init() throws(SystemFailure) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemFailure.last("epoll_create1") }
    }

    func watch(_ watched: Int32, writing: Bool = false, isKnown: Bool = false) {
        var event = epoll_event()
        event.events = writing ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
        event.data.fd = watched
        epoll_ctl(descriptor, isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watched, &event)
    }

    /// - Parameter milliseconds: −1 waits without limit.
    mutating func wait(milliseconds: Int32) -> [Int32] {
        let count = epoll_wait(descriptor, &events, Int32(events.count), milliseconds)
        return count > 0 ? events.prefix(Int(count)).map(\.data.fd) : []
    }

    func close() { closeDescriptor(descriptor) }
}

/// By another name than the methods that use it.
private let takeConnection = accept

func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }

/// What a non-blocking call came to.
enum Transferred {
    case bytes(Int)
    case wouldBlock
    case closed
}

func receive(_ descriptor: Int32, into buffer: inout [UInt8]) -> Transferred {
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return .bytes(count) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .wouldBlock : .closed
}

func transmit(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Transferred {
    let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    if count >= 0 { return .bytes(count) }
    return errno == EAGAIN || errno == EINTR ? .wouldBlock : .closed
}

extension SystemFailure {
    static func last(_ call: String) -> SystemFailure { SystemFailure(description: "\(call): \(String(cString: strerror(errno)))") }
}
