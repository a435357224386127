public import FoundationEssentials
public import Measurements

/// What a load test amounts to: the figures of every stage, how far they can be trusted, and what speaks against trusting them.
public struct BenchmarkSummary: Sendable, Hashable, Codable {
    public var id: UUID
    public var tool: String
    public var toolVersion: String
    public var startedAt: Timestamp
    public var model: ModelFacts
    public var hardware: HardwareFacts
    public var seed: UInt64
    public var objective: BenchmarkObjective?
    public var stages: [StageSummary]
    public var calibration: ClientCalibration?
    /// What was asked for; `nil` in documents of before.
    public var parameters: TestParameters?
    /// What searches for the highest rate found; `nil` in documents of before.
    public var knees: [KneeFinding]?
    public var stoppedEarly: String?
    /// What speaks against the figures of the run as a whole, in plain words; those of a stage are with the stage.
    public var warnings: [String]

    public init(_ run: BenchmarkRun, objective: BenchmarkObjective?, stages: [StageSummary], warnings: [String]) {
        id = run.id
        tool = run.tool
        toolVersion = run.toolVersion
        startedAt = run.startedAt
        model = run.model
        model.endpoint = ForeignText.addressWithoutSecrets(model.endpoint)
        hardware = run.hardware
        seed = run.seed
        self.objective = objective
        self.stages = stages
        calibration = run.calibration
        parameters = run.parameters
        knees = run.knees
        stoppedEarly = run.stoppedEarly
        self.warnings = warnings
    }
}

/// One load and what came of it.
public struct StageSummary: Sendable, Hashable, Codable {
    public var label: String
    public var load: OfferedLoad
    /// From the start of the clock to the last answer.
    public var duration: Nanoseconds
    /// All requests of the stage.
    public var whole: LoadSummary
    /// One for each provider, model and scenario, sorted; a single one says what ``whole`` says.
    public var groups: [LoadSummary]
    /// `nil` where the stage is too short to tell.
    public var steadyState: SteadyStateFinding?
    public var pressure: HostPressure?
    /// What speaks against these figures, in plain words.
    public var warnings: [String]

    public init(
        label: String, load: OfferedLoad, duration: Nanoseconds, whole: LoadSummary, groups: [LoadSummary],
        steadyState: SteadyStateFinding?, pressure: HostPressure?, warnings: [String]
    ) {
        self.label = label
        self.load = load
        self.duration = duration
        self.whole = whole
        self.groups = groups
        self.steadyState = steadyState
        self.pressure = pressure
        self.warnings = warnings
    }
}

/// Where a stage left its start-up behind, by MSER-5 on the end-to-end latency from schedule.
public struct SteadyStateFinding: Sendable, Hashable, Codable {
    /// Requests of the start-up, in the order of the schedule.
    public var startUpRequests: Int
    /// From the start of the measured part to the first request after the start-up.
    public var startUpTime: Nanoseconds
    /// Whether the stage settled in its first half.
    public var isReached: Bool
    /// Whether the start-up was left out of the figures.
    public var isDiscarded: Bool

    public init(startUpRequests: Int, startUpTime: Nanoseconds, isReached: Bool, isDiscarded: Bool) {
        self.startUpRequests = startUpRequests
        self.startUpTime = startUpTime
        self.isReached = isReached
        self.isDiscarded = isDiscarded
    }
}
