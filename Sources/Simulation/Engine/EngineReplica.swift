import EngineModels
import Measurements
import Statistics

/// One copy of an engine: continuous batching with chunked prefill, a bounded cache and a line of those who wait.
///
/// As vLLM schedules: in each iteration every decoding request makes a token; what is left of the token budget goes to prompts under way and
/// then to those who wait, first come first served, while there are places and room in the cache. Where the cache is full, the latest
/// arrival loses its place and is read anew later. While no prompt is read, iterations are alike and taken in one leap; the result is the
/// same to the last bit. What depends on no later call has happened when ``advance(to:)`` returns.
struct EngineReplica {
    let number: Int
    private(set) var settings: EngineSettings
    private(set) var cacheCapacity: Int64
    let listens: Bool

    /// End of the last iteration, picoseconds.
    var now: Int64
    var iteration: Int64 = 0
    var slots: ContiguousArray<RequestSlot> = []
    var freeSlots: ContiguousArray<Int32> = []
    var decoding = FinishHeap()
    var prefilling: ContiguousArray<Int32> = []
    var waiting = WaitingLine()
    /// Tokens in the cache of the decoding requests.
    var cachedTokens: Int64 = 0
    /// The same with the whole prompts of those being read.
    var reservedTokens: Int64 = 0
    /// Tokens to be read of those who wait.
    var waitingTokens: Int64 = 0
    /// End of the iteration under way that reads a prompt; −1 where none does.
    var mixedEnd: Int64 = -1
    /// Before this time, running and waiting do not change of themselves.
    var quietUntil: Int64 = 0
    /// When the last request left, while there is none.
    var emptySince: Int64
    var noise: SpeedNoise
    let wayOut: Int64

    var totals = ReplicaTotals()
    var outcomes: ContiguousArray<RequestOutcome> = []
    var tokens: ContiguousArray<TokenEvent> = []
    private var nextSequence: Int64 = 0

    /// - Parameter settings: Without a ``EngineSettings/problem(with:)``; otherwise traps.
    init(
        number: Int, profile: EngineProfile, settings: EngineSettings, startingAt now: Int64, noise: SpeedNoise, listens: Bool
    ) {
        if let problem = settings.problem(with: profile) { preconditionFailure(problem) }
        self.number = number
        self.settings = settings
        self.now = now
        emptySince = now
        self.noise = noise
        self.listens = listens
        wayOut = profile.serverLatency.picoseconds
        cacheCapacity = Int64(profile.cacheTokens(under: settings))
    }

    var running: Int { decoding.count + prefilling.count }
    var load: Int { running + waiting.count }
    var tokenLoad: Int64 { reservedTokens + waitingTokens }

    /// Whether a request can ever be served here.
    func hasRoom(for request: SimulatedRequest) -> Bool {
        let capacity = Int(cacheCapacity)
        return request.inputTokens <= capacity && request.outputTokens <= capacity - request.inputTokens
    }

    /// Puts a request into the line at a time up to which the replica was advanced. It must fit.
    mutating func submit(_ request: SimulatedRequest, at time: Int64) {
        let slot = RequestSlot(request, sequence: nextSequence, readyAt: time)
        nextSequence += 1
        waitingTokens += slot.prefillTarget
        if let free = freeSlots.popLast() {
            slots[Int(free)] = slot
            waiting.append(free)
        } else {
            slots.append(slot)
            waiting.append(Int32(slots.count - 1))
        }
        quietUntil = now
    }

    /// Sets what a running engine takes up at its next iteration: how many sequences and tokens one holds.
    mutating func limit(sequences: Int, batchedTokens: Int) {
        settings.maxNumSeqs = sequences
        settings.maxNumBatchedTokens = batchedTokens
        quietUntil = now
    }

    /// Takes a request back; `false` where there is none of this number.
    mutating func cancel(_ id: Int, at time: Int64) -> Bool {
        guard let slot = liveSlots.first(where: { slots[Int($0)].id == id }) else { return false }
        end(slot, .cancelled, at: time)
        totals.cancelled += 1
        return true
    }

    /// Ends everything that is here without its answer.
    mutating func failAll(at time: Int64) {
        for slot in liveSlots {
            end(slot, .failed, at: time)
            totals.failed += 1
        }
        mixedEnd = -1
    }

    private mutating func end(_ slot: Int32, _ ending: RequestOutcome.Ending, at time: Int64) {
        let index = Int(slot)
        var generated = slots[index].generatedBefore
        if prefilling.contains(slot) {
            prefilling.removeAll { $0 == slot }
            reservedTokens -= slots[index].prefillTarget
        } else if decoding.entries.contains(where: { $0.slot == slot }) {
            decoding.remove(slot: slot)
            generated = slots[index].generated(at: iteration)
            cachedTokens -= slots[index].inputTokens + generated
            reservedTokens -= slots[index].inputTokens + generated
        } else {
            waiting.remove(slot)
            waitingTokens -= slots[index].prefillTarget
        }
        outcomes.append(RequestOutcome(slots[index], ending: ending, generated: generated, lastToken: time, replica: number))
        freeSlots.append(slot)
        if load == 0 { emptySince = time }
        quietUntil = now
    }

    /// When the iteration under way or the next one to begin ends, or earlier; `nil` where there is nothing to do.
    var iterationEnd: Int64? {
        if mixedEnd >= 0 { return mixedEnd }
        guard !decoding.isEmpty else { return load > 0 ? now : nil }
        var noise = noise
        noise.enter(iteration)
        return now + noise.cost.iteration(tokens: Int64(decoding.count), cached: cachedTokens)
    }

    private var liveSlots: [Int32] { decoding.entries.map(\.slot) + prefilling + waiting.all }
}

/// What a replica has done since it began.
struct ReplicaTotals {
    var completed = 0
    var cancelled = 0
    var failed = 0
    var promptTokens: Int64 = 0
    var generatedTokens: Int64 = 0
    var preemptions: Int64 = 0
    var iterations: Int64 = 0
    /// Leaps and single iterations: what the simulation itself had to do.
    var steps: Int64 = 0
    /// Picoseconds in which it worked; those of a thousand replicas would not fit into 64 bits.
    var busy: Int128 = 0

    mutating func add(_ other: ReplicaTotals) {
        completed += other.completed
        cancelled += other.cancelled
        failed += other.failed
        promptTokens += other.promptTokens
        generatedTokens += other.generatedTokens
        preemptions += other.preemptions
        iterations += other.iterations
        steps += other.steps
        busy += other.busy
    }
}

/// How fast one replica is, and how that wavers: a lognormal factor, drawn anew for every run of iterations.
struct SpeedNoise {
    private let model: LatencyModel
    private let slowness: Double
    private let deviation: Double
    private var normals: NormalDraws
    /// What an iteration costs in the present run.
    private(set) var cost: IterationCost
    /// First iteration of the next run.
    private(set) var runEnd: Int64

    /// Iterations of a run: half a second or so of a busy engine.
    static let iterationsPerRun: Int64 = 32

    /// - Parameters:
    ///   - slowness: Factor on all times of this replica.
    ///   - deviation: Standard deviation of the logarithm of the factor; 0 is none.
    init(_ model: LatencyModel, slowness: Double = 1, deviation: Double = 0, seed: UInt64 = 0) {
        self.model = model
        self.slowness = slowness
        self.deviation = deviation
        normals = NormalDraws(SplitMix64(seed: seed))
        cost = IterationCost(model, slowness: slowness)
        runEnd = deviation > 0 ? 0 : .max
    }

    mutating func enter(_ iteration: Int64) {
        guard iteration >= runEnd else { return }
        // The median is the model; held within four deviations, so that no draw is absurd.
        let drawn = min(max(normals.next(), -4), 4)
        cost = IterationCost(model, slowness: slowness * exponential(deviation * drawn))
        runEnd = iteration + Self.iterationsPerRun
    }
}
