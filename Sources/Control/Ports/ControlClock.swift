public import Measurements

/// The two clocks a controller needs. They are asked, never waited on, so that a test can turn them.
public protocol ControlClock: Sendable {
    /// A clock that nobody sets: real time when the process began plus what has passed since. For windows, holds and deadlines.
    var steady: Timestamp { get }
    /// What clocks on the wall show. For schedules and for people.
    var wall: Timestamp { get }
}

/// Whether this controller may act.
public protocol Leadership: Sendable {
    /// The term this controller holds now, with time left to carry out one request; `nil` where it does not lead.
    ///
    /// Asked before every side effect.
    func term() -> FencingToken?
    /// Tells of a term that has written to a target and is beyond the one held: a lease that was made anew counts from the beginning.
    func outranked(by term: FencingToken)
}

extension Leadership {
    public func outranked(by term: FencingToken) {}
}
