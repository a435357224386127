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

    static let count = all.count
    static let names = all.joined(separator: ", ")
    static let qualifiedNames = all.map { "measurement." + $0 }.joined(separator: ", ")
    static let placeholders = all.map { _ in "?" }.joined(separator: ", ")

    static func append(_ measurement: InferenceMeasurement, to values: inout [DatabaseValue]) {
        values.append(measurement.id.blob.databaseValue)
        values.append((measurement.time?.nanosecondsSinceEpoch).databaseValue)
        values.append((measurement.intendedTime?.nanosecondsSinceEpoch).databaseValue)
        for metric in latencies { values.append((measurement[metric]?.count).databaseValue) }
        values.append(measurement.chunkGaps.map(GapCoding.encode).databaseValue)
        values.append(measurement.inputTokens.databaseValue)
        values.append(measurement.outputTokens.databaseValue)
        values.append(measurement.gpuUtilization.databaseValue)
        values.append(measurement.memoryUtilization.databaseValue)
        values.append(measurement.keyValueCacheUtilization.databaseValue)
        values.append((measurement.error?.type).databaseValue)
        values.append((measurement.error?.message).databaseValue)
        values.append((measurement.error?.code).databaseValue)
        values.append(Int64(measurement.notFinite.rawValue).databaseValue)
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
