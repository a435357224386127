import Measurements
import Simulation
import Synchronization

/// Brings tokens from the engine to the requests that wait for them.
final class TokenDispatcher: Sendable {
    /// A token, to be handed over at an instant.
    struct Piece: Sendable {
        let index: Int
        let instant: ContinuousClock.Instant
    }

    private struct State {
        var streams: [Int: AsyncStream<Piece>.Continuation] = [:]
        var nextID = 1
    }

    let engine: EmbeddedEngine
    let metrics: ServerMetrics
    private let clock: ScaledClock
    private let maximumRequests: Int
    private let state = Mutex(State())

    init(engine: EmbeddedEngine, clock: ScaledClock, metrics: ServerMetrics, maximumRequests: Int) {
        self.engine = engine
        self.clock = clock
        self.metrics = metrics
        self.maximumRequests = maximumRequests
    }

    /// Puts a request to the engine; `nil` where there are enough under way. To be closed, whatever becomes of it.
    func open(inputTokens: Int, outputTokens: Int) -> (id: Int, pieces: AsyncStream<Piece>)? {
        // A stream holds at most the tokens of its answer.
        let (pieces, continuation) = AsyncStream<Piece>.makeStream(bufferingPolicy: .bufferingOldest(outputTokens + 1))
        let id = state.withLock { state -> Int? in
            guard state.streams.count < maximumRequests else { return nil }
            defer { state.nextID += 1 }
            state.streams[state.nextID] = continuation
            return state.nextID
        }
        guard let id else { return nil }
        engine.withPool {
            $0.submit(SimulatedRequest(id: id, arrival: $0.time, inputTokens: inputTokens, outputTokens: outputTokens))
        }
        return (id, pieces)
    }

    /// Frees the place of a request that its client no longer waits for.
    func close(_ id: Int) {
        let continuation = state.withLock { $0.streams.removeValue(forKey: id) }
        guard let continuation else { return }
        continuation.finish()
        engine.withPool { $0.cancel(id) }
    }

    /// Until the task is cancelled. The engine makes tokens known one iteration and more before clients see them, so that a look every
    /// few milliseconds delays none.
    func run() async {
        let pause = Duration.milliseconds(Int(min(5, max(1, 5 / clock.scale))))
        // An error of sleeping is the cancellation.
        while (try? await Task.sleep(for: pause)) != nil { dispatch() }
        let left = state.withLock { state in
            defer { state.streams = [:] }
            return state.streams.values
        }
        for stream in left { stream.finish() }
    }

    private func dispatch() {
        let (tokens, records) = engine.withPool { ($0.takeTokens(), $0.takeRecords()) }
        metrics.record(tokens, records)
        guard !tokens.isEmpty || !records.isEmpty else { return }
        let ended = state.withLock { state in
            for token in tokens {
                state.streams[token.request]?.yield(Piece(index: token.tokenIndex, instant: clock.instant(of: token.time)))
            }
            return records.compactMap { state.streams.removeValue(forKey: $0.id) }
        }
        for stream in ended { stream.finish() }
    }
}
