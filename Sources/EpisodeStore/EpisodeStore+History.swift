public import Control
import GRDB
public import Measurements
public import Policies

extension EpisodeStore {
    /// Most changes and replica counts that are read into a history.
    private static let historyLimit = 10_000

    /// What happened under a policy and limits what may happen now.
    /// - Parameter since: Earlier changes and replica counts are left out; trigger states are always there. At most the newest 10 000 of each.
    public func history(for policy: String, since: Timestamp) throws -> ControlHistory {
        try read("read the history of a policy in") { database in
            var history = ControlHistory()
            let states = try Row.fetchAll(database, sql: "SELECT name, state FROM trigger_state WHERE policy = ?", arguments: [policy])
            for row in states {
                history.triggers[row[0]] = try StoreError.decoding("a trigger state", path: path) {
                    try JSONColumn.value(TriggerState.self, from: row[1])
                }
            }
            history.changes = try newest("document, rolled_back", of: "change", policy, since, database).map { row in
                var change = try StoreError.decoding("a change", path: path) { try JSONColumn.value(PastChange.self, from: row[0]) }
                change.rolledBack = row[1]
                return change
            }
            history.replicaRecommendations = try newest("time, replicas", of: "replica_recommendation", policy, since, database).map {
                ReplicaRecommendation(time: Timestamp(nanosecondsSinceEpoch: $0[0]), replicas: $0[1])
            }
            return history
        }
    }

    /// Replaces all trigger states of a policy.
    public func save(triggers: [String: TriggerState], for policy: String) throws {
        try write("save trigger states in") { try Self.replace(triggers, policy: policy, $0) }
    }

    /// Adds a change that was carried out.
    /// - Returns: Its number, to mark it as rolled back later.
    @discardableResult
    public func append(_ change: PastChange, for policy: String) throws -> Int64 {
        try write("record a change in") { database in
            try database.execute(
                sql: "INSERT INTO change (policy, time, document, rolled_back) VALUES (?, ?, ?, ?)",
                arguments: [policy, change.time.nanosecondsSinceEpoch, try JSONColumn.text(change), change.rolledBack])
            return database.lastInsertedRowID
        }
    }

    /// Marks a change as undone.
    /// - Throws: `StoreError` of kind `notFound` where there is no such change.
    public func markRolledBack(change number: Int64) throws {
        try write("mark a change in") { database in
            try database.execute(sql: "UPDATE change SET rolled_back = 1 WHERE id = ?", arguments: [number])
            guard database.changesCount == 1 else {
                throw StoreError(
                    kind: .notFound, attempt: "mark a change in", path: path, cause: "it has no change \(number)",
                    aftermath: "Nothing was changed.")
            }
        }
    }

    /// Adds a replica count that was asked for.
    public func append(_ recommendation: ReplicaRecommendation, for policy: String) throws {
        try write("record a replica count in") { try Self.insert(recommendation, policy: policy, $0) }
    }

    static func replace(_ triggers: [String: TriggerState], policy: String, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM trigger_state WHERE policy = ?", arguments: [policy])
        for (name, state) in triggers {
            try database.execute(
                sql: "INSERT INTO trigger_state (policy, name, state) VALUES (?, ?, ?)",
                arguments: [policy, name, try JSONColumn.text(state)])
        }
    }

    static func insert(_ recommendation: ReplicaRecommendation, policy: String, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO replica_recommendation (policy, time, replicas) VALUES (?, ?, ?)",
            arguments: [policy, recommendation.time.nanosecondsSinceEpoch, recommendation.replicas])
    }

    /// The newest rows of a policy, oldest first.
    private func newest(
        _ columns: String, of table: String, _ policy: String, _ since: Timestamp, _ database: Database
    ) throws -> [Row] {
        try Row.fetchAll(
            database, sql: "SELECT \(columns) FROM \(table) WHERE policy = ? AND time >= ? ORDER BY time DESC, id DESC LIMIT ?",
            arguments: [policy, since.nanosecondsSinceEpoch, Self.historyLimit]
        ).reversed()
    }
}
