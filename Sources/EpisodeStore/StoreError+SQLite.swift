import GRDB

extension StoreError {
    /// The store's words for what SQLite reports.
    init(_ error: DatabaseError, attempt: String, path: String) {
        let (kind, aftermath) = Self.meaning(of: error, path: path)
        // The message alone: statements and arguments hold data that does not belong in a log.
        let cause = "SQLite says '\(error.message ?? "\(error.resultCode)")' (code \(error.extendedResultCode.rawValue))"
        self.init(kind: kind, attempt: attempt, path: path, cause: cause, aftermath: aftermath)
    }

    private static func meaning(of error: DatabaseError, path: String) -> (kind: Kind, aftermath: String) {
        switch error.resultCode {
        case .SQLITE_CORRUPT:
            (.corrupt, "Nothing was changed; move it aside, keep its -wal file with it, and restore a copy or start anew.")
        case .SQLITE_NOTADB: (.notADatabase, "Nothing was changed; name another file with --store.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            (.readOnly, "Nothing was changed; make the file and its folder writable for this user or name another file with --store.")
        case .SQLITE_FULL:
            (.diskFull, "What was being written was undone as a whole; make room on the disk, prune the store or raise its limit.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (.locked, "Nothing was changed; end the program that holds it, or try again.")
        case .SQLITE_CANTOPEN, .SQLITE_IOERR:
            (.unreadable, "What was being written was undone as a whole; look at the file's rights and the disk.")
        case .SQLITE_CONSTRAINT:
            (.conflict, "What was being written was undone as a whole.")
        default: (.failed, "What was being written was undone as a whole.")
        }
    }

    /// Runs database work and puts what SQLite throws into the store's words; other errors pass.
    static func translating<Value>(_ attempt: String, path: String, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw StoreError(error, attempt: attempt, path: path)
        }
    }
}
