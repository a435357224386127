import Foundation

/// A file that appears under its name whole or not at all; what is no regular file, such as a pipe or a device, is written to directly.
final class OutputFile {
    private let path: String
    private let handle: FileHandle
    /// Where a regular file grows until it is complete.
    private let temporary: String?

    init(path: String) throws {
        guard !path.isEmpty else { throw CommandFailure("--output has no file name; - is standard output") }
        // A link keeps being one: what it points at is replaced.
        self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        var information = stat()
        let exists = stat(self.path, &information) == 0
        let isRegular = !exists || information.st_mode & S_IFMT == S_IFREG
        let name = isRegular ? self.path + ".partial-\(ProcessInfo.processInfo.processIdentifier)" : self.path
        let flags = isRegular ? O_WRONLY | O_CREAT | O_EXCL : O_WRONLY
        let descriptor = open(name, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno))). Nothing was written.")
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        temporary = isRegular ? name : nil
    }

    func write(_ data: Data) throws {
        do {
            try handle.write(contentsOf: data)
        } catch {
            throw CommandFailure("cannot write \(path): \(error.localizedDescription). Nothing of it is kept.")
        }
    }

    /// Gives the complete file its name.
    func finish() throws {
        try handle.close()
        guard let temporary, rename(temporary, path) != 0 else { return }
        throw CommandFailure("cannot rename \(temporary) to \(path): \(String(cString: strerror(errno)))")
    }

    deinit {
        // Nothing is left of a file that was broken off; after `finish` it has its final name.
        if let temporary { unlink(temporary) }
    }
}
