import FoundationEssentials
import GRDB
public import Learning
public import Measurements

extension EpisodeStore {
    /// Stores what is believed of an effect, in place of what was believed before.
    public func save(_ posterior: EffectPosterior) throws {
        try write("save what was learned in") { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO posterior
                        (scope, action, outcome, moments, normal_matrix, variance, effective_count, widening, updated)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    posterior.scope, posterior.action, posterior.outcome.rawValue, NumberList.encode(posterior.moments),
                    NumberList.encode(posterior.normalMatrix), posterior.variance, posterior.effectiveCount, posterior.widening,
                    posterior.updated.nanosecondsSinceEpoch,
                ])
        }
    }

    /// Everything that is believed in a scope, by action and outcome.
    public func posteriors(scope: String) throws -> [EffectPosterior] {
        try read("read what was learned from") { database in
            let sql = """
                SELECT scope, action, outcome, moments, normal_matrix, variance, effective_count, widening, updated
                FROM posterior WHERE scope = ? ORDER BY action, outcome
                """
            return try Row.fetchAll(database, sql: sql, arguments: [scope]).map(posterior)
        }
    }

    private func posterior(_ row: Row) throws -> EffectPosterior {
        guard let outcome = Outcome(rawValue: row[2]), let moments = NumberList.decode(row[3]), let matrix = NumberList.decode(row[4]),
            matrix.count == moments.count * moments.count
        else {
            throw StoreError.undecodable("what was learned", path: path, cause: "a row holds what this program never writes")
        }
        return EffectPosterior(
            scope: row[0], action: row[1], outcome: outcome, moments: moments, normalMatrix: matrix, variance: row[5],
            effectiveCount: row[6], widening: row[7], updated: Timestamp(nanosecondsSinceEpoch: row[8]))
    }

    /// Adds a point of the reliability plot.
    public func append(_ point: CalibrationPoint) throws {
        try write("record a calibration point in") { database in
            try database.execute(
                sql: "INSERT INTO calibration (time, action, level, covered, transform, width) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [point.time.nanosecondsSinceEpoch, point.action, point.level, point.covered, point.transform, point.width])
        }
    }

    /// Points of the reliability plot, newest first.
    public func calibration(since: Timestamp, limit: Int = 10_000) throws -> [CalibrationPoint] {
        try read("read calibration of") { database in
            let sql = """
                SELECT time, action, level, covered, transform, width FROM calibration
                WHERE time >= ? ORDER BY time DESC, id DESC LIMIT ?
                """
            return try Row.fetchAll(database, sql: sql, arguments: [since.nanosecondsSinceEpoch, max(0, limit)]).map { row in
                CalibrationPoint(
                    time: Timestamp(nanosecondsSinceEpoch: row[0]), action: row[1], level: row[2], covered: row[3], transform: row[4],
                    width: row[5])
            }
        }
    }
}
