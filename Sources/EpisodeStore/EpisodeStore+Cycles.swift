public import Control
public import FoundationEssentials
import GRDB
import Learning
import Measurements
import Policies

extension EpisodeStore {
    /// Stores a cycle with all inputs of its decision.
    /// - Parameter remembering: Whether the trigger states and the replica count it asks for become the policy's history, in the same
    ///   transaction; a dry run leaves the history as it is.
    /// - Returns: The identifiers of the decision's recommendations in their order, new and random.
    @discardableResult
    public func recordCycle(_ record: CycleRecord, remembering: Bool = false) throws -> [UUID] {
        let ids = record.decision.recommendations.map { _ in UUID() }
        try write("record a cycle in") { database in
            try Self.insert(record, recommendationIDs: ids, database)
            guard remembering else { return }
            try Self.replace(record.decision.nextTriggers, policy: record.policy.name, database)
            for recommendation in record.decision.recommendations {
                guard recommendation.candidate.role == .replicas, let replicas = recommendation.candidate.to.wholeNumber else {
                    continue
                }
                let asked = ReplicaRecommendation(time: record.decision.time, replicas: replicas)
                try Self.insert(asked, policy: record.policy.name, database)
            }
        }
        return ids
    }

    /// The newest cycles first.
    /// - Parameter policy: Those of one policy; `nil` for all.
    /// - Parameter limit: At most 10 000.
    public func cycles(policy: String? = nil, limit: Int = 50) throws -> [CycleSummary] {
        try read("read cycles of") { database in
            let sql = """
                SELECT sequence, id, policy, time, origin, tool_version, outcome FROM cycle
                \(policy == nil ? "" : "WHERE policy = ?") ORDER BY sequence DESC LIMIT ?
                """
            let bound = min(max(0, limit), 10_000)
            let arguments: StatementArguments = if let policy { [policy, bound] } else { [bound] }
            return try Row.fetchAll(database, sql: sql, arguments: arguments).map { try summary($0, database) }
        }
    }

    /// The cycle of this identifier.
    /// - Throws: `StoreError` of kind `notFound`, or `undecodable` where another version wrote it.
    public func cycle(_ id: UUID) throws -> StoredCycle {
        try read("read a cycle of") { try cycle($0, text: id.lowercaseText) }
    }

    /// The cycle whose identifier, or the identifier of one of whose recommendations, begins like this.
    /// - Parameter prefix: At least 4 characters of the identifier; upper or lower case.
    /// - Throws: `StoreError` of kind `notFound`, or `ambiguous` with the identifiers that match.
    public func cycle(matching prefix: String) throws -> CycleMatch {
        let prefix = try checkedPrefix(prefix)
        return try read("look up \(prefix) in") { database in
            let found = try matches(prefix, database)
            guard let match = found.first else { throw notFound("no cycle and no recommendation begins with '\(prefix)'") }
            guard found.count == 1 || match.id == prefix else { throw ambiguous(prefix, found.map(\.id)) }
            return CycleMatch(cycle: try cycle(database, text: match.cycle), recommendation: match.rank)
        }
    }

    // MARK: Writing

    /// - Parameter ids: Of the recommendations, in their order.
    static func insert(_ record: CycleRecord, recommendationIDs ids: [UUID], _ database: Database) throws {
        try insert(record, database)
        let sequence = database.lastInsertedRowID
        for (rank, recommendation) in record.decision.recommendations.enumerated() {
            try database.execute(
                sql: "INSERT INTO recommendation (id, cycle, rank, candidate) VALUES (?, ?, ?, ?)",
                arguments: [ids[rank].lowercaseText, sequence, rank, try JSONColumn.text(recommendation.candidate)])
        }
    }

    private static func insert(_ record: CycleRecord, _ database: Database) throws {
        let document = try JSONColumn.text(record.policy)
        try database.execute(sql: "INSERT INTO policy_version (document) VALUES (?) ON CONFLICT DO NOTHING", arguments: [document])
        try database.execute(
            sql: """
                INSERT INTO cycle (id, policy, policy_version, time, origin, tool_version, outcome, snapshot, decision, changes, notes)
                VALUES (?, ?, (SELECT id FROM policy_version WHERE document = ?), ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.id.lowercaseText, record.policy.name, document, record.decision.time.nanosecondsSinceEpoch, record.origin.rawValue,
                record.toolVersion, record.decision.outcome.rawValue, try JSONColumn.text(record.snapshot),
                try JSONColumn.text(record.decision), try JSONColumn.text(record.changes), try JSONColumn.text(record.notes),
            ])
    }

    // MARK: Reading

    private func summary(_ row: Row, _ database: Database) throws -> CycleSummary {
        let sql = "SELECT id, candidate FROM recommendation WHERE cycle = ? ORDER BY rank"
        let recommendations = try Row.fetchAll(database, sql: sql, arguments: [row[0] as Int64]).map { row in
            let candidate = try StoreError.decoding("a recommendation", path: path) { try JSONColumn.value(Candidate.self, from: row[1]) }
            return RecommendationSummary(id: try identifier(row[0]), candidate: candidate)
        }
        return CycleSummary(
            id: try identifier(row[1]), policy: row[2], time: Timestamp(nanosecondsSinceEpoch: row[3]),
            origin: try known(row[4]), toolVersion: row[5], outcome: try known(row[6]), recommendations: recommendations)
    }

    private func cycle(_ database: Database, text: String) throws -> StoredCycle {
        let sql = """
            SELECT sequence, origin, tool_version, document, snapshot, decision, changes, notes
            FROM cycle JOIN policy_version ON policy_version.id = cycle.policy_version WHERE cycle.id = ?
            """
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [text]) else { throw notFound("it has no cycle \(text)") }
        let record = try StoreError.decoding("cycle \(text), written by version \(row[2] as String),", path: path) {
            CycleRecord(
                id: try identifier(text), origin: try known(row[1]), toolVersion: row[2],
                policy: try JSONColumn.value(Policy.self, from: row[3]), snapshot: try JSONColumn.value(Snapshot.self, from: row[4]),
                decision: try JSONColumn.value(Decision.self, from: row[5]),
                changes: try JSONColumn.value([PlannedChange].self, from: row[6]),
                notes: try JSONColumn.value([String].self, from: row[7]))
        }
        let ids = try String.fetchAll(
            database, sql: "SELECT id FROM recommendation WHERE cycle = ? ORDER BY rank", arguments: [row[0] as Int64])
        return StoredCycle(record: record, recommendationIDs: try ids.map(identifier))
    }

    // MARK: Looking up

    private struct Match {
        let id: String
        let cycle: String
        let rank: Int?
    }

    private func matches(_ prefix: String, _ database: Database) throws -> [Match] {
        // 'g' comes after every hexadecimal digit, so the range holds all that begin with the prefix and uses the index.
        let sql = """
            SELECT id, id, NULL FROM cycle WHERE id >= :from AND id < :to
            UNION ALL
            SELECT recommendation.id, cycle.id, rank FROM recommendation JOIN cycle ON cycle.sequence = recommendation.cycle
            WHERE recommendation.id >= :from AND recommendation.id < :to
            ORDER BY 1 LIMIT 11
            """
        return try Row.fetchAll(database, sql: sql, arguments: ["from": prefix, "to": prefix + "g"]).map {
            Match(id: $0[0], cycle: $0[1], rank: $0[2])
        }
    }

    private func checkedPrefix(_ prefix: String) throws -> String {
        let lowercase = prefix.lowercased()
        let isPlausible = lowercase.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
        }
        guard isPlausible, (4...36).contains(lowercase.utf8.count) else {
            throw notFound("'\(prefix.prefix(50))' is no beginning of an identifier (4 to 36 of 0-9, a-f and -)")
        }
        return lowercase
    }

    private func ambiguous(_ prefix: String, _ ids: [String]) -> StoreError {
        let listed = ids.prefix(10).joined(separator: ", ") + (ids.count > 10 ? ", …" : "")
        return StoreError(
            kind: .ambiguous, attempt: "look up \(prefix) in", path: path, cause: "several identifiers begin with it: \(listed)",
            aftermath: "Give more characters.")
    }

    private func notFound(_ cause: String) -> StoreError {
        StoreError(
            kind: .notFound, attempt: "look up a cycle in", path: path, cause: cause,
            aftermath: "List what is there with history.")
    }
}

extension EpisodeStore {
    /// An identifier that was stored as text.
    func identifier(_ text: String) throws -> UUID {
        guard let id = UUID(uuidString: text) else {
            throw StoreError.undecodable("an identifier", path: path, cause: "'\(text.prefix(50))' is none")
        }
        return id
    }

    /// A value of a closed set that was stored as text.
    func known<Value: RawRepresentable<String>>(_ text: String) throws -> Value {
        guard let value = Value(rawValue: text) else {
            throw StoreError.undecodable("a row", path: path, cause: "'\(text.prefix(50))' is no \(Value.self) this program knows")
        }
        return value
    }
}
