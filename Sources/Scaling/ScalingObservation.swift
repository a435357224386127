public import Measurements

/// What whoever decides how many replicas run gets to see of one period: nothing that a router in front of the pool, the engines' metrics and
/// the Deployment would not tell.
public struct ScalingObservation: Sendable, Codable, Hashable {
    /// End of the period, from the beginning.
    public var time: Nanoseconds
    /// Length of the period, above 0.
    public var length: Nanoseconds
    /// Requests that came, answered or not.
    public var arrivals: Int
    /// Tokens in their prompts.
    public var arrivedInputTokens: Int
    /// Requests that ended.
    public var finished: Finished
    /// Replicas asked for.
    public var wanted: Int
    /// Asked for and not serving yet.
    public var starting: Int
    /// In front of the pool while no replica is ready.
    public var waitingAtGateway: Int
    /// Those that serve, in a steady order.
    public var replicas: [ReplicaLoad]

    public init(
        time: Nanoseconds, length: Nanoseconds, arrivals: Int, arrivedInputTokens: Int, finished: Finished, wanted: Int, starting: Int,
        waitingAtGateway: Int, replicas: [ReplicaLoad]
    ) {
        self.time = time
        self.length = length
        self.arrivals = arrivals
        self.arrivedInputTokens = arrivedInputTokens
        self.finished = finished
        self.wanted = wanted
        self.starting = starting
        self.waitingAtGateway = waitingAtGateway
        self.replicas = replicas
    }

    public var ready: Int { replicas.count }
    /// Running on all replicas.
    public var running: Int { replicas.reduce(0) { $0 + $1.running } }
    /// Waiting at replicas and in front of the pool.
    public var waiting: Int { replicas.reduce(waitingAtGateway) { $0 + $1.waiting } }
    /// Requests per second.
    public var arrivalRate: Double { Double(arrivals) / length.seconds }

    /// What the requests that ended in a period were like. Sums, so that periods can be added up; seconds.
    public struct Finished: Sendable, Codable, Hashable {
        public var count = 0
        /// Of them, those that were too slow or failed.
        public var missed = 0
        public var inputTokens = 0
        /// Tokens of prompts that were found in a cache.
        public var cachedTokens = 0
        public var outputTokens = 0
        /// Sum of their times to the first token.
        public var timeToFirstToken = 0.0
        /// Sum of the mean gaps of those that have any, and how many those are.
        public var timePerOutputToken = 0.0
        public var withSeveralTokens = 0

        public init() {}
    }

    /// What one replica that serves is doing at the end of the period.
    public struct ReplicaLoad: Sendable, Codable, Hashable {
        public var running: Int
        public var waiting: Int
        /// Tokens of prompts that wait to be read.
        public var waitingTokens: Int
        /// In its cache, and the room there.
        public var cachedTokens: Int
        public var cacheCapacity: Int

        public init(running: Int, waiting: Int, waitingTokens: Int, cachedTokens: Int, cacheCapacity: Int) {
            self.running = running
            self.waiting = waiting
            self.waitingTokens = waitingTokens
            self.cachedTokens = cachedTokens
            self.cacheCapacity = cacheCapacity
        }

        /// `0...1`; 0 without room.
        public var cacheUsage: Double { cacheCapacity > 0 ? Double(cachedTokens) / Double(cacheCapacity) : 0 }
    }
}
