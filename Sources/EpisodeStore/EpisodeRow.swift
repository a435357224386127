import Control
import FoundationEssentials
import GRDB
import Learning
import Measurements
import Policies

/// Episodes as rows.
enum EpisodeRow {
    static func insert(_ episode: EpisodeRecord, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO episode (
                    id, deployment, action, decided_at, mode, urgent, propensity, opening, propensities, trigger,
                    trigger_outcomes, from_configuration, to_configuration, configuration_digest, engine_digest, policy_version, seed,
                    canary_replicas, control_replicas, parent)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                episode.id.blob, episode.deployment, episode.action, episode.decidedAt.nanosecondsSinceEpoch, episode.mode.rawValue,
                episode.isUrgent, episode.propensities.probability, OpeningFigures(episode).data,
                try JSONColumn.text(episode.propensities.distribution), episode.trigger, episode.triggerOutcomes.figures,
                try JSONColumn.text(episode.from), try JSONColumn.text(episode.to), episode.configurationDigest, episode.engineDigest,
                episode.policyVersion, episode.seed.map(Int64.init(bitPattern:)), episode.canaryReplicas, episode.controlReplicas,
                episode.parent?.blob,
            ])
    }

    /// - Returns: How many open episodes of this identifier there were: 0 or 1.
    @discardableResult
    static func close(_ id: UUID, with closure: EpisodeClosure, _ database: Database) throws -> Int {
        try database.execute(
            sql: """
                UPDATE episode SET closed_at = ?, verdict = ?, stop_reason = ?, closing = ?, settle = ?, window = ?,
                    requests = ?, contamination = ?, quality = ?
                WHERE id = ? AND closed_at IS NULL
                """,
            arguments: [
                closure.time.nanosecondsSinceEpoch, closure.verdict.rawValue, closure.stopReason, ClosingFigures(closure).data,
                Nanoseconds(seconds: closure.settle.inSeconds).count,
                Nanoseconds(seconds: closure.window.inSeconds).count, closure.requestCount, Int(closure.contamination.rawValue),
                closure.quality, id.blob,
            ])
        return database.changesCount
    }

    static func sequence(of id: UUID, _ database: Database) throws -> Int64? {
        try Int64.fetchOne(database, sql: "SELECT sequence FROM episode WHERE id = ?", arguments: [id.blob])
    }

    // MARK: Samples

    static func sampleQuery(withAction: Bool) -> String {
        """
        SELECT id, decided_at, action, mode, urgent, propensity, quality, contamination, verdict, requests, opening, closing
        FROM episode WHERE deployment = ? \(withAction ? "AND action = ?" : "") AND closed_at IS NOT NULL
        ORDER BY decided_at DESC LIMIT ?
        """
    }

    static func sample(_ row: DirectStatement, path: String) throws -> EpisodeSample {
        guard let id = row.bytes(0, UUID.init(bytes:)), let mode = EpisodeRecord.Mode(rawValue: row.text(3)),
            let verdict = Verdict(rawValue: row.text(8)), let opening = row.bytes(10, OpeningFigures.init),
            let closing = row.bytes(11, ClosingFigures.init)
        else { throw unreadable(path) }
        return EpisodeSample(
            id: id, decidedAt: Timestamp(nanosecondsSinceEpoch: row.integer(1)), action: row.text(2), mode: mode,
            isUrgent: row.integer(4) != 0, propensity: row.number(5), quality: row.number(6),
            contamination: Contamination(rawValue: UInt8(truncatingIfNeeded: row.integer(7))), verdict: verdict,
            requestCount: Int(row.integer(9)), before: opening.before, after: closing.after, predictions: opening.predictions,
            effect: closing.effect, contrasts: closing.contrasts)
    }

    // MARK: Whole episodes

    static func query(_ clause: String) -> String {
        """
        SELECT id, deployment, action, decided_at, mode, urgent, propensities, trigger, trigger_outcomes, from_configuration,
            to_configuration, configuration_digest, engine_digest, policy_version, seed, canary_replicas, control_replicas, opening,
            parent, closed_at, verdict, stop_reason, closing, settle, window, requests, contamination, quality
        FROM episode \(clause)
        """
    }

    static func episode(_ row: Row, path: String) throws -> EpisodeRecord {
        guard let id = UUID(blob: row[0]), let mode = EpisodeRecord.Mode(rawValue: row[4]),
            let triggerOutcomes = try figures(row, 8, OutcomeValues.init(figures:)),
            let opening = try figures(row, 17, OpeningFigures.init)
        else { throw unreadable(path) }
        var episode = EpisodeRecord(
            id: id, deployment: row[1], decidedAt: Timestamp(nanosecondsSinceEpoch: row[3]), mode: mode,
            propensities: try propensities(row, path: path))
        episode.isUrgent = row[5]
        episode.trigger = row[7]
        episode.triggerOutcomes = triggerOutcomes
        (episode.from, episode.to) = try StoreError.decoding("an episode", path: path) {
            (try JSONColumn.value([String: KnobValue].self, from: row[9]), try JSONColumn.value([String: KnobValue].self, from: row[10]))
        }
        episode.configurationDigest = row[11]
        episode.engineDigest = row[12]
        episode.policyVersion = row[13]
        episode.seed = (row[14] as Int64?).map(UInt64.init(bitPattern:))
        episode.canaryReplicas = row[15]
        episode.controlReplicas = row[16]
        episode.before = opening.before
        episode.predictions = opening.predictions
        episode.parent = (row[18] as Data?).flatMap(UUID.init(blob:))
        episode.closure = try closure(row, path: path)
        return episode
    }

    private static func propensities(_ row: Row, path: String) throws -> Propensities {
        let distribution = try StoreError.decoding("an episode", path: path) {
            try JSONColumn.value([String: Double].self, from: row[6])
        }
        do {
            return try Propensities(chosen: row[2], distribution: distribution)
        } catch {
            throw StoreError.undecodable("an episode", path: path, cause: "\(error)")
        }
    }

    private static func closure(_ row: Row, path: String) throws -> EpisodeClosure? {
        guard let time = row[19] as Int64? else { return nil }
        guard let verdict = Verdict(rawValue: row[20]), let figures = try figures(row, 22, ClosingFigures.init) else {
            throw unreadable(path)
        }
        var closure = EpisodeClosure(
            time: Timestamp(nanosecondsSinceEpoch: time), verdict: verdict, stopReason: row[21], after: figures.after)
        closure.effect = figures.effect
        closure.contrasts = figures.contrasts
        closure.settle = .nanoseconds(row[23] as Int64)
        closure.window = .nanoseconds(row[24] as Int64)
        closure.requestCount = row[25]
        closure.contamination = Contamination(rawValue: row[26])
        closure.quality = row[27]
        return closure
    }

    private static func figures<Value>(_ row: Row, _ index: Int, _ read: (UnsafeRawBufferPointer) -> Value?) throws -> Value? {
        try row.withUnsafeData(atIndex: index) { data in data.flatMap { $0.withUnsafeBytes(read) } }
    }

    private static func unreadable(_ path: String) -> StoreError {
        StoreError.undecodable("an episode", path: path, cause: "its row holds what this program never writes")
    }
}
