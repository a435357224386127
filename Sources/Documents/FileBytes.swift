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

    /// - Throws: `DocumentError` that names the path and the system's reason.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
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
    }

    deinit { close(descriptor) }

    /// Reads up to `count` bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawPointer, count wanted: Int) throws -> Int {
        while true {
            let got = systemRead(descriptor, buffer, wanted)
            if got >= 0 { return got }
            guard errno == EINTR else { throw DocumentError(.unreadable, "cannot read '\(path)': \(Self.reason())") }
        }
    }

    /// Where a byte first stands in a piece of memory.
    static func firstIndex(of byte: UInt8, in start: UnsafeRawPointer, count: Int) -> Int? {
        memchr(start, Int32(byte), count).map { UnsafeRawPointer($0) - start }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int { read(descriptor, buffer, count) }
