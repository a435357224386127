import LoadGeneration
import Measurements
import Probing
import Statistics

/// All that changes while a run goes on. Belongs to the lock of its ``LoadRunner``; times count from the run's start unless said otherwise.
struct RunCore: Sendable {
    // Of the run.
    var workload: Workload
    var limiter: RateLimiter?
    var breaker: CircuitBreaker?
    var ledger: BudgetLedger
    private let retry: RetryPolicy
    private var generator: SplitMix64
    /// Nothing more is sent, in this stage or a later one.
    var isStopped = false
    /// Why, where it was not asked for.
    var failure: String?
    var isRunning = false

    // Of the stage.
    var stage = StageProgress()

    init(workload: Workload, settings: RunSettings) {
        self.workload = workload
        limiter = settings.limits.map(RateLimiter.init)
        breaker = settings.breaker.map(CircuitBreaker.init)
        ledger = BudgetLedger(settings.budget)
        retry = settings.retry
        generator = SplitMix64(seed: ~settings.seed)
    }

    /// Whether the stage sends on.
    var isOpen: Bool { !isStopped && !stage.isOver }

    /// Whether what is due may still be sent.
    /// - Parameter now: Since the stage's start.
    func maySend(at now: Nanoseconds) -> Bool { !isStopped && stage.rules.time.map { now < $0 } ?? true }

    mutating func stop(because reason: String) {
        isStopped = true
        failure = failure ?? reason
    }

    /// Plans what an arrival sends and promises its price; `nil` where nothing may be sent any more.
    mutating func plan(_ arrival: Arrival, at now: Nanoseconds) -> PlannedRequest? {
        guard !isStopped else { return nil }
        let request = workload.next(at: now)
        guard reserve(request) else { return nil }
        return request
    }

    /// Promises the price of an attempt.
    mutating func reserve(_ request: PlannedRequest) -> Bool {
        let (input, output) = (request.inputTokens, request.outputTokens)
        if ledger.reserve(inputTokens: input, outputTokens: output) { return true }
        stop(because: ledger.exhaustion(inputTokens: input, outputTokens: output))
        return false
    }

    /// Gives back what an attempt that was not made had been promised.
    mutating func release(_ request: PlannedRequest) {
        ledger.release(inputTokens: request.inputTokens, outputTokens: request.outputTokens)
        limiter?.settle(estimate: request.inputTokens + request.outputTokens, actual: 0)
    }

    /// What an attempt took; after a failure, how long to wait before the next, `nil` for none.
    mutating func settle(_ request: PlannedRequest, _ answer: TimedAnswer, attempts: Int, at now: Nanoseconds) -> Nanoseconds? {
        let measurement = answer.measurement
        let reported: (input: Int?, output: Int?) = (measurement.inputTokens, measurement.outputTokens)
        // A refusal costs nothing; an answer that broke off may have.
        let used = answer.tokens == nil && measurement.error?.code != nil ? (0, 0) : reported
        ledger.settle(reserved: (request.inputTokens, request.outputTokens), used: used)
        let estimate = request.inputTokens + request.outputTokens
        let actual = (used.input ?? request.inputTokens) + (used.output ?? request.outputTokens)
        limiter?.settle(estimate: estimate, actual: actual)
        breaker?.record(succeeded: !Self.isServerFailure(measurement.error), at: now)
        guard let error = measurement.error, !isStopped else { return nil }
        let retryAfter = answer.retryAfter.map { Nanoseconds(seconds: $0.inSeconds) }
        return retry.wait(after: error, attempts: attempts, retryAfter: retryAfter, &generator)
    }

    /// A refusal of this one request says nothing of the server's health.
    private static func isServerFailure(_ error: InferenceError?) -> Bool { error.map { ($0.code ?? 500) >= 500 } ?? false }
}

/// A request that is due.
struct Arrival: Sendable, Hashable {
    /// Within the stage, from 0.
    var index: Int
    /// Since the stage's start.
    var intended: Nanoseconds
    var isWarmUp: Bool
}

/// How far a stage is. Times count from the stage's start.
struct StageProgress: Sendable {
    private(set) var rules = StopRules()
    private var warmUp = WarmUp.none
    /// Nothing more is sent: a rule holds.
    private(set) var isOver = false
    private var arrived = 0
    private var counted = 0
    var inFlight = 0
    /// Due, and held up by the cap.
    private(set) var queue: [Arrival] = []
    private var queueStart = 0
    private(set) var unsent = 0
    var interrupted = 0
    private var precision = BatchMeans()
    private(set) var tally = StageTally()
    var records: [RequestRecord] = []
    var outbox: [RequestRecord] = []
    private(set) var lastEnd = Nanoseconds(0)

    init() {}

    init(_ stage: LoadStage) {
        rules = stage.stop
        warmUp = stage.warmUp
    }

    var waiting: Int { queue.count - queueStart }

    /// Takes note that a request is due; `nil` where the stage is over by then.
    mutating func arrive(at intended: Nanoseconds) -> Arrival? {
        let arrival = Arrival(index: arrived, intended: intended, isWarmUp: warmUp.covers(index: arrived, intended: intended))
        if let time = rules.time, intended >= time { isOver = true }
        if let requests = rules.requests, !arrival.isWarmUp, counted >= requests { isOver = true }
        guard !isOver else { return nil }
        arrived += 1
        if !arrival.isWarmUp { counted += 1 }
        return arrival
    }

    mutating func enqueue(_ arrival: Arrival) { queue.append(arrival) }

    /// The next that waits for its turn, unless the time is over.
    mutating func dequeue(at now: Nanoseconds) -> Arrival? {
        if let time = rules.time, now >= time { return nil }
        guard queueStart < queue.count else { return nil }
        defer {
            queueStart += 1
            if queueStart > 4_096, queueStart * 2 > queue.count {
                queue.removeFirst(queueStart)
                queueStart = 0
            }
        }
        return queue[queueStart]
    }

    /// Takes note that a request that was due will not be sent.
    mutating func drop() { unsent += 1 }

    mutating func dropQueue() {
        unsent += waiting
        queue = []
        queueStart = 0
    }

    mutating func finish(_ record: RequestRecord, isGood: Bool, isOpenLoop: Bool, endedAt: Nanoseconds) {
        lastEnd = max(lastEnd, endedAt)
        tally.record(record, isGood: isGood)
        guard let target = rules.precision, !record.isWarmUp, record.measurement.succeeded else { return }
        let latency =
            switch target.latency {
            case .timeToFirstToken: isOpenLoop ? record.scheduledTimeToFirstToken : record.measurement.timeToFirstToken
            case .endToEnd: isOpenLoop ? record.scheduledEndToEnd : record.measurement.endToEnd
            }
        if let latency { precision.record(latency.seconds) }
        if precision.meets(target) { isOver = true }
    }

    /// All but what may be large.
    var snapshot: StageProgress {
        var copy = StageProgress()
        copy.rules = rules
        copy.tally = tally
        copy.inFlight = inFlight
        copy.queue = queue
        copy.queueStart = queueStart
        return copy
    }

    /// Share that is done by the rules that can tell.
    func done(at elapsed: Nanoseconds) -> Double? {
        let byRequests = rules.requests.map { Double(tally.requests) / Double(max(1, $0)) }
        let byTime = rules.time.map { elapsed.seconds / max($0.seconds, 1e-9) }
        return [byRequests, byTime].compactMap(\.self).max().map { min(1, $0) }
    }
}
