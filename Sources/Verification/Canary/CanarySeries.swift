public import Measurements

/// Gathers the requests of both groups into buckets of equal length, aligned to a start; holds the newest ones only.
///
/// A request belongs to the bucket in which it ended, as in ``BlockSeries``.
public struct CanarySeries: Sendable {
    public let start: Timestamp
    public let length: Duration
    /// Most buckets held.
    public let capacity: Int
    /// Requests that ended before the start, in a bucket no longer held, or in the future.
    public private(set) var leftOut = 0

    private let lengthNanoseconds: Int64
    private var now: Timestamp
    private var held: [Int64: CanaryBucket] = [:]
    private var taken: Int64 = 0

    /// - Parameters:
    ///   - length: At least a millisecond.
    ///   - capacity: At least 1.
    public init(start: Timestamp, length: Duration = .seconds(10), capacity: Int = 360) {
        precondition(length >= .milliseconds(1) && capacity > 0, "\(capacity) buckets of \(length)")
        self.start = start
        self.length = length
        self.capacity = capacity
        lengthNanoseconds = Nanoseconds(seconds: length.inSeconds).count
        now = start
    }

    /// Adds what arrived by now.
    public mutating func record(_ requests: some Sequence<CanaryRequest>, now: Timestamp) {
        advance(to: now)
        for request in requests {
            guard let index = index(of: request.end) else { continue }
            change(index) { $0[request.group].add(request) }
        }
    }

    /// Adds what the platform tells of a group at a time.
    public mutating func record(_ group: CanaryGroup, at time: Timestamp, _ facts: (inout GroupBucket) -> Void) {
        advance(to: time)
        guard let index = index(of: time) else { return }
        change(index) { facts(&$0[group]) }
    }

    /// Lets time pass. Going back does nothing.
    public mutating func advance(to now: Timestamp) { self.now = max(self.now, now) }

    /// The buckets that ended and were not taken yet, oldest first, those without a request included; requests that come for one of them
    /// later are left out.
    public mutating func takeBuckets() -> [CanaryBucket] {
        let end = now.since(start).count / lengthNanoseconds
        guard end > taken else { return [] }
        taken = max(taken, end - Int64(capacity))
        let buckets = (taken..<end).map { held.removeValue(forKey: $0) ?? emptyBucket($0) }
        held = held.filter { $0.key >= end }
        taken = end
        return buckets
    }

    private mutating func change(_ index: Int64, _ body: (inout CanaryBucket) -> Void) {
        let empty = emptyBucket(index)
        body(&held[index, default: empty])
        if held.count > capacity + 2, let oldest = held.keys.min() { held[oldest] = nil }
    }

    private func emptyBucket(_ index: Int64) -> CanaryBucket {
        CanaryBucket(start: start.advanced(by: Nanoseconds(index * lengthNanoseconds)), length: length)
    }

    private mutating func index(of time: Timestamp) -> Int64? {
        let sinceStart = time.since(start).count
        let isKnown = sinceStart >= taken * lengthNanoseconds && time.since(now).count <= lengthNanoseconds
        guard isKnown else {
            leftOut += 1
            return nil
        }
        return sinceStart / lengthNanoseconds
    }
}
