#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How many files and connections this process may have open.
enum OpenFiles {
    /// Beside connections: files, pipes, the standard streams.
    private static let others: rlim_t = 256

    /// Raises this process's own limit, as far as the system lets it; many start with 1024, of which a thousand streams leave nothing.
    static func allow(_ connections: Int) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        let wanted = min(rlim_t(connections) + others, limit.rlim_max)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        // What cannot be had shows as connections that are not made.
        _ = setrlimit(resource, &limit)
    }
}
