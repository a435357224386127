import Control
public import EngineModels
public import Measurements
import Synchronization

/// A pool of simulated engines that several tasks use at once: a server that feeds it, an adjuster that changes it.
///
/// Under its clock if it has one, it is always as of now; without one it stands still until somebody advances it.
public final class EmbeddedEngine: Sendable {
    public let profile: EngineProfile
    private let state: Mutex<EmbeddedState>
    private let clock: (@Sendable () -> Nanoseconds)?

    /// - Parameters:
    ///   - listens: Whether single tokens are told, see ``takeOutput()``; without it hours pass in seconds.
    ///   - clock: Simulated time since the beginning; one that goes back is taken to stand still.
    public init(_ setup: PoolSetup, listens: Bool = true, clock: (@Sendable () -> Nanoseconds)? = nil) {
        var setup = setup
        setup.listens = listens
        profile = setup.profile
        state = Mutex(EmbeddedState(pool: EnginePool(setup), identity: "\(setup.profile.name)#\(setup.seed)"))
        self.clock = clock
    }

    public var time: Nanoseconds { withPool { $0.time } }
    public var settings: EngineSettings { withPool { $0.settings } }
    public var status: PoolStatus { withPool { $0.status } }
    public var nextEvent: Nanoseconds? { withPool { $0.nextEvent } }

    /// Takes a request that arrives now.
    /// - Parameter register: Called with the request's number and its arrival before any of its tokens can leave.
    /// - Returns: Its number.
    @discardableResult
    public func submit(
        inputTokens: Int, outputTokens: Int, register: (Int, Nanoseconds) -> Void = { _, _ in }
    ) throws(RequestRefusal) -> Int {
        try withState { (state) throws(RequestRefusal) in
            if let refusal = state.pool.refusal(inputTokens: inputTokens, outputTokens: outputTokens) { throw refusal }
            let request = SimulatedRequest(
                id: state.nextRequest, arrival: state.pool.time, inputTokens: inputTokens, outputTokens: outputTokens)
            state.nextRequest += 1
            register(request.id, request.arrival)
            state.pool.submit(request)
            return request.id
        }
    }

    /// Takes a request back; one that is not here is left alone.
    public func cancel(_ id: Int) { withPool { $0.cancel(id) } }

    /// What came to clients since the last call. It is told once, to whoever asks: one task only is to do so.
    public func takeOutput() -> EngineOutput {
        withPool { EngineOutput(tokens: $0.takeTokens(), outcomes: $0.takeOutcomes()) }
    }

    /// Uses the pool, which is advanced to now before.
    public func withPool<Answer: Sendable, Failure: Error>(
        _ body: (inout EnginePool) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try withState { (state) throws(Failure) in try body(&state.pool) }
    }

    /// Everything at once: nobody sees the pool without the mark that belongs to it.
    func withState<Answer: Sendable, Failure: Error>(
        _ body: (inout EmbeddedState) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        let result = state.withLock { state -> Result<Answer, Failure> in
            // Asked under the lock, so that two callers do not come in the wrong order.
            if let now = clock?() { state.pool.advance(to: min(max(now, state.pool.time), EnginePool.longestTime)) }
            do throws(Failure) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// What came to clients in a stretch of time, in the order of time.
public struct EngineOutput: Sendable, Hashable {
    public var tokens: [TokenEvent]
    public var outcomes: [RequestOutcome]
}

/// A pool and what it bears of changes made to it.
struct EmbeddedState: Sendable {
    var pool: EnginePool
    let identity: String
    var mark: AdjustmentMark?
    var canary: CanaryMark?
    /// The newest term that has written.
    var fence = FencingToken(rawValue: 0)
    var nextRequest = 0
}
