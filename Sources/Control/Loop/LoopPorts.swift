public import FoundationEssentials
import Learning
import Policies

/// Everything of the world a policy's loop touches.
public struct LoopPorts: Sendable {
    public var clock: any ControlClock
    public var sources: [any MeasurementSource]
    /// `nil` for a policy without a target.
    public var adjuster: (any Adjuster)?
    /// `nil` where the target's replicas cannot be changed apart.
    public var canary: CanaryPorts?
    public var journal: any Journal
    public var leadership: any Leadership
    public var announcer: any Announcer
    public var fleet: FleetView
    /// What carrying out a recommendation would send; for reports.
    public var plannedChange: @Sendable (Recommendation) -> PlannedChange
    public var makeIdentifier: @Sendable () -> UUID
    public var toolVersion: String
    public var origin: CycleRecord.Origin

    public init(
        clock: any ControlClock, sources: [any MeasurementSource], adjuster: (any Adjuster)?,
        canary: CanaryPorts? = nil, journal: any Journal,
        leadership: any Leadership, announcer: any Announcer, fleet: FleetView = FleetView(),
        plannedChange: @escaping @Sendable (Recommendation) -> PlannedChange = { _ in .none(reason: "the target tells no exact request") },
        makeIdentifier: @escaping @Sendable () -> UUID = { UUID() }, toolVersion: String, origin: CycleRecord.Origin
    ) {
        self.clock = clock
        self.sources = sources
        self.adjuster = adjuster
        self.canary = canary
        self.journal = journal
        self.leadership = leadership
        self.announcer = announcer
        self.fleet = fleet
        self.plannedChange = plannedChange
        self.makeIdentifier = makeIdentifier
        self.toolVersion = toolVersion
        self.origin = origin
    }
}

/// The one controller there is: it always leads, and its changes bear no fence.
public struct SoleLeader: Leadership {
    public init() {}
    public func term() -> FencingToken? { .unfenced }
}

extension FencingToken {
    /// Of a controller without leader election: writes are not fenced.
    public static let unfenced = FencingToken(rawValue: 0)
}
