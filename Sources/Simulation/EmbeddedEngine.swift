import Control
public import Measurements
import Synchronization

/// A pool of simulated engines that several tasks use at once, and what a target bears beside its settings: mark and fence.
///
/// Its time is given from outside, so that it may pass faster than real time.
public final class EmbeddedEngine: Sendable {
    struct State {
        var pool: EnginePool
        var mark: AdjustmentMark?
        var fence: Int64 = 0
        var nextRequest = 0
    }

    let state: Mutex<State>
    private let clock: @Sendable () -> Nanoseconds

    /// - Parameter clock: Simulated time since the beginning; never goes back.
    public init(pool: EnginePool, clock: @escaping @Sendable () -> Nanoseconds) {
        state = Mutex(State(pool: pool))
        self.clock = clock
    }

    /// Simulated time since the beginning.
    public var time: Nanoseconds { clock() }

    public var model: LatencyModel { state.withLock { $0.pool.model } }
    public var settings: EngineSettings { state.withLock { $0.pool.settings } }
    public var occupancy: EnginePool.Occupancy { state.withLock { $0.pool.occupancy } }
    public var totals: EnginePool.Totals { state.withLock { $0.pool.totals } }
    public var nextEvent: Nanoseconds? { state.withLock { $0.pool.nextEvent } }

    /// Takes a request that arrives now.
    /// - Parameter register: Called with the request's number before any of its tokens can leave.
    @discardableResult
    public func submit(promptTokens: Int, outputTokens: Int, register: (Int) -> Void = { _ in }) throws(RequestRefusal) -> Int {
        let now = clock()
        return try state.withLock { state throws(RequestRefusal) in
            let id = state.nextRequest
            try state.pool.submit(SimulatedRequest(id: id, arrival: now, promptTokens: promptTokens, outputTokens: outputTokens))
            state.nextRequest += 1
            register(id)
            return id
        }
    }

    /// Takes a request out; one that is not here is left alone.
    public func cancel(_ id: Int) { state.withLock { _ = $0.pool.cancel(id) } }

    /// Goes on to now. What leaves the engine is told once, to whoever asks: one task only is to do so.
    public func advance(recordingTokens: Bool = true) -> EngineOutput {
        let now = clock()
        return state.withLock { $0.pool.advance(to: now, recordingTokens: recordingTokens) }
    }

    func withState<T: Sendable>(_ body: (inout sending State, Nanoseconds) -> sending T) -> T {
        let now = clock()
        return state.withLock { body(&$0, now) }
    }
}
