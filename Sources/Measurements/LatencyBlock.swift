/// What the requests of a short stretch of time, 10 to 15 seconds, looked like: the unit in which before and after are compared.
///
/// Requests within a queue are not independent of each other; means of blocks nearly are.
public struct LatencyBlock: Sendable, Codable, Hashable {
    public var start: Timestamp
    public var length: Duration
    /// Requests that ended in this time, failed ones included.
    public var requests: Int
    public var failed: Int
    /// Requests that were sent in this time, ended or not; `nil` where only ended ones are seen.
    public var arrivals: Int?
    /// Of the logarithm of the time to first token in seconds.
    public var logTimeToFirstToken: BlockMean?
    /// Of the logarithm of the time per output token in seconds, over requests of at least 8 output tokens.
    public var logTimePerOutputToken: BlockMean?
    /// Mean per request; `nil` where nobody counted.
    public var inputTokens: Double?
    public var outputTokens: Double?
    /// Requests that the engine threw out of its cache to make room for others; `nil` where nobody counted.
    public var preemptions: Int?

    public init(start: Timestamp, length: Duration, requests: Int = 0, failed: Int = 0) {
        self.start = start
        self.length = length
        self.requests = requests
        self.failed = failed
    }

    /// A mean and the number of requests behind it.
    public struct BlockMean: Sendable, Codable, Hashable {
        public var mean: Double
        /// At least 1.
        public var count: Int

        public init(mean: Double, count: Int) {
            self.mean = mean
            self.count = count
        }
    }
}
