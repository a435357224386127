#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// An open file that is read forwards in large pieces.
final class FileBytes {
    let path: String
    /// Bytes when it was opened; 0 for a pipe.
    let size: Int
    /// Whether it can be opened and read again from its start.
    let isRegular: Bool
    private let descriptor: Int32
    /// Of a pipe nothing was read yet, and perhaps nobody will ever write to it.
    private var awaitsWriter: Bool

    /// How long somebody is waited for who writes to a pipe; from then on for as long as it takes.
    private static let patienceMilliseconds: Int32 = 1_500

    /// - Throws: `DocumentError` that names the path and the system's reason.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw DocumentError(.unreadable, "cannot open '\(path)': \(Self.reason())") }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = Self.reason()
            close(descriptor)
            throw DocumentError(.unreadable, "cannot read '\(path)': \(reason)")
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw DocumentError(.unreadable, "cannot read '\(path)': it is a directory")
        }
        size = Int(status.st_size)
        isRegular = status.st_mode & S_IFMT == S_IFREG
        awaitsWriter = status.st_mode & S_IFMT == S_IFIFO
        if !awaitsWriter { waitInReads() }
    }

    deinit { close(descriptor) }

    /// Reads up to `count` bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawPointer, count wanted: Int) throws -> Int {
        if awaitsWriter, let got = try readFirst(into: buffer, count: wanted) { return got }
        while true {
            let got = systemRead(descriptor, buffer, wanted)
            if got >= 0 { return got }
            guard errno == EINTR else { throw DocumentError(.unreadable, "cannot read '\(path)': \(Self.reason())") }
        }
    }

    /// - Returns: `nil` where somebody writes to the pipe and has written nothing yet.
    private func readFirst(into buffer: UnsafeMutableRawPointer, count wanted: Int) throws -> Int? {
        awaitsWriter = false
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&wait, 1, Self.patienceMilliseconds) < 0, errno == EINTR {}
        let got = systemRead(descriptor, buffer, wanted)
        if got == 0, wait.revents == 0 {
            throw DocumentError(.unreadable, "cannot read '\(path)': it is a pipe, and nobody writes to it")
        }
        waitInReads()
        return got >= 0 ? got : nil
    }

    private func waitInReads() { _ = fcntl(descriptor, F_SETFL, 0) }

    /// Where a byte first stands in a piece of memory.
    static func firstIndex(of byte: UInt8, in start: UnsafeRawPointer, count: Int) -> Int? {
        memchr(start, Int32(byte), count).map { UnsafeRawPointer($0) - start }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int { read(descriptor, buffer, count) }
