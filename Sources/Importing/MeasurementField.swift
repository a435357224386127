/// The fields of our own measurement files, JSON lines and CSV alike.
enum MeasurementField: Int, CaseIterable {
    case measurementID
    /// ISO 8601, or seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
    case timestamp
    case intendedTimestamp
    case model, provider, endpoint
    case timeToFirstToken
    case timePerOutputToken
    case endToEnd
    case prefill
    case decode
    case queue
    case network
    /// A list of numbers in JSON; numbers separated by blanks in CSV.
    case chunkGaps
    case inputTokens
    case outputTokens
    /// Ratio in `0...1`.
    case gpuUtilization
    case memoryUtilization
    case keyValueCacheUtilization
    case errorType
    case errorMessage
    case errorCode

    // Read, never written.
    /// A text, or an object of type, message and code; whatever it holds, the request failed.
    case errorText
    case nestedErrorType, nestedErrorMessage, nestedErrorCode
    /// `false` where the request failed.
    case success
    /// Another name of `e2e_ms`.
    case totalDuration
    /// Parts of `network_ms`, added up.
    case nameLookup
    case connect
    case handshake
    case gpuUtilizationPercent
    case memoryUtilizationPercent
    case keyValueCacheUtilizationPercent

    /// Those that no other tool's files have: one of them makes a file ours.
    static let identifying: [MeasurementField] = [
        .measurementID, .timeToFirstToken, .timePerOutputToken, .endToEnd, .totalDuration,
    ]

    /// Those that are written, in the order of the columns.
    static let written: [MeasurementField] = [
        .measurementID, .timestamp, .intendedTimestamp, .model, .provider, .endpoint, .timeToFirstToken, .timePerOutputToken, .endToEnd,
        .prefill, .decode, .queue, .network, .chunkGaps, .inputTokens, .outputTokens, .gpuUtilization, .memoryUtilization,
        .keyValueCacheUtilization, .errorType, .errorMessage, .errorCode,
    ]

    /// Position in `allCases`, which is the column of a `JSONRows`.
    var column: Int { rawValue }

    /// The field's name in a file.
    var name: String {
        switch self {
        case .measurementID: "measurement_id"
        case .timestamp: "timestamp"
        case .intendedTimestamp: "intended_timestamp"
        case .model: "model"
        case .provider: "provider"
        case .endpoint: "endpoint"
        case .timeToFirstToken: "ttft_ms"
        case .timePerOutputToken: "tpot_ms"
        case .endToEnd: "e2e_ms"
        case .prefill: "prefill_ms"
        case .decode: "decode_ms"
        case .queue: "queue_ms"
        case .network: "network_ms"
        case .chunkGaps: "chunk_gaps_ms"
        case .inputTokens: "input_tokens"
        case .outputTokens: "output_tokens"
        case .gpuUtilization: "gpu_utilization"
        case .memoryUtilization: "memory_utilization"
        case .keyValueCacheUtilization: "kv_cache_utilization"
        case .errorType: "error_type"
        case .errorMessage: "error_message"
        case .errorCode: "error_code"
        case .errorText: "error"
        case .nestedErrorType: "error/type"
        case .nestedErrorMessage: "error/message"
        case .nestedErrorCode: "error/code"
        case .success: "success"
        case .totalDuration: "total_duration_ms"
        case .nameLookup: "dns_ms"
        case .connect: "connect_ms"
        case .handshake: "tls_ms"
        case .gpuUtilizationPercent: "gpu_utilization_percent"
        case .memoryUtilizationPercent: "memory_utilization_percent"
        case .keyValueCacheUtilizationPercent: "kv_cache_utilization_percent"
        }
    }

    /// The field of a name; `nil` for names of other files.
    init?(name: String) {
        guard let field = Self.byName[name] else { return nil }
        self = field
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}
