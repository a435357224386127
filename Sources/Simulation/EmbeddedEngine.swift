import Control
public import Measurements
import Synchronization

/// A pool of simulated engines that several hold: a server that feeds it, an adjuster that changes it.
///
/// Under its clock if it has one, it is always as of now; without one it stands still until somebody advances it.
public final class EmbeddedEngine: Sendable {
    private let state: Mutex<EmbeddedState>
    private let clock: (@Sendable () -> Nanoseconds)?

    /// - Parameter clock: Simulated time since the beginning; one that goes back is taken to stand still.
    public init(_ setup: PoolSetup, clock: (@Sendable () -> Nanoseconds)? = nil) {
        state = Mutex(EmbeddedState(pool: EnginePool(setup), identity: "\(setup.profile.name)#\(setup.seed)"))
        self.clock = clock
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

/// A pool and what it bears of changes made to it.
struct EmbeddedState: Sendable {
    var pool: EnginePool
    let identity: String
    var mark: AdjustmentMark?
    /// The newest term that has written.
    var fence = FencingToken(rawValue: 0)
}
