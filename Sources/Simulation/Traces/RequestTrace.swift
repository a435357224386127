public import Measurements
import Statistics

/// Requests that came, or are to come, in order of arrival, with numbers from 0.
public struct RequestTrace: Sendable, Hashable {
    public let requests: [SimulatedRequest]
    /// From the beginning to the end of the record; not before the last arrival.
    public let span: Nanoseconds
    /// Entries of the source that are no requests: without times, or without tokens.
    public let skipped: Int

    /// - Parameters:
    ///   - requests: In any order; they are numbered anew.
    ///   - span: The last arrival where none is given or it is later.
    public init(_ requests: [SimulatedRequest], span: Nanoseconds? = nil, skipped: Int = 0) {
        var sorted = requests
        sorted.sort { ($0.arrival, $0.id) < ($1.arrival, $1.id) }
        for index in sorted.indices { sorted[index].id = index }
        self.requests = sorted
        self.span = max(span ?? Nanoseconds(0), sorted.last?.arrival ?? Nanoseconds(0))
        self.skipped = skipped
    }

    /// Requests per second; 0 for an empty trace.
    public var meanRate: Double { span.count > 0 ? Double(requests.count) / span.seconds : 0 }

    /// The same load several times over: each copy begins elsewhere in the record and its arrivals are moved a little.
    ///
    /// Rates are to be raised thus and never by letting time run faster, which would make bursts shorter and cold starts longer than they are.
    /// - Parameters:
    ///   - copies: At least 1.
    ///   - jitter: Arrivals of the copies are moved by up to this, evenly; as long as bursts may be blurred.
    ///   - isCancelled: Asked before each copy; once it says so the rest is left out.
    public func superposed(
        copies: Int, jitter: Nanoseconds, seed: UInt64, unless isCancelled: () -> Bool = { false }
    ) -> RequestTrace {
        precondition(copies >= 1, "\(copies) copies of a trace")
        var draws = SplitMix64(seed: seed)
        var all = requests
        all.reserveCapacity(requests.count * copies)
        for copy in 1..<max(copies, 1) where !isCancelled() {
            let shift = Int64(Double(span.count) * Double(copy) / Double(copies))
            for request in requests { all.append(request.moved(by: shift + draws.upTo(jitter.count), within: span.count)) }
        }
        return RequestTrace(all, span: span, skipped: skipped)
    }

    /// Every arrival later by an even draw from `0..<width`: for records whose clocks are coarse.
    public func jittered(within width: Nanoseconds, seed: UInt64) -> RequestTrace {
        var draws = SplitMix64(seed: seed)
        let moved = requests.map { request in
            var moved = request
            moved.arrival = request.arrival + Nanoseconds(draws.upTo(width.count))
            return moved
        }
        return RequestTrace(moved, span: span + width, skipped: skipped)
    }

    /// What came in a stretch of the record, from time 0 on.
    public func slice(from start: Nanoseconds, for length: Nanoseconds) -> RequestTrace {
        let inside = requests.filter { $0.arrival >= start && $0.arrival < start + length }.map { request in
            var moved = request
            moved.arrival = request.arrival - start
            return moved
        }
        return RequestTrace(inside, span: length)
    }
}

extension SimulatedRequest {
    /// Later, and at the beginning again where that is after the end.
    fileprivate func moved(by shift: Int64, within span: Int64) -> SimulatedRequest {
        var moved = self
        moved.arrival = Nanoseconds(span > 0 ? (arrival.count + shift) % span : 0)
        return moved
    }
}

extension SplitMix64 {
    /// Evenly from `0..<bound`; 0 for no bound.
    fileprivate mutating func upTo(_ bound: Int64) -> Int64 { bound > 0 ? Int64(Double(bound) * (1 - unit())) : 0 }
}
