public import FoundationEssentials
import GRDB
public import Learning

extension EpisodeStore {
    /// Adds an episode, open or already closed.
    /// - Throws: `StoreError` of kind `conflict` where an episode of this identifier is there.
    public func append(_ episode: EpisodeRecord) throws {
        try write("record an episode in") { database in
            try EpisodeRow.insert(episode, database)
            if let closure = episode.closure { try EpisodeRow.close(episode.id, with: closure, database) }
        }
    }

    /// Closes an open episode with what came of it.
    /// - Throws: `StoreError` of kind `conflict` where it is closed already, `notFound` where there is none.
    public func close(episode id: UUID, with closure: EpisodeClosure) throws {
        try write("close an episode in") { database in
            guard try EpisodeRow.close(id, with: closure, database) == 0 else { return }
            let isThere = try EpisodeRow.sequence(of: id, database) != nil
            throw StoreError(
                kind: isThere ? .conflict : .notFound, attempt: "close an episode in", path: path,
                cause: isThere ? "episode \(id.lowercaseText) is closed already" : "it has no episode \(id.lowercaseText)",
                aftermath: "Nothing was changed.")
        }
    }

    /// The closed episodes of a deployment for a decision, newest first.
    /// - Parameter action: Those of one action only.
    /// - Parameter limit: At most 10 000.
    public func samples(deployment: String, action: String? = nil, limit: Int = 2_000) throws -> [EpisodeSample] {
        try read("read episodes of") { database in
            let bound = min(max(0, limit), 10_000)
            let statement = try DirectStatement(database, EpisodeRow.sampleQuery(withAction: action != nil))
            statement.bind(deployment, at: 1)
            if let action { statement.bind(action, at: 2) }
            statement.bind(Int64(bound), at: action == nil ? 2 : 3)
            var samples: [EpisodeSample] = []
            // Large values: an array that grows copies them again and again.
            samples.reserveCapacity(min(bound, 2_000))
            while try statement.step() { samples.append(try EpisodeRow.sample(statement, path: path)) }
            return samples
        }
    }

    /// Whole episodes of a deployment, newest first.
    /// - Parameter limit: At most 10 000.
    public func episodes(deployment: String, action: String? = nil, limit: Int = 100) throws -> [EpisodeRecord] {
        let bound = min(max(0, limit), 10_000)
        return try episodes(
            "WHERE deployment = ? \(action == nil ? "" : "AND action = ?") ORDER BY decided_at DESC LIMIT ?",
            action.map { [deployment, $0, bound] } ?? [deployment, bound])
    }

    /// The episodes that are not closed, oldest first: what a restart must settle.
    /// - Parameter deployment: Those of one deployment; `nil` for all.
    public func openEpisodes(deployment: String? = nil) throws -> [EpisodeRecord] {
        try episodes(
            "WHERE closed_at IS NULL \(deployment == nil ? "" : "AND deployment = ?") ORDER BY decided_at",
            deployment.map { [$0] } ?? [])
    }

    /// The episode of this identifier; `nil` where there is none.
    public func episode(_ id: UUID) throws -> EpisodeRecord? {
        try episodes("WHERE id = ?", [id.blob]).first
    }

    /// Adds buckets to an episode; one that is there already is replaced, so that a repeated write counts once.
    /// - Throws: `StoreError` of kind `notFound` where there is no such episode.
    public func append(_ buckets: [EpisodeBucket], to episode: UUID) throws {
        try write("record buckets in") { database in
            guard let sequence = try EpisodeRow.sequence(of: episode, database) else {
                throw StoreError(
                    kind: .notFound, attempt: "record buckets in", path: path, cause: "it has no episode \(episode.lowercaseText)",
                    aftermath: "Nothing was changed.")
            }
            for bucket in buckets { try BucketRow.insert(bucket, episode: sequence, database) }
        }
    }

    /// The buckets of an episode in order of time, the control arm first.
    public func buckets(of episode: UUID) throws -> [EpisodeBucket] {
        try read("read buckets of") { database in
            guard let sequence = try EpisodeRow.sequence(of: episode, database) else { return [] }
            return try Row.fetchAll(database, sql: BucketRow.query, arguments: [sequence]).map { try BucketRow.bucket($0, path: path) }
        }
    }

    private func episodes(_ clause: String, _ arguments: StatementArguments) throws -> [EpisodeRecord] {
        try read("read episodes of") { database in
            try Row.fetchAll(database, sql: EpisodeRow.query(clause), arguments: arguments).map { try EpisodeRow.episode($0, path: path) }
        }
    }
}
