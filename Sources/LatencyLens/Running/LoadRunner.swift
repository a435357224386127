import FoundationEssentials
public import LoadGeneration
public import Measurements
public import Probing
import Statistics
import Synchronization
import Transport

/// Offers loads to a model's API and measures what comes of them.
///
///     let client = try HTTPClient(settings: .measuring(streams: 20))
///     let exchange = StreamExchange(client: client, provider: OpenAIChat(model: "m"), endpoint: "http://host/v1", model: "m")
///     let scenario = Scenario(prompts: .filler(.fixed(200)), outputTokens: .fixed(64))
///     let runner = try LoadRunner(exchange: exchange, scenarios: [scenario])
///     let load = Load.open(.poisson(requestsPerSecond: 20))
///     let results = try await runner.run([LoadStage("20/s", load: load, stop: StopRules(requests: 1_000))])
///
/// Cancelling the task that runs it gives up what is under way and returns the results so far; ``stop()`` waits for what is under way.
/// A client keeps as many idle connections as its settings say: give it no fewer than requests are under way.
public final class LoadRunner: Sendable {
    public let exchange: StreamExchange
    public let settings: RunSettings
    /// What the run looks like, several times a second; the newest look only, for one reader. Ends with the runner.
    public let progress: AsyncStream<ProgressSnapshot>

    let key: String?
    let sink: (any RecordSink)?
    let isGood: @Sendable (RequestRecord) -> Bool
    let core: Mutex<RunCore>
    private let clock = RunClock()
    private let looks: AsyncStream<ProgressSnapshot>.Continuation
    private let idPrefix: UInt64

    /// Records that may wait for the sink; beyond it who finishes a request waits as well.
    private static let outboxLimit = 20_000
    /// How long before its time a request is made ready: the transport sends it on time, however late a task wakes up for it.
    private static let preparation = Nanoseconds(10_000_000)
    /// Requests that may wait under a cap.
    private static let queueLimit = 1_000_000

    /// - Parameter key: The API key; `nil` sends none.
    /// - Parameter scenarios: What is asked, at least one.
    /// - Parameter sink: Takes every record, warm-up included.
    /// - Parameter isGood: Whether a request met the objective, for goodput and the search for the knee; asked of all requests.
    /// - Throws: ``LoadGeneration/InvalidLoad`` for numbers that cannot be run.
    public init(
        exchange: StreamExchange, key: String? = nil, scenarios: [Scenario], settings: RunSettings = RunSettings(),
        sink: (any RecordSink)? = nil, isGood: @escaping @Sendable (RequestRecord) -> Bool = { $0.measurement.succeeded }
    ) throws(InvalidLoad) {
        if let problem = settings.problem { throw InvalidLoad(problem) }
        self.exchange = exchange
        self.key = key
        self.settings = settings
        self.sink = sink
        self.isGood = isGood
        core = Mutex(RunCore(workload: try Workload(scenarios, seed: settings.seed), settings: settings))
        (progress, looks) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        var generator = SplitMix64(seed: settings.seed)
        idPrefix = generator.next()
    }

    deinit { looks.finish() }

    /// Offers one load after the other.
    /// - Returns: A result for each stage that was begun.
    /// - Throws: ``LoadGeneration/InvalidLoad`` before anything is sent.
    public func run(_ stages: [LoadStage]) async throws(InvalidLoad) -> [StageResult] {
        if let problem = stages.lazy.compactMap(\.problem).first { throw InvalidLoad(problem) }
        let isFree = core.withLock { core in
            defer { core.isRunning = true }
            return !core.isRunning
        }
        guard isFree else { throw InvalidLoad("this runner is at work: run stages one call after the other, or make another runner") }
        defer { core.withLock { $0.isRunning = false } }
        var results: [StageResult] = []
        for (index, stage) in stages.enumerated() {
            if Task.isCancelled || core.withLock(\.isStopped) { break }
            results.append(await run(stage, number: index, of: stages.count))
        }
        return results
    }

    /// Sends nothing more; what is under way is waited for. For good: a runner that was stopped stays so.
    public func stop() { core.withLock { $0.isStopped = true } }

    // MARK: A stage

    private func run(_ stage: LoadStage, number: Int, of count: Int) async -> StageResult {
        OpenFiles.allow(stage.load.maximumInFlight ?? settings.maximumInFlight)
        let opened = await ConnectionWarmer(exchange: exchange, key: key).open(connections(for: stage.load))
        let meter = HostPressureMeter()
        let start = clock.now
        let stageClock = clock.starting(at: start)
        core.withLock { $0.stage = StageProgress(stage) }
        let isOpenLoop = stage.load.offered.isOpen
        let sender = RequestSender(runner: self, runClock: clock, clock: stageClock, isOpenLoop: isOpenLoop)
        let look = Look(label: stage.label, stage: number, stages: count, clock: stageClock)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watch(look) }
            switch stage.load {
            case .open(let arrivals, let cap): await offer(arrivals, maximumInFlight: cap ?? settings.maximumInFlight, number, sender)
            case .closed(let concurrency): await work(concurrency, sender)
            }
            group.cancelAll()
        }
        await flush()
        tell(look, isLast: true)
        return result(of: stage, opened: opened, pressure: meter.read(), clock: stageClock)
    }

    private func result(of stage: LoadStage, opened: Int, pressure: HostPressure, clock: RunClock) -> StageResult {
        core.withLock { core in
            core.stage.dropQueue()
            let progress = core.stage
            core.stage.records = []
            var finished = BenchmarkStage(
                label: stage.label, load: stage.load.offered, duration: progress.lastEnd.count > 0 ? progress.lastEnd : clock.now,
                records: progress.records, unsent: progress.unsent)
            finished.pressure = pressure
            let wasCut = Task.isCancelled ? "cancelled" : core.isStopped ? "stopped" : nil
            return StageResult(
                stage: finished, tally: progress.tally, interrupted: progress.interrupted, clockOrigin: clock.origin,
                connectionsOpened: opened,
                stoppedEarly: core.failure ?? (progress.isOver && progress.interrupted == 0 ? nil : wasCut))
        }
    }

    /// Sends by a schedule, whatever becomes of what was sent.
    private func offer(_ process: ArrivalProcess, maximumInFlight: Int, _ number: Int, _ sender: RequestSender) async {
        await withDiscardingTaskGroup { group in
            for offset in ArrivalTimes(process, seed: settings.seed &+ UInt64(number) &* 0x9E37_79B9) {
                // Asked first: nobody needs to wait for a request that will not be sent.
                guard let arrival = core.withLock({ $0.isOpen ? $0.stage.arrive(at: offset) : nil }) else { break }
                guard await sender.clock.sleep(until: offset - Self.preparation, while: { isSending }) else {
                    if sender.clock.now >= offset { core.withLock { $0.stage.drop() } }
                    break
                }
                let starts = core.withLock { core in
                    guard core.stage.inFlight < maximumInFlight else {
                        core.stage.enqueue(arrival)
                        if core.stage.waiting >= Self.queueLimit {
                            core.stop(because: "\(Self.queueLimit) requests wait for their turn: the load is far beyond what is answered")
                        }
                        return false
                    }
                    core.stage.inFlight += 1
                    return true
                }
                if starts { group.addTask { await self.sendAndGoOn(arrival, sender) } }
                // A schedule that cannot be kept never sleeps, and must not keep a thread from who answers.
                if arrival.index % 64 == 63 { await Task.yield() }
            }
        }
    }

    /// Sends a request, and then those that waited for it to end.
    private func sendAndGoOn(_ first: Arrival, _ sender: RequestSender) async {
        var next: Arrival? = first
        while let arrival = next {
            await sender.send(arrival)
            await makeRoom()
            let now = sender.clock.now
            next = core.withLock { core in
                let next = core.isStopped || Task.isCancelled ? nil : core.stage.dequeue(at: now)
                if next == nil { core.stage.inFlight -= 1 }
                return next
            }
        }
    }

    /// Keeps as many requests under way as are asked for.
    private func work(_ concurrency: Int, _ sender: RequestSender) async {
        await withDiscardingTaskGroup { group in
            for index in 0..<concurrency {
                group.addTask {
                    let first = Nanoseconds(self.settings.firstWaveSpacing.count * Int64(index))
                    guard await sender.clock.sleep(until: first, while: { self.isSending }) else { return }
                    await self.workOn(from: first, sender)
                }
            }
        }
    }

    private func workOn(from first: Nanoseconds, _ sender: RequestSender) async {
        var turn = first
        while !Task.isCancelled {
            let arrival = core.withLock { core -> Arrival? in
                guard core.isOpen, let arrival = core.stage.arrive(at: turn) else { return nil }
                core.stage.inFlight += 1
                return arrival
            }
            guard let arrival else { return }
            await sender.send(arrival)
            core.withLock { $0.stage.inFlight -= 1 }
            await makeRoom()
            turn = sender.clock.now
        }
    }

    /// Whether the stage sends on.
    var isSending: Bool { core.withLock(\.isOpen) }

    /// Opened before the clock starts: as many as will be under way, where the load says how many.
    private func connections(for load: Load) -> Int {
        if let connections = settings.connections { return connections }
        switch load {
        case .closed(let concurrency): return min(concurrency, 4_096)
        case .open(_, let cap?): return min(cap, 4_096)
        case .open(let arrivals, nil): return min(256, Int((arrivals.requestsPerSecond ?? 1).rounded(.up)))
        }
    }

    func prompt(for request: PlannedRequest) -> Prompt {
        var turns: [Prompt.Turn] = []
        var system: String?
        for message in request.messages {
            switch message.role {
            case .system: system = system.map { $0 + "\n\n" + message.text } ?? message.text
            case .user: turns.append(Prompt.Turn(role: .user, text: message.text))
            case .assistant: turns.append(Prompt.Turn(role: .assistant, text: message.text))
            }
        }
        var prompt = Prompt(system: system, turns: turns, maximumOutputTokens: request.outputTokens, sampling: settings.sampling)
        prompt.ignoresEndOfSequence = settings.ignoresEndOfSequence
        prompt.isStreamed = settings.isStreamed
        return prompt
    }

    /// The same for the same seed and number, so that two runs can be laid side by side.
    func id(of request: PlannedRequest) -> UUID { RequestNumber(prefix: idPrefix, number: request.number).id }

    // MARK: Watching

    private struct Look: Sendable {
        let label: String
        let stage: Int
        let stages: Int
        let clock: RunClock
    }

    private func watch(_ look: Look) async {
        var next = ContinuousClock.now + settings.progressInterval
        while !Task.isCancelled {
            // Cancellation ends the loop.
            try? await Task.sleep(for: sink == nil ? settings.progressInterval : min(settings.progressInterval, .milliseconds(50)))
            await flush()
            guard ContinuousClock.now >= next else { continue }
            tell(look, isLast: false)
            next = ContinuousClock.now + settings.progressInterval
        }
    }

    private func tell(_ look: Look, isLast: Bool) {
        let elapsed = look.clock.now
        let stage = core.withLock(\.stage.snapshot)
        let done = stage.done(at: elapsed)
        let timeLeft = done.flatMap { done in done > 0.01 ? Nanoseconds(seconds: elapsed.seconds * (1 - done) / done) : nil }
        looks.yield(
            ProgressSnapshot(
                label: look.label, stage: look.stage, stages: look.stages, elapsed: elapsed, tally: stage.tally, inFlight: stage.inFlight,
                waiting: stage.waiting, done: isLast ? 1 : done, timeLeft: isLast ? Nanoseconds(0) : timeLeft, isLast: isLast))
    }

    private func flush() async {
        guard let sink else { return }
        let records = core.withLock { core in
            defer { core.stage.outbox = [] }
            return core.stage.outbox
        }
        guard !records.isEmpty else { return }
        // In a task of its own: what was measured is handed over also by a task that was cancelled.
        let failure = await Task { () -> (any Error)? in
            do { try await sink.write(records) } catch { return error }
            return nil
        }.value
        if let failure { core.withLock { $0.stop(because: "the records could not be written: \(failure)") } }
    }

    /// Waits while the sink is far behind.
    private func makeRoom() async {
        guard sink != nil else { return }
        while core.withLock({ $0.stage.outbox.count }) > Self.outboxLimit, !Task.isCancelled {
            // Cancellation ends the loop.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
