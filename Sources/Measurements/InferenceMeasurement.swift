public import FoundationEssentials

/// One request's timings, tokens and circumstances.
///
/// A value that was not measured is `nil`; one that was reported but is NaN or infinite is `nil` and named in ``notFinite``; zero is
/// zero.
public struct InferenceMeasurement: Sendable, Hashable {
    public var id: UUID
    /// When the request was sent; `nil` where the source does not tell.
    public var time: Timestamp?
    /// When the schedule wanted it sent, where a schedule is known.
    public var intendedTime: Timestamp?

    public var model: String
    public var provider: String
    public var endpoint: String

    public var timeToFirstToken: Nanoseconds?
    public var timePerOutputToken: Nanoseconds?
    public var endToEnd: Nanoseconds?
    public var prefill: Nanoseconds?
    public var decode: Nanoseconds?
    /// Time waited in a queue before service started.
    public var queue: Nanoseconds?
    /// Name look-up, connection and TLS together.
    public var network: Nanoseconds?
    /// The gaps between content chunks in order; `nil` where the source did not keep them.
    public var chunkGaps: [Nanoseconds]?

    public var inputTokens: Int?
    public var outputTokens: Int?

    /// Ratio in `0...1`.
    public var gpuUtilization: Double?
    /// Ratio in `0...1`.
    public var memoryUtilization: Double?
    /// Ratio in `0...1`.
    public var keyValueCacheUtilization: Double?

    public var error: InferenceError?
    /// One of our own requests: it tells how long requests take, and is none of the workload.
    public var isProbe: Bool
    /// The fields that held NaN or infinity.
    public var notFinite: FieldSet

    public init(id: UUID, time: Timestamp? = nil, model: String = "", provider: String = "", endpoint: String = "") {
        self.id = id
        self.time = time
        self.model = model
        self.provider = provider
        self.endpoint = endpoint
        isProbe = false
        notFinite = []
    }

    /// Whether the request was answered in full.
    public var succeeded: Bool { error == nil }

    /// One of the per-request latencies; gaps are many and have none.
    public subscript(metric: LatencyMetric) -> Nanoseconds? {
        switch metric {
        case .timeToFirstToken: timeToFirstToken
        case .timePerOutputToken: timePerOutputToken
        case .interTokenLatency: nil
        case .endToEnd: endToEnd
        case .prefill: prefill
        case .decode: decode
        case .queue: queue
        case .network: network
        }
    }

    /// Fields whose reading may be present and yet not finite.
    public struct FieldSet: OptionSet, Sendable, Hashable, Codable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let timeToFirstToken = FieldSet(rawValue: 1 << 0)
        public static let timePerOutputToken = FieldSet(rawValue: 1 << 1)
        public static let chunkGaps = FieldSet(rawValue: 1 << 2)
        public static let endToEnd = FieldSet(rawValue: 1 << 3)
        public static let prefill = FieldSet(rawValue: 1 << 4)
        public static let decode = FieldSet(rawValue: 1 << 5)
        public static let queue = FieldSet(rawValue: 1 << 6)
        public static let network = FieldSet(rawValue: 1 << 7)
        public static let inputTokens = FieldSet(rawValue: 1 << 8)
        public static let outputTokens = FieldSet(rawValue: 1 << 9)
        public static let gpuUtilization = FieldSet(rawValue: 1 << 10)
        public static let memoryUtilization = FieldSet(rawValue: 1 << 11)
        public static let keyValueCacheUtilization = FieldSet(rawValue: 1 << 12)

        /// The flag of a utilization.
        public init(_ metric: UtilizationMetric) {
            self =
                switch metric {
                case .gpu: .gpuUtilization
                case .memory: .memoryUtilization
                case .keyValueCache: .keyValueCacheUtilization
                }
        }

        /// The flag of a latency.
        public init(_ metric: LatencyMetric) {
            self =
                switch metric {
                case .timeToFirstToken: .timeToFirstToken
                case .timePerOutputToken: .timePerOutputToken
                case .interTokenLatency: .chunkGaps
                case .endToEnd: .endToEnd
                case .prefill: .prefill
                case .decode: .decode
                case .queue: .queue
                case .network: .network
                }
        }
    }
}

/// Why a request failed.
public struct InferenceError: Sendable, Hashable, Codable {
    /// A short class such as `http_429`, `timeout`, `disconnected`; from a small set per source.
    public var type: String
    /// The source's own words, bounded in length; never a prompt or a credential.
    public var message: String
    /// An HTTP status or a provider's code.
    public var code: Int?

    public init(type: String, message: String = "", code: Int? = nil) {
        self.type = ForeignText.printable(type)
        self.message = ForeignText.withoutSecrets(ForeignText.printable(String(message.prefix(500))))
        self.code = code
    }
}
