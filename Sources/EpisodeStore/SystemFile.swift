#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The few calls of the operating system that a store makes beside SQLite.
enum SystemFile {
    /// A call that failed.
    struct Failure: Error {
        let code: Int32

        static var last: Failure { Failure(code: errno) }

        var isReadOnly: Bool { [EACCES, EPERM, EROFS].contains(code) }
        var isMissing: Bool { [ENOENT, ENOTDIR].contains(code) }
        var isFull: Bool { [ENOSPC, EDQUOT].contains(code) }
        var text: String { String(cString: strerror(code)) }
    }

    static func size(of path: String) throws(Failure) -> Int {
        var information = stat()
        guard stat(path, &information) == 0 else { throw .last }
        return Int(information.st_size)
    }

    static func isFolder(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }

    /// The path without symbolic links; `nil` where it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// Creates a folder that only its owner may enter, with its parents; existing ones stay as they are.
    static func createFolder(_ path: String) throws(Failure) {
        if isFolder(path) { return }
        let parent = Self.parent(of: path)
        if parent != path { try createFolder(parent) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Creates an empty file that only its owner may read; an existing one stays as it is.
    static func createFile(_ path: String) throws(Failure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
        close(descriptor)
    }

    /// Gives a file another name; what had that name is replaced in one step.
    static func move(_ path: String, to name: String) throws(Failure) {
        guard rename(path, name) == 0 else { throw .last }
    }

    /// Removes a file; one that is not there is as good as removed.
    static func remove(_ path: String) { unlink(path) }

    /// Takes from group and others what rights they have; a file that is missing or somebody else's stays as it is.
    static func makePrivate(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & 0o077 != 0 else { return }
        chmod(path, information.st_mode & 0o700)
    }

    /// The names of what is in a folder, in no order; none where there is no such folder.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The first bytes of a regular file; fewer where it is shorter. A pipe or a device is refused without waiting for anybody.
    /// - Parameter followingLinks: Whether a symbolic link is as good as what it points at.
    static func beginning(of path: String, count: Int, followingLinks: Bool = false) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw .last }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw Failure(code: information.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = read(descriptor, &bytes, count)
        guard length >= 0 else { throw .last }
        return Array(bytes.prefix(length))
    }

    /// Opens a file and locks it for this open file alone, until the descriptor is closed or the process ends, however it ends.
    /// - Returns: The descriptor; `nil` where somebody else holds the lock.
    static func openLocked(_ path: String) throws(Failure) -> Int32? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        let failure = Failure.last
        close(descriptor)
        guard failure.code == EWOULDBLOCK else { throw failure }
        return nil
    }

    /// Gives up the lock and closes. Closing alone would leave the lock with a child process that is just being started and has not let go of
    /// what it inherited.
    static func unlock(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Replaces the content of an open file.
    static func replaceContent(_ descriptor: Int32, with text: String) throws(Failure) {
        let bytes = Array(text.utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { throw .last }
    }

    /// Waits until what was written to an open file is on the disk.
    static func synchronize(_ descriptor: Int32) throws(Failure) {
        guard fsync(descriptor) == 0 else { throw .last }
    }

    static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
            _ = Musl.close(descriptor)
        #elseif canImport(Darwin)
            _ = Darwin.close(descriptor)
        #endif
    }

    static var processIdentifier: Int32 { getpid() }
}
