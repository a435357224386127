public import Measurements
public import Statistics
public import Transport

/// What came of a stage, in memory that does not grow with it. Warm-up is counted apart and in nothing else; latencies are of requests
/// that were answered in full, in seconds.
public struct StageTally: Sendable {
    public private(set) var succeeded = 0
    public private(set) var failed = 0
    public private(set) var warmUp = 0
    /// Requests that met the run's objective.
    public private(set) var good = 0
    /// Attempts that failed and were repeated.
    public private(set) var repeatedAttempts = 0
    public private(set) var inputTokens = 0
    public private(set) var outputTokens = 0
    /// Failures by type; beyond 64 types they are counted as `other`.
    public private(set) var errors: [String: Int] = [:]

    public private(set) var timeToFirstToken = Distribution()
    /// From the intended start.
    public private(set) var scheduledTimeToFirstToken = Distribution()
    public private(set) var timePerOutputToken = Distribution()
    /// Between events with content.
    public private(set) var gap = Distribution()
    public private(set) var endToEnd = Distribution()
    /// From the intended start.
    public private(set) var scheduledEndToEnd = Distribution()
    /// How late requests were sent, failed ones included.
    public private(set) var lag = Distribution()
    /// When the last of the counted requests was sent, and the first, since the stage's start.
    public private(set) var firstSent: Nanoseconds?
    public private(set) var lastSent: Nanoseconds?

    public init() {}

    public var requests: Int { succeeded + failed }

    /// Requests sent per second between the first and the last; `nil` below two.
    public var sentPerSecond: Double? {
        guard let firstSent, let lastSent, lastSent > firstSent, requests > 1 else { return nil }
        return Double(requests - 1) / (lastSent - firstSent).seconds
    }

    /// Takes note of a request.
    /// - Parameter isGood: Whether it met the objective.
    public mutating func record(_ record: RequestRecord, isGood: Bool) {
        guard !record.isWarmUp else { return warmUp += 1 }
        let measurement = record.measurement
        repeatedAttempts += record.earlierAttempts.count
        inputTokens = Self.sum(inputTokens, measurement.inputTokens)
        outputTokens = Self.sum(outputTokens, measurement.outputTokens)
        if let sent = record.moments.sent {
            firstSent = min(firstSent ?? sent, sent)
            lastSent = max(lastSent ?? sent, sent)
        }
        add(record.scheduleLag, to: &lag)
        if let error = measurement.error {
            failed += 1
            let type = errors.count < 64 || errors[error.type] != nil ? error.type : "other"
            return errors[type, default: 0] += 1
        }
        succeeded += 1
        if isGood { good += 1 }
        add(measurement.timeToFirstToken, to: &timeToFirstToken)
        add(record.scheduledTimeToFirstToken, to: &scheduledTimeToFirstToken)
        add(measurement.timePerOutputToken, to: &timePerOutputToken)
        add(measurement.endToEnd, to: &endToEnd)
        add(record.scheduledEndToEnd, to: &scheduledEndToEnd)
        for length in measurement.chunkGaps ?? [] { gap.record(length.seconds) }
    }

    /// At most the largest number: what a server claims must not end the run.
    private static func sum(_ total: Int, _ tokens: Int?) -> Int {
        let (sum, overflow) = total.addingReportingOverflow(tokens ?? 0)
        return overflow ? .max : sum
    }

    private func add(_ length: Nanoseconds?, to distribution: inout Distribution) {
        if let length { distribution.record(length.seconds) }
    }
}

/// A look at a run under way.
public struct ProgressSnapshot: Sendable {
    public var label: String
    /// Counts the stages of the run from 0.
    public var stage: Int
    public var stages: Int
    /// Since the stage's start.
    public var elapsed: Nanoseconds
    public var tally: StageTally
    public var inFlight: Int
    /// Due and waiting for their turn under a cap.
    public var waiting: Int
    /// Share of the stage that is done, in `0...1`; `nil` where nothing tells.
    public var done: Double?
    /// `nil` where nothing tells.
    public var timeLeft: Nanoseconds?
    /// The last of its stage.
    public var isLast: Bool
}

/// What came of a stage.
public struct StageResult: Sendable {
    /// With its records, where the run keeps them.
    public var stage: BenchmarkStage
    public var tally: StageTally
    /// Requests under way that were given up when the run was cancelled; they are in no count.
    public var interrupted: Int
    /// The moment from which the moments of the stage's records count.
    public var clockOrigin: MonotonicTime
    /// Connections opened before the clock started.
    public var connectionsOpened: Int
    /// `nil` where all was done that was asked for.
    public var stoppedEarly: String?
}
