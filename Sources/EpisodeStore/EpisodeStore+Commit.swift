public import Control
import FoundationEssentials
import GRDB
import Learning
import Measurements
import Policies

extension EpisodeStore {
    /// Takes an entry of the loop's journal in one transaction; it is on the disk when this returns.
    /// - Throws: `StoreError`; of kind `conflict` where the target has another open adjustment, or where one that is finished would be opened again. Nothing was changed then.
    public func commit(_ entry: JournalEntry) throws {
        try write("write the journal in") { database in
            if let cycle = entry.cycle {
                try Self.insert(cycle, recommendationIDs: cycle.decision.recommendations.map { _ in UUID() }, database)
            }
            if let adjustment = entry.adjustment {
                try put(adjustment, policy: entry.policyText ?? entry.cycle?.policy, at: entry.time.nanosecondsSinceEpoch, database)
            }
            if let triggers = entry.triggers { try Self.replace(triggers, policy: entry.policy, database) }
            if let recommendation = entry.replicaRecommendation { try Self.insert(recommendation, policy: entry.policy, database) }
            if let change = entry.change { try put(change, entry, database) }
            if entry.undoesChange, let id = entry.adjustment?.id {
                try database.execute(sql: "UPDATE change SET rolled_back = 1 WHERE adjustment = ?", arguments: [id.lowercaseText])
            }
            if let episode = entry.openingEpisode { try EpisodeRow.insert(episode, database) }
            if let closing = entry.closingEpisode, let id = entry.adjustment?.id { _ = try EpisodeRow.close(id, with: closing, database) }
            if let infeasible = entry.infeasible { try put(infeasible, entry.policy, database) }
            if let pause = entry.pause { try put(pause, entry, database) }
            if let seen = entry.scheduleSeenThrough { try put(scheduleSeen: seen.nanosecondsSinceEpoch, entry.policy, database) }
            for request in entry.answered {
                try database.execute(
                    sql: "INSERT INTO answered_request (id, time) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    arguments: [request.lowercaseText, entry.time.nanosecondsSinceEpoch])
            }
        }
        removeRequests(entry.answered)
    }

    /// Who reads what is stored, thinks, and writes late must not bring back what somebody else has finished meanwhile.
    private func checkNotReopened(_ adjustment: Adjustment, _ database: Database) throws {
        let sql = "SELECT state FROM adjustment WHERE id = ? AND open = 0"
        guard adjustment.isOpen, let state = try String.fetchOne(database, sql: sql, arguments: [adjustment.id.lowercaseText]) else {
            return
        }
        if state == AdjustmentState.kept.rawValue, adjustment.state == .rollingBack { return }
        throw StoreError(
            kind: .conflict, attempt: "write the journal in", path: path,
            cause: "adjustment \(adjustment.id.lowercaseText) is \(state) and would become \(adjustment.state.rawValue) again",
            aftermath: "Nothing was changed; what is finished stays so.")
    }

    private func put(_ adjustment: Adjustment, policy: Policy?, at time: Int64, _ database: Database) throws {
        try checkNotReopened(adjustment, database)
        var version: Int64?
        if let policy {
            let document = try JSONColumn.text(policy)
            try database.execute(sql: "INSERT INTO policy_version (document) VALUES (?) ON CONFLICT DO NOTHING", arguments: [document])
            version = try Int64.fetchOne(database, sql: "SELECT id FROM policy_version WHERE document = ?", arguments: [document])
        }
        try database.execute(
            sql: """
                INSERT INTO adjustment (id, policy, target, cycle, state, verdict, open, proposed, updated, policy_version, document)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, verdict = excluded.verdict, open = excluded.open,
                    updated = excluded.updated, document = excluded.document
                """,
            arguments: [
                adjustment.id.lowercaseText, adjustment.policy, adjustment.target, adjustment.cycle?.lowercaseText,
                adjustment.state.rawValue, adjustment.verdict?.rawValue, adjustment.isOpen, adjustment.proposedAt.nanosecondsSinceEpoch,
                time, version, try JSONColumn.text(adjustment.isOpen ? adjustment : adjustment.withoutBlocks),
            ])
    }

    private func put(_ change: PastChange, _ entry: JournalEntry, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO change (policy, time, document, rolled_back, adjustment) VALUES (?, ?, ?, 0, ?) ON CONFLICT DO NOTHING",
            arguments: [
                entry.policy, change.time.nanosecondsSinceEpoch, try JSONColumn.text(change), entry.adjustment?.id.lowercaseText,
            ])
    }

    private func put(_ infeasible: InfeasibleChange, _ policy: String, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO infeasible (policy, knob, value, until, document) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET until = excluded.until, document = excluded.document
                """,
            arguments: [
                policy, infeasible.knob, infeasible.to.description, infeasible.until.nanosecondsSinceEpoch, try JSONColumn.text(infeasible),
            ])
    }

    private func put(_ pause: JournalEntry.Pause, _ entry: JournalEntry, _ database: Database) throws {
        let time = entry.time.nanosecondsSinceEpoch
        let (paused, resumed): (Int64?, Int64?) = pause == .begins ? (time, nil) : (nil, time)
        try database.execute(
            sql: """
                INSERT INTO control_state (policy, paused_since, resumed) VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET paused_since = ?2, resumed = coalesce(?3, resumed)
                """, arguments: [entry.policy, paused, resumed])
        // A resume of everything ends every single pause as well.
        if pause == .ends, entry.policy == "*" { try database.execute(sql: "UPDATE control_state SET paused_since = NULL") }
    }

    private func put(scheduleSeen time: Int64, _ policy: String, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO control_state (policy, schedule_seen) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET schedule_seen = ?2",
            arguments: [policy, time])
    }
}
