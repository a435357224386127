public import EngineModels
public import Measurements

/// What a ``ReplicaPlanner`` is to hold, for which engine, and how it does it. The defaults are those of the trials.
public struct PlannerSettings: Sendable, Codable, Hashable {
    public var profile: EngineProfile
    public var engine: EngineSettings
    /// What tokens may be apart in the mean.
    public var timePerOutputToken: Nanoseconds
    /// Share of requests that are to be in time, `0..<1`.
    public var attainment: Double
    /// From asking for a replica to its serving, as rather long ones take.
    public var coldStart: Nanoseconds
    /// How often it plans.
    public var period = Nanoseconds(seconds: 15)
    /// Replicas are not given up sooner than this after they were last asked for, nor sooner than ``coldStart``.
    public var leastHold = Nanoseconds(seconds: 120)
    /// How far back forecasts look, seconds.
    public var memories: [Double] = [60, 180, 600, 1_800, 5_400]
    /// How far back the errors of forecasts count.
    public var errorMemory = Nanoseconds(seconds: 3_600)
    /// What a change of the number of replicas has to save at least, in replicas: the optimum is flat, and starts are not free.
    public var changeCost = 0.25
    /// The logarithm of the price of late answers rises by so much for a period in which all were late.
    public var gain = 0.01
    /// Replicas that serving one replica's worth of demand in time is worth, before the error budget has its say.
    public var price = 19.0
    /// Share of the limit on tokens that a replica is planned to use, for the mean is not the worst.
    public var usableShare = 0.9
    /// Part of a replica that may be missing.
    public var roundingTolerance = 0.08
    /// The level before an outage is held for so long.
    public var outageHold = Nanoseconds(seconds: 3_600)

    public init(
        profile: EngineProfile, engine: EngineSettings = EngineSettings(), timePerOutputToken: Nanoseconds = Nanoseconds(milliseconds: 50),
        attainment: Double = 0.992, coldStart: Nanoseconds = Nanoseconds(seconds: 150)
    ) {
        self.profile = profile
        self.engine = engine
        self.timePerOutputToken = timePerOutputToken
        self.attainment = attainment
        self.coldStart = coldStart
    }

    var hold: Double { max(leastHold.seconds, coldStart.seconds) }
}
