public import Measurements
import Statistics

/// One engine: continuous batching with chunked prefill over a cache of limited size, one iteration at a time.
///
/// Each iteration takes one token for every decoding request first, then chunks of the prompts under way, then new requests in the order of
/// their coming. Where the cache is full the latest request loses its place and is computed anew (recompute). Same seed, same output.
public struct EngineReplica: Sendable {
    public let model: LatencyModel
    public private(set) var settings: EngineSettings
    /// From when on it serves.
    public let readyAt: Nanoseconds
    public private(set) var waiting: [Sequence] = []
    public private(set) var running: [Sequence] = []
    /// Tokens the running requests hold in the cache.
    public private(set) var cachedTokens = 0
    public private(set) var preemptions = 0
    private var generator: SplitMix64
    private let noise: Double
    private var now: Nanoseconds
    /// When the iteration under way ends.
    private var iterationEnds: Nanoseconds?

    /// A request in the engine.
    public struct Sequence: Sendable, Hashable {
        public let request: SimulatedRequest
        /// When it reaches the scheduler.
        let enters: Nanoseconds
        public private(set) var generated = 0
        /// Tokens it holds of the cache; its whole prompt from its admission on.
        private(set) var held = 0
        /// Tokens that are to be computed before the next one leaves: the prompt, and after a preemption the answer so far.
        private(set) var toPrefill: Int
        private(set) var prefilled = 0
        private(set) var firstToken: Nanoseconds?
        private(set) var preemptions = 0
        /// Tokens the iteration under way computes of it.
        private var scheduled = 0

        init(_ request: SimulatedRequest, enters: Nanoseconds) {
            self.request = request
            self.enters = enters
            toPrefill = request.promptTokens
        }

        var isDecoding: Bool { prefilled == toPrefill }
        var isFinished: Bool { generated == request.outputTokens }

        mutating func takePlace() { held = toPrefill }

        mutating func losePlace() {
            toPrefill = request.promptTokens + generated
            prefilled = 0
            held = 0
            scheduled = 0
            preemptions += 1
        }

        /// Plans its part of an iteration within a budget of tokens.
        /// - Returns: How many tokens it gets.
        mutating func schedule(budget: Int) -> Int {
            scheduled = min(isDecoding ? 1 : toPrefill - prefilled, budget)
            if isDecoding { held += scheduled }
            return scheduled
        }

        /// Ends its part of an iteration; the last chunk of a prefill brings a token, as each decoding step does.
        /// - Returns: Whether a token left.
        mutating func finishIteration(at time: Nanoseconds) -> Bool {
            guard scheduled > 0 else { return false }
            if !isDecoding { prefilled += scheduled }
            scheduled = 0
            guard isDecoding else { return false }
            generated += 1
            firstToken = firstToken ?? time
            return true
        }
    }

    /// - Parameter noise: Deviation of the logarithm of an iteration's length.
    public init(model: LatencyModel, settings: EngineSettings, readyAt: Nanoseconds, seed: UInt64, noise: Double) {
        self.model = model
        self.settings = settings
        self.readyAt = readyAt
        self.noise = noise
        generator = SplitMix64(seed: seed)
        now = readyAt
    }

    /// Requests that are here.
    public var load: Int { waiting.count + running.count }

    /// What runs goes on; a lower limit holds back new requests until there is room.
    mutating func take(_ settings: EngineSettings) { self.settings = settings }

    /// When something happens next; `nil` where nothing is to be done.
    public var nextEvent: Nanoseconds? {
        iterationEnds ?? (running.isEmpty ? waiting.first.map { max($0.enters, now) } : now)
    }

    mutating func submit(_ request: SimulatedRequest) {
        let enters = max(request.arrival + model.entryDelay, waiting.last?.enters ?? request.arrival)
        waiting.append(Sequence(request, enters: enters))
    }

    /// Takes a request out, wherever it is; the iteration under way takes its time all the same.
    mutating func cancel(_ id: Int) -> Bool {
        if let index = waiting.firstIndex(where: { $0.request.id == id }) {
            waiting.remove(at: index)
            return true
        }
        guard let index = running.firstIndex(where: { $0.request.id == id }) else { return false }
        cachedTokens -= running.remove(at: index).held
        return true
    }

    /// Ends the iteration under way, or begins one, at ``nextEvent``.
    mutating func step(into output: inout EngineOutput, recordingTokens: Bool) {
        guard let time = nextEvent else { return }
        now = time
        if iterationEnds != nil { finishIteration(into: &output, recordingTokens: recordingTokens) }
        beginIteration()
    }

    // MARK: One iteration

    private mutating func beginIteration() {
        makeRoomForDecoding()
        var batch = Batch(budget: settings.maxNumBatchedTokens)
        for index in running.indices where running[index].isDecoding {
            cachedTokens += batch.add(&running[index])
        }
        for index in running.indices where !running[index].isDecoding { _ = batch.add(&running[index]) }
        while batch.budget > 0, running.count < settings.maxNumSeqs, let next = waiting.first, next.enters <= now,
            cachedTokens + next.toPrefill + 1 <= model.cacheTokens
        {
            var sequence = waiting.removeFirst()
            sequence.takePlace()
            cachedTokens += sequence.held
            _ = batch.add(&sequence)
            running.append(sequence)
        }
        guard batch.tokens > 0 else {
            iterationEnds = nil
            return
        }
        let length = model.iteration(tokens: batch.tokens, context: batch.context, pairs: batch.pairs)
        iterationEnds = now + Nanoseconds(milliseconds: length * generator.lognormal(deviation: noise))
    }

    /// What one iteration computes.
    private struct Batch {
        var budget: Int
        var tokens = 0
        var context = 0
        var pairs = 0.0

        /// - Returns: How many tokens of the sequence are computed.
        mutating func add(_ sequence: inout Sequence) -> Int {
            let isDecoding = sequence.isDecoding
            let count = sequence.schedule(budget: budget)
            budget -= count
            tokens += count
            if isDecoding {
                context += count * sequence.held
            } else {
                pairs += Double(count) * (Double(sequence.prefilled) + Double(count) / 2)
            }
            return count
        }
    }

    /// The latest lose their places until every decoding request has room for one more token.
    private mutating func makeRoomForDecoding() {
        while running.count > 1, cachedTokens + running.count(where: \.isDecoding) > model.cacheTokens,
            let latest = running.indices.max(by: { running[$0].isBefore(running[$1]) })
        {
            var sequence = running.remove(at: latest)
            cachedTokens -= sequence.held
            sequence.losePlace()
            preemptions += 1
            waiting.insert(sequence, at: 0)
        }
    }

    private mutating func finishIteration(into output: inout EngineOutput, recordingTokens: Bool) {
        var index = 0
        for var sequence in running {
            if sequence.finishIteration(at: now) { record(sequence, into: &output, recordingTokens) }
            if sequence.isFinished {
                cachedTokens -= sequence.held
            } else {
                running[index] = sequence
                index += 1
            }
        }
        running.removeLast(running.count - index)
    }

    private func record(_ sequence: Sequence, into output: inout EngineOutput, _ recordingTokens: Bool) {
        output.generatedTokens += 1
        if recordingTokens {
            output.tokens.append(
                TokenEvent(request: sequence.request.id, time: now, index: sequence.generated - 1, isLast: sequence.isFinished))
        }
        if sequence.isFinished, let firstToken = sequence.firstToken {
            output.completions.append(
                Completion(request: sequence.request, firstToken: firstToken, finished: now, preemptions: sequence.preemptions))
        }
    }
}

extension EngineReplica.Sequence {
    /// Whether it came before another one.
    fileprivate func isBefore(_ other: Self) -> Bool { (enters, request.id) < (other.enters, other.request.id) }
}
