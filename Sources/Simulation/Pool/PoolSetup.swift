public import Measurements

/// What a pool of engines begins with.
public struct PoolSetup: Sendable, Codable, Hashable {
    public var profile: EngineProfile
    public var settings: EngineSettings
    /// Ready from the beginning; at least 0.
    public var replicas: Int
    public var seed: UInt64
    public var coldStart: ColdStart
    public var noise: PoolNoise
    public var routing: Routing
    /// Whether every single token is told; without it a pool does no work per token.
    public var listens: Bool

    public static let maximumReplicas = 1_024

    public init(
        profile: EngineProfile, settings: EngineSettings = EngineSettings(), replicas: Int = 1, seed: UInt64 = 1,
        coldStart: ColdStart = ColdStart(), noise: PoolNoise = PoolNoise(), routing: Routing = .leastRequests, listens: Bool = false
    ) {
        self.profile = profile
        self.settings = settings
        self.replicas = replicas
        self.seed = seed
        self.coldStart = coldStart
        self.noise = noise
        self.routing = routing
        self.listens = listens
    }
}

/// How long a replica takes from being asked for to serving: lognormal.
public struct ColdStart: Sendable, Codable, Hashable {
    public var median: Nanoseconds
    /// Standard deviation of the logarithm, `0...3`.
    public var deviation: Double

    public init(median: Nanoseconds = Nanoseconds(seconds: 150), deviation: Double = 0.25) {
        self.median = median
        self.deviation = deviation
    }
}

/// How replicas differ, and how each wavers.
public struct PoolNoise: Sendable, Codable, Hashable {
    /// Standard deviation of the logarithm of a replica's speed, `0...1`.
    public var betweenReplicas: Double
    /// Standard deviation of the logarithm of the time of iterations, alike for runs of 32, `0...1`.
    public var withinReplica: Double

    public init(betweenReplicas: Double = 0, withinReplica: Double = 0) {
        self.betweenReplicas = betweenReplicas
        self.withinReplica = withinReplica
    }
}

/// Which replica takes a request.
public enum Routing: String, Sendable, Codable, Hashable, CaseIterable {
    /// The one with the fewest requests running and waiting.
    case leastRequests
    case roundRobin
}

/// How new settings come to the replicas.
public enum SettingsRollout: String, Sendable, Codable, Hashable, CaseIterable {
    /// New replicas are started, and each that is ready replaces an old one, as a Deployment does it.
    case rollingRestart
    /// Running replicas take them up at their next iteration, where only numbers of sequences and tokens change; otherwise as above.
    case live
}

/// What a pool is and does at a moment.
public struct PoolStatus: Sendable, Codable, Hashable {
    /// Replicas asked for.
    public var wanted: Int
    /// Serving; those that only finish their requests are not counted.
    public var ready: Int
    public var starting: Int
    public var draining: Int
    /// Replicas that serve with older settings.
    public var outdated: Int
    public var running: Int
    /// In front of replicas, and in front of the pool while none is ready.
    public var waiting: Int
    /// Share of all caches that is taken, `0...1`.
    public var cacheUsage: Double
    /// Requests running on replicas that hold more than the settings in force let them.
    public var overLimit: Int
    /// Requests that came, and how many of them ended how.
    public var submitted: Int
    public var completed: Int
    public var refused: Int
    public var cancelled: Int
    /// Tokens of prompts that were read, again after a preemption; those found in the cache are not among them.
    public var promptTokens: Int64
    public var generatedTokens: Int64
    public var preemptions: Int64
    /// Time of replicas since the beginning, from being asked for to being off.
    public var replicaSeconds: Double
    /// The part of it in which they worked.
    public var busySeconds: Double

    public var isSettled: Bool { ready == wanted && starting == 0 && outdated == 0 }
}
