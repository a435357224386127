import FoundationEssentials
import GRDB
import Measurements

/// The columns of a measurement in the order in which they are written and read.
enum MeasurementColumns {
    private static let all = [
        "request", "time", "intended_time", "ttft", "tpot", "e2e", "prefill", "decode", "queue", "network", "chunk_gaps",
        "input_tokens", "output_tokens", "gpu_utilization", "memory_utilization", "kv_cache_utilization",
        "error_type", "error_message", "error_code", "not_finite",
    ]

    private static let count = all.count
    static let names = all.joined(separator: ", ")
    static let qualifiedNames = all.map { "measurement." + $0 }.joined(separator: ", ")
    static let placeholders = all.map { _ in "?" }.joined(separator: ", ")

    /// - Parameter first: The 1-based number of the first placeholder.
    static func bind(_ measurement: InferenceMeasurement, to statement: DirectStatement, from first: Int32) {
        withUnsafeBytes(of: measurement.id.uuid) { statement.bind($0, at: first) }
        statement.bind(measurement.time?.nanosecondsSinceEpoch, at: first + 1)
        statement.bind(measurement.intendedTime?.nanosecondsSinceEpoch, at: first + 2)
        for (offset, metric) in latencies.enumerated() { statement.bind(measurement[metric]?.count, at: first + 3 + Int32(offset)) }
        if let gaps = measurement.chunkGaps {
            GapCoding.encode(gaps).withUnsafeBytes { statement.bind($0, at: first + 10) }
        } else {
            statement.bind(nil as Int64?, at: first + 10)
        }
        statement.bind(measurement.inputTokens.map(Int64.init), at: first + 11)
        statement.bind(measurement.outputTokens.map(Int64.init), at: first + 12)
        statement.bind(measurement.gpuUtilization, at: first + 13)
        statement.bind(measurement.memoryUtilization, at: first + 14)
        statement.bind(measurement.keyValueCacheUtilization, at: first + 15)
        statement.bind(measurement.error?.type, at: first + 16)
        statement.bind(measurement.error?.message, at: first + 17)
        statement.bind((measurement.error?.code).map(Int64.init), at: first + 18)
        statement.bind(Int64(measurement.notFinite.rawValue), at: first + 19)
    }

    private static let latencies: [LatencyMetric] = [
        .timeToFirstToken, .timePerOutputToken, .endToEnd, .prefill, .decode, .queue, .network,
    ]

    /// Reads a row of ``names``, followed by model, provider and endpoint.
    /// - Returns: `nil` where the row holds what no version of ours has written.
    static func measurement(_ row: Row) -> InferenceMeasurement? {
        guard let id = UUID(blob: row[0]) else { return nil }
        var measurement = InferenceMeasurement(
            id: id, time: (row[1] as Int64?).map(Timestamp.init(nanosecondsSinceEpoch:)), model: row[count], provider: row[count + 1],
            endpoint: row[count + 2])
        measurement.intendedTime = (row[2] as Int64?).map(Timestamp.init(nanosecondsSinceEpoch:))
        measurement.timeToFirstToken = (row[3] as Int64?).map(Nanoseconds.init)
        measurement.timePerOutputToken = (row[4] as Int64?).map(Nanoseconds.init)
        measurement.endToEnd = (row[5] as Int64?).map(Nanoseconds.init)
        measurement.prefill = (row[6] as Int64?).map(Nanoseconds.init)
        measurement.decode = (row[7] as Int64?).map(Nanoseconds.init)
        measurement.queue = (row[8] as Int64?).map(Nanoseconds.init)
        measurement.network = (row[9] as Int64?).map(Nanoseconds.init)
        if let gaps = row[10] as Data? {
            guard let decoded = GapCoding.decode(gaps) else { return nil }
            measurement.chunkGaps = decoded
        }
        measurement.inputTokens = row[11]
        measurement.outputTokens = row[12]
        measurement.gpuUtilization = row[13]
        measurement.memoryUtilization = row[14]
        measurement.keyValueCacheUtilization = row[15]
        measurement.error = (row[16] as String?).map { InferenceError(type: $0, message: row[17] ?? "", code: row[18]) }
        measurement.notFinite = InferenceMeasurement.FieldSet(rawValue: row[19])
        return measurement
    }
}
