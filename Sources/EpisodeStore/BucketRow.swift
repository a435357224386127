import GRDB
import Learning

/// Buckets of episodes as rows.
enum BucketRow {
    static func insert(_ bucket: EpisodeBucket, episode: Int64, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO bucket (
                    episode, k, arm, requests, log_tpot_sum, log_tpot_squares, log_ttft_sum, log_ttft_squares, violations, errors,
                    preemptions, arrival_rate, input_tokens, output_tokens)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            episode, bucket.index, bucket.arm.rawValue, bucket.requests, bucket.logTimePerOutputToken.sum,
            bucket.logTimePerOutputToken.squares, bucket.logTimeToFirstToken.sum, bucket.logTimeToFirstToken.squares, bucket.violations,
            bucket.errors, bucket.preemptions, bucket.arrivalRate, bucket.inputTokens, bucket.outputTokens,
        ])
    }

    static let query = """
        SELECT k, arm, requests, log_tpot_sum, log_tpot_squares, log_ttft_sum, log_ttft_squares, violations, errors, preemptions,
            arrival_rate, input_tokens, output_tokens
        FROM bucket WHERE episode = ? ORDER BY k, arm
        """

    static func bucket(_ row: Row, path: String) throws -> EpisodeBucket {
        guard let arm = EpisodeBucket.Arm(rawValue: row[1]) else {
            throw StoreError.undecodable("a bucket", path: path, cause: "its arm is \(row[1] as Int)")
        }
        var bucket = EpisodeBucket(index: row[0], arm: arm, requests: row[2])
        bucket.logTimePerOutputToken = PowerSums(sum: row[3], squares: row[4])
        bucket.logTimeToFirstToken = PowerSums(sum: row[5], squares: row[6])
        bucket.violations = row[7]
        bucket.errors = row[8]
        bucket.preemptions = row[9]
        bucket.arrivalRate = row[10]
        bucket.inputTokens = row[11]
        bucket.outputTokens = row[12]
        return bucket
    }
}
