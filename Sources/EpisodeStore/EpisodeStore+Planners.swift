public import Control
import FoundationEssentials
import GRDB
import Measurements

extension EpisodeStore {
    public func planner(of policy: String, target: String) throws -> StoredPlanner? {
        try read("read a planner of") { database in
            let sql = "SELECT time, checksum, substr(document, 1, ?) FROM planner WHERE policy = ? AND target = ?"
            return try Row.fetchOne(database, sql: sql, arguments: [StoredPlanner.mostBytes + 1, policy, target]).map { row in
                guard let time = Int64.fromDatabaseValue(row[0]), let checksum = Int64.fromDatabaseValue(row[1]),
                    let document = Data.fromDatabaseValue(row[2])
                else { return StoredPlanner(time: Timestamp(nanosecondsSinceEpoch: 0), document: Data(), checksum: 0) }  // Fits nothing.
                return StoredPlanner(
                    time: Timestamp(nanosecondsSinceEpoch: time), document: document, checksum: UInt64(bitPattern: checksum))
            }
        }
    }

    public func keep(_ planner: StoredPlanner, of policy: String, target: String) throws {
        try write("keep a planner in") { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO planner (policy, target, time, checksum, document) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    policy, target, planner.time.nanosecondsSinceEpoch, Int64(bitPattern: planner.checksum), planner.document,
                ])
        }
    }
}
