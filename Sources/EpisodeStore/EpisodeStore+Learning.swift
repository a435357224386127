import Control
import GRDB
public import Learning
public import Measurements
import Synchronization

extension EpisodeStore {
    /// What the closed episodes of a deployment say of its actions; `nil` where none is of use.
    ///
    /// Kept in memory until another episode is closed, or an hour has passed: a decision every 15 s does not read thousands of rows for it.
    public func learned(of deployment: String, at now: Timestamp) throws -> LearnedEffects? {
        let newest = try newestClosing(deployment)
        guard let newest else { return nil }
        if let known = learnedCache.withLock({ $0[deployment] }), known.newest == newest,
            abs(now.since(known.at).duration / .seconds(1)) < 3_600
        {
            return known.effects
        }
        let effects = LearnedEffects(samples: try samples(deployment: deployment), at: now)
        learnedCache.withLock { cache in
            if cache.count >= Self.mostKept { cache.removeAll() }
            cache[deployment] = Learned(newest: newest, at: now, effects: effects)
        }
        return effects
    }

    /// Deployments that have episodes, by name.
    public func deployments() throws -> [String] {
        try read("read deployments of") { database in
            try String.fetchAll(database, sql: "SELECT DISTINCT deployment FROM episode ORDER BY deployment LIMIT 10000")
        }
    }

    private static let mostKept = 1_000

    struct Learned: Sendable {
        let newest: Int64
        let at: Timestamp
        let effects: LearnedEffects?
    }

    /// What tells whether anything was learned since: at most one episode of a deployment is open, so the newest closing is the newest news.
    private func newestClosing(_ deployment: String) throws -> Int64? {
        try read("read episodes of") { database in
            let sql = """
                SELECT MAX(closed_at) FROM
                    (SELECT closed_at FROM episode WHERE deployment = ? ORDER BY decided_at DESC LIMIT 16)
                """
            return try Int64.fetchOne(database, sql: sql, arguments: [deployment])
        }
    }
}
