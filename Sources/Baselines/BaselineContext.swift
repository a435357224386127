public import EngineModels
public import Measurements

/// What a baseline is told of the pool it scales: what its user would write into its configuration, or its profiler would measure beforehand.
public struct BaselineContext: Sendable, Hashable {
    public var profile: EngineProfile
    public var settings: EngineSettings
    /// Objectives, as baselines understand them: flat limits for means or quantiles.
    public var timeToFirstToken: Nanoseconds
    public var timePerOutputToken: Nanoseconds
    /// Limits of the Deployment.
    public var replicaRange: ClosedRange<Int>

    public init(
        profile: EngineProfile, settings: EngineSettings = EngineSettings(), timeToFirstToken: Nanoseconds = Nanoseconds(seconds: 2),
        timePerOutputToken: Nanoseconds = Nanoseconds(milliseconds: 50), replicaRange: ClosedRange<Int>
    ) {
        self.profile = profile
        self.settings = settings
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
        self.replicaRange = replicaRange
    }
}
