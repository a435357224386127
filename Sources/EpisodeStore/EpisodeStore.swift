import GRDB
import Synchronization

/// The durable memory of the optimizer: imports, measurements, cycles, trigger states, changes and episodes in one SQLite file.
///
/// Every method does its work in one transaction: it happens as a whole or not at all, also when the process is killed in the middle.
/// Nothing here reads a clock; times are given. No prompt, no answer and no credential is ever stored.
public final class EpisodeStore: Sendable {
    /// Absolute, without symbolic links.
    public let path: String
    let reader: any DatabaseReader
    private let pool: DatabasePool?
    /// Held as long as the store is open for writing; declared after the connections it protects.
    private let lock: WriterLock?
    /// What was learned, by deployment.
    let learnedCache = Mutex<[String: Learned]>([:])

    /// Opens a store for reading and writing, and creates it where there is none, readable for its owner alone.
    /// - Parameter maximumBytes: What the file may grow to; what does not fit fails with `diskFull`. `nil` for as far as the disk goes.
    /// - Throws: `StoreError`; a file that is not a store of ours, or of a newer version, is left as it is, byte for byte.
    public convenience init(path: String, maximumBytes: Int? = nil) throws {
        let prepared = try Self.prepareFolder(of: path)
        _ = try StoreFile(path: prepared)  // Refused before a lock file is put beside it.
        let lock = try WriterLock(storePath: prepared)
        let pool = try StoreError.translating("open", path: prepared) {
            switch try StoreFile(path: prepared).state {
            case .absent, .empty: try Self.create(prepared)
            case .store: try Self.inspect(prepared)
            }
            for file in [prepared] + StoreFile.companions(of: prepared) { SystemFile.makePrivate(file) }
            return try Self.openPool(prepared, maximumBytes: maximumBytes)
        }
        self.init(path: prepared, reader: pool, pool: pool, lock: lock)
    }

    /// Opens an existing store for reading only; it may be written to by another process meanwhile.
    /// - Throws: `StoreError`, of kind `missing` where there is none.
    public convenience init(readingFrom path: String) throws {
        let path = StoreFile.canonical(path)
        guard try StoreFile(path: path).state == .store else {
            throw StoreError(
                kind: .missing, attempt: "read", path: path, cause: "there is no such store",
                aftermath: "The first import, recommend or run creates it; or name another file with --store.")
        }
        let queue = try StoreError.translating("read", path: path) {
            let queue = try Self.openForReading(path)
            try queue.read { try Self.checkReadable($0, path: path) }
            return queue
        }
        self.init(path: path, reader: queue, pool: nil, lock: nil)
    }

    private init(path: String, reader: any DatabaseReader, pool: DatabasePool?, lock: WriterLock?) {
        self.path = path
        self.reader = reader
        self.pool = pool
        self.lock = lock
    }

    /// Runs work in one read transaction.
    func read<Value>(_ attempt: String, _ work: (Database) throws -> Value) throws -> Value {
        try StoreError.translating(attempt, path: path) { try reader.read(work) }
    }

    /// Runs work in one write transaction, which is undone as a whole where the work throws.
    func write<Value>(_ attempt: String, _ work: (Database) throws -> Value) throws -> Value {
        try StoreError.translating(attempt, path: path) { try writer(attempt).write(work) }
    }

    /// The writing connections.
    /// - Throws: `StoreError` where the store was opened for reading only.
    func writer(_ attempt: String) throws -> DatabasePool {
        guard let pool else {
            throw StoreError(
                kind: .readOnly, attempt: attempt, path: path, cause: "it was opened for reading only",
                aftermath: "Nothing was changed; open it for writing.")
        }
        return pool
    }

    /// Searches the whole file for contradictions; takes seconds per gigabyte.
    /// - Returns: What was found, at most 100 lines; empty for a sound store.
    public func integrityCheck() throws -> [String] {
        try read("check") { database in
            let structure = try String.fetchAll(database, sql: "PRAGMA integrity_check(100)").filter { $0 != "ok" }
            let orphans = try Row.fetchAll(database, sql: "SELECT * FROM pragma_foreign_key_check LIMIT 100")
            return structure
                + orphans.map { "a row of \($0["table"] as String? ?? "?") refers to a missing row of \($0["parent"] as String? ?? "?")" }
        }
    }
}
