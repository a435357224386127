#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A TCP socket on loopback, as the few calls a test server makes; it owns nothing and closes when told.
struct StreamSocket: Sendable {
    /// A call that failed, or a peer that is gone.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32

        var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    let descriptor: Int32

    /// A socket that listens on 127.0.0.1, on a port the system chose.
    static func listening() throws(Failure) -> StreamSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withGeneric(&address) { bind(descriptor, $0, $1.pointee) }
        guard bound == 0, listen(descriptor, 4096) == 0 else {
            let code = errno
            Self(descriptor: descriptor).close()
            throw Failure(call: "listen on 127.0.0.1", code: code)
        }
        return StreamSocket(descriptor: descriptor)
    }

    /// The local port, `1...65535`.
    func port() throws(Failure) -> Int {
        var address = sockaddr_in()
        guard Self.withGeneric(&address, { getsockname(descriptor, $0, $1) }) == 0 else { throw Failure(call: "getsockname", code: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next connection, without Nagle's delay.
    func accept() throws(Failure) -> StreamSocket {
        while true {
            let connection = acceptFirst()
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                var one: Int32 = 1
                setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
                return StreamSocket(descriptor: connection)
            }
            guard errno == EINTR || errno == ECONNABORTED else { throw Failure(call: "accept", code: errno) }
        }
    }

    /// Up to `count` bytes; none at the end of what the peer sends.
    func receive(_ count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let length = recv(descriptor, &bytes, count, 0)
            if length >= 0 { return Array(bytes.prefix(length)) }
            guard errno == EINTR else { throw Failure(call: "receive", code: errno) }
        }
    }

    /// Sends all bytes; waits as long as the peer does not take them.
    func send(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let length = bytes.withUnsafeBytes { Self.write(descriptor, $0.baseAddress! + sent, $0.count - sent) }
            if length >= 0 { sent += length } else if errno != EINTR { throw Failure(call: "send", code: errno) }
        }
    }

    /// Waits until the peer has closed its side or this side is shut down, or until the time is over.
    /// - Parameter milliseconds: −1 waits without limit.
    /// - Returns: Whether the peer is gone.
    func waitForHangup(milliseconds: Int32) -> Bool {
        let hangup = Int16(truncatingIfNeeded: 0x2000)  // POLLRDHUP, which no header spells without _GNU_SOURCE.
        var entry = pollfd(fd: descriptor, events: hangup, revents: 0)
        var ready = poll(&entry, 1, milliseconds)
        while ready < 0 && errno == EINTR { ready = poll(&entry, 1, milliseconds) }
        return ready > 0
    }

    /// Ends both directions; whoever waits on the socket, in any thread, wakes up.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the next close send a reset instead of an orderly end.
    func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }

    /// Keeps the system from hiding a reader that does not read.
    func limitSendBuffer(bytes: Int32) {
        var size = bytes
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    func close() {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
            _ = Musl.close(descriptor)
        #endif
    }

    private func acceptFirst() -> Int32 {
        #if canImport(Glibc)
            Glibc.accept(descriptor, nil, nil)
        #elseif canImport(Musl)
            Musl.accept(descriptor, nil, nil)
        #endif
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.send(descriptor, bytes, count, Int32(MSG_NOSIGNAL))
        #elseif canImport(Musl)
            Musl.send(descriptor, bytes, count, Int32(MSG_NOSIGNAL))
        #endif
    }

    private static func withGeneric(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }
}
