import GRDB
import GRDBSQLite

/// A prepared statement without a value object per column: for the two places where rows come by the hundred thousand.
///
/// It must not outlive the access to the database that it was made in.
final class DirectStatement {
    private let statement: OpaquePointer
    private let connection: OpaquePointer

    init(_ database: Database, _ sql: String) throws {
        var prepared: OpaquePointer?
        guard let connection = database.sqliteConnection else {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the connection is closed")
        }
        let code = sqlite3_prepare_v2(connection, sql, -1, &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw Self.error(code, connection) }
        self.connection = connection
        statement = prepared
    }

    deinit { sqlite3_finalize(statement) }

    /// Makes it ready to run again; what is bound stays bound.
    func reset() { sqlite3_reset(statement) }

    /// - Returns: Whether there is a row.
    func step() throws -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw Self.error(code, connection)
        }
    }

    // MARK: Parameters, by their 1-based number

    func bind(_ value: Int64?, at index: Int32) {
        if let value { sqlite3_bind_int64(statement, index, value) } else { sqlite3_bind_null(statement, index) }
    }

    /// NaN has no place in SQLite and would become a missing value; it is for the caller to keep apart.
    func bind(_ value: Double?, at index: Int32) {
        if let value { sqlite3_bind_double(statement, index, value) } else { sqlite3_bind_null(statement, index) }
    }

    func bind(_ value: String?, at index: Int32) {
        guard var value else {
            sqlite3_bind_null(statement, index)
            return
        }
        guard !value.isEmpty else {
            sqlite3_bind_text(statement, index, "", 0, Self.copying)  // An empty string may have no address, which would mean null.
            return
        }
        value.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { characters in
                _ = sqlite3_bind_text(statement, index, characters.baseAddress, Int32(characters.count), Self.copying)
            }
        }
    }

    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            sqlite3_bind_zeroblob(statement, index, 0)
            return
        }
        sqlite3_bind_blob(statement, index, start, Int32(bytes.count), Self.copying)
    }

    // MARK: Columns of the row, by their 0-based number

    func integer(_ index: Int32) -> Int64 { sqlite3_column_int64(statement, index) }

    func number(_ index: Int32) -> Double { sqlite3_column_double(statement, index) }

    func text(_ index: Int32) -> String {
        guard let text = sqlite3_column_text(statement, index) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, index))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// Reads a blob in place.
    /// - Returns: What `read` makes of it; `nil` where the column is null.
    func bytes<Value>(_ index: Int32, _ read: (UnsafeRawBufferPointer) -> Value?) -> Value? {
        guard let start = sqlite3_column_blob(statement, index) else { return nil }
        return read(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index))))
    }

    /// Tells SQLite to copy what it is given before the call returns.
    private static var copying: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private static func error(_ code: Int32, _ connection: OpaquePointer) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
    }
}
