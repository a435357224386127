public import LoadGeneration
public import Measurements
public import Probing

/// How a run treats its requests; the loads themselves are ``LoadGeneration/LoadStage``s.
public struct RunSettings: Sendable {
    /// Of everything random: arrivals, prompts, lengths, waits.
    public var seed: UInt64
    public var retry: RetryPolicy
    /// `nil` asks as often as the load says.
    public var limits: RateLimits?
    /// `nil` never stops asking a server that fails.
    public var breaker: CircuitBreaker.Settings?
    /// Of the whole run.
    public var budget: Budget
    public var sampling: Sampling
    /// Whether models are to go on until the asked number of tokens is there; only engines that know `ignore_eos` can be told so.
    public var ignoresEndOfSequence: Bool
    /// Whether answers come piece by piece; as a whole, nothing is known of their first token.
    public var isStreamed: Bool
    /// Whether ``StageResult/stage`` holds the records. Without, memory does not grow with the run.
    public var keepsRecords: Bool
    /// Connections opened before the clock starts; `nil` chooses by the load, 0 opens none.
    public var connections: Int?
    /// Between the first requests of a closed loop, so that its beginning is not one burst.
    public var firstWaveSpacing: Nanoseconds
    /// Of an open loop without a cap; what comes beyond it waits, and the wait counts.
    public var maximumInFlight: Int
    /// How often ``LoadRunner/progress`` tells.
    public var progressInterval: Duration

    public init(seed: UInt64 = 1) {
        self.seed = seed
        retry = .never
        budget = Budget()
        sampling = Sampling()
        ignoresEndOfSequence = false
        isStreamed = true
        keepsRecords = true
        firstWaveSpacing = Nanoseconds(100_000)
        maximumInFlight = 20_000
        progressInterval = .milliseconds(250)
    }

    /// What keeps a run from starting; `nil` where nothing does.
    public var problem: String? {
        if retry.maximumAttempts < 1 { return "a request is tried at least once, got \(retry.maximumAttempts) attempts" }
        if let connections, !(0...100_000).contains(connections) { return "connections lie in 0...100000, got \(connections)" }
        if maximumInFlight < 1 { return "at least 1 request may be under way, got \(maximumInFlight)" }
        if firstWaveSpacing.count < 0 { return "the spacing of the first requests is 0 or more, got \(firstWaveSpacing.seconds) s" }
        if progressInterval <= .zero { return "progress is told at an interval above 0, got \(progressInterval)" }
        return limits?.problem ?? budget.problem
    }
}

/// Takes records as they are made, so that they need not be kept.
public protocol RecordSink: Sendable {
    /// Takes some records, in the order in which their requests ended. Called by one task at a time.
    /// - Throws: What ends the run: its results so far stay.
    func write(_ records: [RequestRecord]) async throws
}
