import GRDB

extension EpisodeStore {
    /// Makes sure that the folder exists.
    /// - Returns: The canonical path of the store.
    static func prepareFolder(of path: String) throws -> String {
        let folder = SystemFile.parent(of: path)
        do {
            try SystemFile.createFolder(folder)
        } catch {
            throw StoreError(error, attempt: "open", path: path, on: folder)
        }
        let canonical = StoreFile.canonical(path)
        guard !SystemFile.isFolder(canonical) else {
            throw StoreError(
                kind: .notADatabase, attempt: "open", path: canonical, cause: "it is a folder",
                aftermath: "Nothing was changed; name a file in it with --store.")
        }
        return canonical
    }

    /// Creates the file with the mark of a store, so that it is recognised from its first byte on.
    ///
    /// This happens before the write-ahead log exists: the mark is in the file itself, whatever happens to the log.
    static func create(_ path: String) throws {
        let fresh = path + ".new"
        SystemFile.remove(fresh)  // Left by a process that was killed here; the lock says that nobody else is.
        do {
            try SystemFile.createFile(fresh)
            let queue = try DatabaseQueue(path: fresh, configuration: configuration())
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                try database.execute(sql: "PRAGMA application_id = \(StoreFile.applicationIdentifier)")
            }
            try queue.close()
            // Whoever looks meanwhile sees no store or a whole one, and never a database without the mark.
            try SystemFile.move(fresh, to: path)
        } catch let failure as SystemFile.Failure {
            throw StoreError(failure, attempt: "create", path: path, on: path)
        }
    }

    /// Looks at an existing store through a connection that cannot write, before any that can is opened.
    static func inspect(_ path: String) throws {
        if !SystemFile.isWritable(path) || !SystemFile.isWritable(SystemFile.parent(of: path)) {
            throw StoreError(
                kind: .readOnly, attempt: "open", path: path, cause: "the file or its folder is not writable for this user",
                aftermath: "Nothing was changed; make both writable, or name another file with --store.")
        }
        let queue = try openForReading(path)
        try queue.read { try checkSchema($0, path: path) }
        try queue.close()
    }

    static func openPool(_ path: String, maximumBytes: Int?) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration())
        try pool.writeWithoutTransaction { database in
            // A journal must be on the disk before what it announces happens, also when the power fails: SQLite's default for logs is less.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        try Schema.migrator.migrate(pool)
        if let maximumBytes {
            try pool.writeWithoutTransaction { database in
                let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4_096
                // A pragma that answers with the limit in force, which is never below what the file has already.
                _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(max(1, maximumBytes / pageSize))")
            }
        }
        return pool
    }

    static func openForReading(_ path: String) throws -> DatabaseQueue {
        var configuration = configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: readingAddress(path), configuration: configuration)
    }

    /// In a folder that cannot be written, where SQLite cannot keep its shared memory, a store that nobody has open is read as immutable.
    private static func readingAddress(_ path: String) -> String {
        let logIsPresent = SystemFile.resolved(path + "-wal") != nil
        guard !SystemFile.isWritable(SystemFile.parent(of: path)), !logIsPresent else { return path }
        let escaped = path.flatMap { character -> [Character] in
            switch character {
            case "%": Array("%25")
            case "?": Array("%3F")
            case "#": Array("%23")
            default: [character]
            }
        }
        return "file:" + String(escaped) + "?immutable=1"
    }

    static func checkSchema(_ database: Database, path: String) throws {
        try StoreFile.check(schema: try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0, path: path)
        // Reads the whole schema: a file whose first pages are damaged is refused here.
        _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master")
    }

    /// A reader cannot bring an older store up to date.
    static func checkReadable(_ database: Database, path: String) throws {
        try checkSchema(database, path: path)
        let schema = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard schema < Schema.version else { return }
        throw StoreError(
            kind: .olderSchema, attempt: "read", path: path,
            cause: "its schema has version \(schema), this program reads version \(Schema.version)",
            aftermath: "Nothing was changed; the next import, recommend or run of this program brings it up to date.")
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.label = "episode-store"
        return configuration
    }
}
