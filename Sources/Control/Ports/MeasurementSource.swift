public import Measurements

/// Delivers what there is to know about a target: single requests, or answers to questions.
///
/// The streaming probe, Prometheus, `/metrics` of an engine and watched result files are sources.
public protocol MeasurementSource: Sendable {
    /// As in the policy.
    var name: String { get }
    /// What arrived since the last call. Never throws: a source that fails says so in its delivery, and what it knows not is not known.
    ///
    /// Called once an interval, never twice at a time; returns within the deadline.
    func deliver(_ request: DeliveryRequest) async -> Delivery
}

/// What a cycle asks of its sources.
public struct DeliveryRequest: Sendable, Hashable {
    /// The time of the cycle.
    public var now: Timestamp
    /// Every figure the policy asks for.
    public var questions: [PolicyQuestion]
    /// How long a source may take.
    public var deadline: Duration
    /// The limits beyond which an answer is late, where the load of the service is asked for; `nil` where it is not.
    public var loadLimits: [LatencyLimit]?

    public init(now: Timestamp, questions: [PolicyQuestion], deadline: Duration, loadLimits: [LatencyLimit]? = nil) {
        self.now = now
        self.questions = questions
        self.deadline = deadline
        self.loadLimits = loadLimits
    }
}

/// What a source delivered.
public struct Delivery: Sendable, Hashable {
    /// Single requests, each once.
    public var measurements: [InferenceMeasurement]
    /// Answers to questions, as of now; a question without an answer here is not known to this source.
    public var readings: [RecordedReading]
    /// Totals of a stretch of time, from sources that count but do not see single requests; for verification.
    public var blocks: [LatencyBlock]
    /// What came since the last call, from sources that count requests as they come; only where it was asked for.
    public var load: ServiceLoad?
    /// Why something is missing, a sentence each; empty where all went well.
    public var faults: [String]

    public init(
        measurements: [InferenceMeasurement] = [], readings: [RecordedReading] = [], blocks: [LatencyBlock] = [],
        load: ServiceLoad? = nil, faults: [String] = []
    ) {
        self.measurements = measurements
        self.readings = readings
        self.blocks = blocks
        self.load = load
        self.faults = faults
    }
}
