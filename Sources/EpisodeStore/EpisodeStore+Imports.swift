import Control
import FoundationEssentials
import GRDB
public import Measurements

extension EpisodeStore {
    /// Stores the measurements of one import as they come, in one transaction: an import that is broken off leaves nothing.
    ///
    /// Content that is stored already is recognised by its digest and counts once.
    /// - Parameter deliver: Calls its argument for each measurement and returns what was imported. What it throws ends the import.
    public func importMeasurements(
        _ deliver: (_ append: (InferenceMeasurement) throws -> Void) throws -> ImportRecord
    ) throws -> ImportOutcome {
        do {
            return .stored(try write("import into") { try Self.importMeasurements($0, deliver) })
        } catch let repeated as RepeatedImport {
            return .alreadyStored(repeated.stored)
        }
    }

    /// Whether content of this digest was imported.
    public func isImported(digest: String) throws -> Bool {
        try read("read") {
            try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM import WHERE digest = ?)", arguments: [digest]) ?? false
        }
    }

    /// The newest imports first.
    public func imports(limit: Int = 100) throws -> [StoredImport] {
        try read("read") { database in
            let sql = "SELECT id, source, format, time, measurements FROM import ORDER BY time DESC, id DESC LIMIT ?"
            return try Row.fetchAll(database, sql: sql, arguments: [max(0, limit)]).map(storedImport)
        }
    }

    /// One import; `nil` where the store has none of this number.
    public func storedImport(id: Int64) throws -> StoredImport? {
        try read("read") { database in
            try Row.fetchOne(
                database, sql: "SELECT id, source, format, time, measurements FROM import WHERE id = ?", arguments: [id]
            ).map(storedImport)
        }
    }

    /// Carries the earlier import out of the transaction, which is undone.
    private struct RepeatedImport: Error {
        let stored: StoredImport
    }

    private static func importMeasurements(
        _ database: Database, _ deliver: (_ append: (InferenceMeasurement) throws -> Void) throws -> ImportRecord
    ) throws -> StoredImport {
        // The digest is known at the end only; a provisional one holds the row until then.
        try database.execute(
            sql:
                "INSERT INTO import (digest, format, tool, source, measurements, skipped, time) VALUES ('being imported', '', '', '', 0, 0, 0)"
        )
        let id = database.lastInsertedRowID
        let appender = try MeasurementAppender(database, importIdentifier: id)
        let record = try deliver { try appender.append($0) }
        if let row = try Row.fetchOne(
            database, sql: "SELECT id, source, format, time, measurements FROM import WHERE digest = ? AND id <> ?",
            arguments: [record.source.digest, id])
        {
            throw RepeatedImport(stored: try stored(row))
        }
        try database.execute(
            sql: "UPDATE import SET digest = ?, format = ?, tool = ?, source = ?, measurements = ?, skipped = ?, time = ? WHERE id = ?",
            arguments: [
                record.source.digest, record.format, record.source.tool, try JSONColumn.text(record.source), appender.count,
                record.source.skipped, record.time.nanosecondsSinceEpoch, id,
            ])
        return StoredImport(id: id, record: record, measurementCount: appender.count)
    }

    private func storedImport(_ row: Row) throws -> StoredImport {
        try StoreError.decoding("import \(row[0] as Int64)", path: path) { try Self.stored(row) }
    }

    private static func stored(_ row: Row) throws -> StoredImport {
        let source = try JSONColumn.value(SourceDescription.self, from: row[1])
        let record = ImportRecord(source: source, format: row[2], time: Timestamp(nanosecondsSinceEpoch: row[3]))
        return StoredImport(id: row[0], record: record, measurementCount: row[4])
    }
}
