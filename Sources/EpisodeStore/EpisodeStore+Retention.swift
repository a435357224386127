import GRDB
public import Measurements

/// What pruning took out of a store.
public struct PruneReport: Sendable, Hashable {
    public internal(set) var imports = 0
    public internal(set) var measurements = 0
    public internal(set) var cycles = 0
    /// Closed ones; open ones are never removed.
    public internal(set) var episodes = 0
    /// Changes, replica counts and calibration points.
    public internal(set) var others = 0
    public internal(set) var bytesBefore = 0
    public internal(set) var bytesAfter = 0
}

extension EpisodeStore {
    /// Removes what is old, and what is too much, and gives the room back to the file system.
    ///
    /// By age goes everything before the given time. By size go first finished adjustments, then whole imports, then cycles, then closed
    /// episodes, each time the oldest: what was learned is worth more than what it was learned from. What is open, trigger states and the
    /// newest finished adjustments of each policy, by which it may be stopped, stay in any case.
    /// - Parameter time: Nothing older stays; `nil` for any age.
    /// - Parameter retention: Keeps what is younger than this by the newest thing the loop has written: a clock that jumped ahead is no age.
    ///   `nil` where the time given is meant as it is.
    /// - Parameter maximumBytes: What the file may hold; `nil` for any size. More may stay where nothing is left that may go.
    public func prune(olderThan time: Timestamp? = nil, retention: Duration? = nil, maximumBytes: Int? = nil) throws -> PruneReport {
        let attempt = "prune"
        var report = PruneReport()
        report.bytesBefore = try read(attempt) { try Retention.fileBytes($0) }
        if let time {
            try write(attempt) { database in
                guard let time = try Retention.cutOff(time, retention, database) else { return }
                try Retention.remove(before: time.nanosecondsSinceEpoch, database, &report)
            }
        }
        if let maximumBytes {
            while try read(attempt, { try Retention.usedBytes($0) }) > maximumBytes {
                guard try write(attempt, { try Retention.removeOldest($0, &report) }) else { break }
            }
        }
        try write(attempt) { try Retention.removeUnused($0) }
        let pool = try writer(attempt)
        try StoreError.translating(attempt, path: path) {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA incremental_vacuum")
                // Readers may keep the log from being emptied; the next checkpoint does it then.
                try database.checkpoint(.passive)
            }
        }
        report.bytesAfter = try read(attempt) { try Retention.fileBytes($0) }
        return report
    }
}

/// Which rows go, and in which order.
private enum Retention {
    static func fileBytes(_ database: Database) throws -> Int {
        try pragma("page_count", database) * pragma("page_size", database)
    }

    /// Without the pages that are free to be used again.
    static func usedBytes(_ database: Database) throws -> Int {
        try (pragma("page_count", database) - pragma("freelist_count", database)) * pragma("page_size", database)
    }

    /// - Returns: `nil` where nothing was written yet that could tell an age.
    static func cutOff(_ time: Timestamp, _ retention: Duration?, _ database: Database) throws -> Timestamp? {
        guard let retention else { return time }
        let sql = "SELECT max(newest) FROM (SELECT max(time) AS newest FROM cycle UNION ALL SELECT max(updated) FROM adjustment)"
        guard let newest = try Int64.fetchOne(database, sql: sql) else { return nil }
        return min(time, Timestamp(nanosecondsSinceEpoch: newest).advanced(by: .zero - retention))
    }

    static func remove(before time: Int64, _ database: Database, _ report: inout PruneReport) throws {
        report.measurements += try delete("measurement WHERE time < ?", [time], database)
        report.measurements += try count(
            "measurement WHERE import IN (SELECT id FROM import WHERE import.time < ?)", [time], database)
        report.imports += try delete("import WHERE time < ?", [time], database)
        report.cycles += try delete("cycle WHERE time < ?", [time], database)
        report.episodes += try delete("episode WHERE closed_at < ?", [time], database)
        report.others += try delete("adjustment WHERE open = 0 AND updated < ?", [time], database)
        report.others += try delete("infeasible WHERE until < ?", [time], database)
        for table in ["change", "replica_recommendation", "calibration", "answered_request", "planner", "tuner"] {
            report.others += try delete("\(table) WHERE time < ?", [time], database)
        }
    }

    /// - Returns: Whether there was anything that may go.
    static func removeOldest(_ database: Database, _ report: inout PruneReport) throws -> Bool {
        let adjustments = try delete(
            """
            adjustment WHERE sequence IN (
                SELECT sequence FROM (
                    SELECT sequence, updated, row_number() OVER (PARTITION BY policy ORDER BY updated DESC, sequence DESC) AS place
                    FROM adjustment WHERE open = 0
                ) WHERE place > 20 ORDER BY updated LIMIT 64)
            """, [], database)
        report.others += adjustments
        if adjustments > 0 { return true }
        if let id = try Int64.fetchOne(database, sql: "SELECT id FROM import ORDER BY time, id LIMIT 1") {
            report.measurements += try count("measurement WHERE import = ?", [id], database)
            report.imports += try delete("import WHERE id = ?", [id], database)
            return true
        }
        let cycles = try delete("cycle WHERE sequence IN (SELECT sequence FROM cycle ORDER BY time LIMIT 64)", [], database)
        report.cycles += cycles
        if cycles > 0 { return true }
        let episodes = try delete(
            "episode WHERE sequence IN (SELECT sequence FROM episode WHERE closed_at IS NOT NULL ORDER BY closed_at LIMIT 256)", [],
            database)
        report.episodes += episodes
        return episodes > 0
    }

    /// Rows that only others referred to.
    static func removeUnused(_ database: Database) throws {
        _ = try delete(
            """
            policy_version WHERE id NOT IN (SELECT policy_version FROM cycle)
                AND id NOT IN (SELECT policy_version FROM adjustment WHERE policy_version IS NOT NULL)
            """, [], database)
        _ = try delete(
            "label WHERE id NOT IN (SELECT label FROM measurement)", [], database)
    }

    private static func delete(_ clause: String, _ arguments: StatementArguments, _ database: Database) throws -> Int {
        try database.execute(sql: "DELETE FROM \(clause)", arguments: arguments)
        return database.changesCount
    }

    private static func count(_ clause: String, _ arguments: StatementArguments, _ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM \(clause)", arguments: arguments) ?? 0
    }

    private static func pragma(_ name: String, _ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA \(name)") ?? 0
    }
}
