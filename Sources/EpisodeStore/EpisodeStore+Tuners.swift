public import Control
import FoundationEssentials
import GRDB
public import Measurements

extension EpisodeStore {
    public func tuner(of policy: String, target: String) throws -> StoredTuner? {
        try read("read a tuner of") { database in
            let sql = "SELECT time, checksum, substr(document, 1, ?) FROM tuner WHERE policy = ? AND target = ?"
            return try Row.fetchOne(database, sql: sql, arguments: [StoredTuner.mostBytes + 1, policy, target]).map { row in
                guard let time = Int64.fromDatabaseValue(row[0]), let checksum = Int64.fromDatabaseValue(row[1]),
                    let document = Data.fromDatabaseValue(row[2])
                else { return StoredTuner(time: Timestamp(nanosecondsSinceEpoch: 0), document: Data(), checksum: 0) }  // Fits nothing.
                return StoredTuner(
                    time: Timestamp(nanosecondsSinceEpoch: time), document: document, checksum: UInt64(bitPattern: checksum))
            }
        }
    }

    public func keep(_ tuner: StoredTuner, of policy: String, target: String) throws {
        try write("keep a tuner in") { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO tuner (policy, target, time, checksum, document) VALUES (?, ?, ?, ?, ?)",
                arguments: [policy, target, tuner.time.nanosecondsSinceEpoch, Int64(bitPattern: tuner.checksum), tuner.document])
        }
    }

    public func finishedTrials(of policy: String, target: String, since: Timestamp) throws -> [Adjustment] {
        try read("read trials of") { database in
            let sql = """
                SELECT document FROM adjustment
                WHERE policy = ? AND target = ? AND open = 0 AND updated >= ? AND json_extract(document, '$.tuning') IS NOT NULL
                ORDER BY updated DESC, sequence DESC LIMIT ?
                """
            return try Row.fetchAll(
                database, sql: sql, arguments: [policy, target, since.nanosecondsSinceEpoch, StoredTuner.mostTrials]
            ).map { try self.adjustment($0[0]) }
        }
    }
}
