public import EngineModels
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
    /// How many of the replicas are slow ones, as a share, `0...1`: each with this chance.
    public var stragglers: Double
    /// What a slow one takes longer for everything, as a factor; above 0.
    public var stragglerSlowness: Double

    public init(betweenReplicas: Double = 0, withinReplica: Double = 0, stragglers: Double = 0, stragglerSlowness: Double = 1.3) {
        self.betweenReplicas = betweenReplicas
        self.withinReplica = withinReplica
        self.stragglers = stragglers
        self.stragglerSlowness = stragglerSlowness
    }
}

/// Which replica takes a request.
public enum Routing: String, Sendable, Codable, Hashable, CaseIterable {
    /// The one with the fewest requests running and waiting.
    case leastRequests
    /// The one with the fewest tokens in its cache and in the prompts that wait for it: long requests count for more.
    case leastTokens
    case roundRobin
}

/// How new settings come to the replicas.
public enum SettingsRollout: String, Sendable, Codable, Hashable, CaseIterable {
    /// New replicas are started, and each that is ready replaces an old one, as a Deployment does it.
    case rollingRestart
    /// Running replicas take them up at their next iteration, where only numbers of sequences and tokens change; otherwise as above.
    case live
}
