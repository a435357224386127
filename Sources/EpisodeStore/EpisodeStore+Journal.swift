public import Control
public import FoundationEssentials
import GRDB
import Learning
public import Measurements
import Policies

extension EpisodeStore: Journal {
    /// Stands for every policy in `control_state`.
    private static let everyPolicy = "*"
    /// Finished adjustments that are read for the breaker.
    private static let outcomeLimit = 20

    public func memory(of policy: String, target: String, since: Timestamp) throws -> ControlMemory {
        var memory = ControlMemory()
        memory.history = try history(for: policy, since: since)
        try read("read adjustments of") { database in
            memory.open = try Row.fetchOne(
                database, sql: "SELECT document FROM adjustment WHERE target = ? AND open = 1", arguments: [target]
            ).map { try self.adjustment($0[0]) }
            let states = try Row.fetchAll(
                database, sql: "SELECT policy, paused_since, resumed, schedule_seen FROM control_state WHERE policy IN (?, ?)",
                arguments: [policy, Self.everyPolicy])
            memory.pausedSince = Self.pause(states)
            let own = states.first { ($0[0] as String) == policy }
            memory.scheduleSeenThrough = (own?[3] as Int64?).map(Timestamp.init(nanosecondsSinceEpoch:))
            let resumed = states.compactMap { $0[2] as Int64? }.max() ?? .min
            memory.outcomes = try outcomes(of: policy, after: resumed, database)
            memory.history.infeasible = try infeasible(policy, since: since, database)
        }
        return memory
    }

    /// The adjustments that are not finished, oldest first.
    public func openAdjustments() throws -> [OpenAdjustment] {
        try read("read open adjustments of") { database in
            let sql = """
                SELECT adjustment.document, policy_version.document FROM adjustment
                LEFT JOIN policy_version ON policy_version.id = adjustment.policy_version WHERE open = 1 ORDER BY sequence
                """
            return try Row.fetchAll(database, sql: sql).map { row in
                let policy = try (row[1] as String?).map { text in
                    try StoreError.decoding("a policy", path: path) { try JSONColumn.value(Policy.self, from: text) }
                }
                return OpenAdjustment(adjustment: try adjustment(row[0]), policy: policy)
            }
        }
    }

    public func adjustment(_ id: UUID) throws -> Adjustment? {
        try read("read an adjustment of") { database in
            try Row.fetchOne(database, sql: "SELECT document FROM adjustment WHERE id = ?", arguments: [id.lowercaseText])
                .map { try adjustment($0[0]) }
        }
    }

    /// Adjustments whose identifier begins so, at most 11, newest first.
    public func adjustments(matching prefix: String) throws -> [Adjustment] {
        try read("look up an adjustment in") { database in
            try Row.fetchAll(
                database, sql: "SELECT document FROM adjustment WHERE id >= ? AND id < ? ORDER BY sequence DESC LIMIT 11",
                arguments: [prefix.lowercased(), prefix.lowercased() + "g"]
            ).map { try adjustment($0[0]) }
        }
    }

    /// The newest adjustments, newest first.
    /// - Parameter policy: Those of one policy; `nil` for all.
    public func adjustments(policy: String? = nil, limit: Int = 50) throws -> [Adjustment] {
        try read("read adjustments of") { database in
            try Row.fetchAll(
                database,
                sql: "SELECT document FROM adjustment WHERE ?1 IS NULL OR policy = ?1 ORDER BY updated DESC, sequence DESC LIMIT ?2",
                arguments: [policy, min(max(0, limit), 10_000)]
            ).map { try adjustment($0[0]) }
        }
    }

    /// Since when new changes are paused, by policy; `*` for every policy.
    public func pauses() throws -> [String: Timestamp] {
        try read("read pauses of") { database in
            let rows = try Row.fetchAll(database, sql: "SELECT policy, paused_since FROM control_state WHERE paused_since IS NOT NULL")
            return Dictionary(rows.map { ($0[0], Timestamp(nanosecondsSinceEpoch: $0[1])) }, uniquingKeysWith: { first, _ in first })
        }
    }

    func adjustment(_ document: String) throws -> Adjustment {
        try StoreError.decoding("an adjustment", path: path) { try JSONColumn.value(Adjustment.self, from: document) }
    }

    private static func pause(_ states: [Row]) -> Timestamp? {
        states.compactMap { $0[1] as Int64? }.min().map(Timestamp.init(nanosecondsSinceEpoch:))
    }

    private func outcomes(of policy: String, after resumed: Int64, _ database: Database) throws -> [AdjustmentOutcome] {
        let sql = """
            SELECT updated, state, verdict FROM adjustment
            WHERE policy = ? AND open = 0 AND updated > ? AND state IN ('kept', 'rolledBack', 'superseded')
                AND verdict IS NOT NULL AND json_extract(document, '$.kind') = 'decided'
            ORDER BY updated DESC, sequence DESC LIMIT ?
            """
        return try Row.fetchAll(database, sql: sql, arguments: [policy, resumed, Self.outcomeLimit]).reversed().map { row in
            AdjustmentOutcome(
                time: Timestamp(nanosecondsSinceEpoch: row[0]), state: try known(row[1]), verdict: try (row[2] as String?).map(known))
        }
    }

    private func infeasible(_ policy: String, since: Timestamp, _ database: Database) throws -> [InfeasibleChange] {
        let sql = "SELECT document FROM infeasible WHERE policy = ? AND until > ? ORDER BY until, knob, value"
        return try Row.fetchAll(database, sql: sql, arguments: [policy, since.nanosecondsSinceEpoch]).map { row in
            try StoreError.decoding("an infeasible change", path: path) { try JSONColumn.value(InfeasibleChange.self, from: row[0]) }
        }
    }
}
