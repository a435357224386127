public import Measurements
import Statistics

/// Gathers measurements into blocks of equal length, aligned to a start; holds the newest ones only.
///
/// A request belongs to the block in which it **ended**: its latency tells of the time up to then, and a block is complete soon after its
/// own end, however long its requests took. The price is that a request still running is not seen, so an overloaded engine looks better
/// than it is while its slow requests have yet to end; the first blocks after a change are biased that way and the settling time should
/// exceed a usual request. What hangs for good shows as a lack of answers, for which there is a tripwire, and as failures once clients give
/// up.
public struct BlockSeries: Sendable {
    public let start: Timestamp
    public let length: Duration
    /// Most blocks held.
    public let capacity: Int
    public private(set) var left = LeftOut()

    private let lengthNanoseconds: Int64
    /// The newest time seen; blocks up to it exist even if empty.
    private var now: Timestamp
    private var sums: [Int64: BlockSums] = [:]

    /// Measurements that entered no block, and values that entered no mean.
    public struct LeftOut: Sendable, Codable, Hashable {
        /// The source does not say when the request was sent.
        public var withoutTime = 0
        /// Ended before the start.
        public var beforeStart = 0
        /// Ended in a block that is no longer held.
        public var tooLate = 0
        /// Ended more than a block's length after now: a clock is wrong.
        public var fromFuture = 0
        /// Latencies of zero or less, which have no logarithm.
        public var notPositive = 0
        /// Latencies reported as NaN or infinity.
        public var notFinite = 0

        public init() {}
    }

    /// - Parameters:
    ///   - start: Of the first block: for blocks after a change, the end of the settling time.
    ///   - length: Of a block, at least a millisecond.
    ///   - capacity: At least 1; 240 blocks of 15 s are an hour.
    public init(start: Timestamp, length: Duration = .seconds(15), capacity: Int = 240) {
        precondition(length >= .milliseconds(1), "a block has a length of at least 1 ms, got \(length)")
        precondition(capacity > 0, "a series holds at least one block, got \(capacity)")
        self.start = start
        self.length = length
        self.capacity = capacity
        lengthNanoseconds = Nanoseconds(seconds: length.inSeconds).count
        now = start
    }

    /// Adds what arrived by now. A request that ended in an earlier block still held completes that block.
    public mutating func record(_ measurements: some Sequence<InferenceMeasurement>, now: Timestamp) {
        advance(to: now)
        for measurement in measurements { record(measurement) }
    }

    /// Lets time pass; blocks older than the capacity are forgotten. Going back does nothing.
    public mutating func advance(to now: Timestamp) {
        guard now > self.now else { return }
        self.now = now
        let oldest = oldestIndex
        if sums.contains(where: { $0.key < oldest }) { sums = sums.filter { $0.key >= oldest } }
    }

    /// The blocks that ended, oldest first, those without a request included.
    ///
    /// - Parameter lateness: How long after its end a block is still expected to fill; what comes later is counted into a block that may
    ///   have been used already.
    public func blocks(lateness: Duration = .zero) -> [LatencyBlock] {
        let complete = now.advanced(by: .zero - lateness)
        guard complete > start else { return [] }
        let end = index(of: complete)
        return (min(oldestIndex, end)..<end).map { index in
            let blockStart = start.advanced(by: Nanoseconds(index * lengthNanoseconds))
            return sums[index]?.block(start: blockStart, length: length) ?? LatencyBlock(start: blockStart, length: length)
        }
    }

    private mutating func record(_ measurement: InferenceMeasurement) {
        guard let end = measurement.end else {
            left.withoutTime += 1
            return
        }
        guard end >= start else {
            left.beforeStart += 1
            return
        }
        guard end.since(now).count <= lengthNanoseconds else {
            left.fromFuture += 1
            return
        }
        let index = index(of: end)
        guard index >= oldestIndex else {
            left.tooLate += 1
            return
        }
        sums[index, default: BlockSums()].record(measurement, &left)
    }

    private var oldestIndex: Int64 { max(0, index(of: now) - Int64(capacity)) }

    /// For times from the start on.
    private func index(of time: Timestamp) -> Int64 { max(0, time.since(start).count) / lengthNanoseconds }
}

extension InferenceMeasurement {
    /// When it ended, as far as can be told: its last known moment.
    fileprivate var end: Timestamp? {
        guard let time else { return nil }
        let known = [endToEnd, timeToFirstToken].compactMap { $0 }.first { $0.count > 0 }
        return known.map { time.advanced(by: $0) } ?? time
    }

    /// Per token as the server counts tokens, from the parts where the source does not give it.
    fileprivate var perToken: Nanoseconds? {
        if let timePerOutputToken { return timePerOutputToken }
        guard let endToEnd, let timeToFirstToken, let outputTokens, outputTokens > 1 else { return nil }
        return Nanoseconds(seconds: (endToEnd - timeToFirstToken).seconds / Double(outputTokens - 1))
    }
}

/// The sums behind one block.
private struct BlockSums: Sendable {
    private var requests = 0
    private var failed = 0
    private var firstToken = RunningMoments()
    private var perToken = RunningMoments()
    private var inputTokens = RunningMoments()
    private var outputTokens = RunningMoments()

    /// Fewer tokens make a time per token of mostly rounding.
    private static let minimumOutputTokens = 8

    mutating func record(_ measurement: InferenceMeasurement, _ left: inout BlockSeries.LeftOut) {
        requests += 1
        guard measurement.succeeded else {
            failed += 1
            return
        }
        if measurement.notFinite.contains(.timeToFirstToken) { left.notFinite += 1 }
        if measurement.notFinite.contains(.timePerOutputToken) { left.notFinite += 1 }
        Self.add(measurement.timeToFirstToken, to: &firstToken, &left)
        if let tokens = measurement.outputTokens, tokens >= Self.minimumOutputTokens {
            Self.add(measurement.perToken, to: &perToken, &left)
        }
        if let tokens = measurement.inputTokens, tokens >= 0 { inputTokens.record(Double(tokens)) }
        if let tokens = measurement.outputTokens, tokens >= 0 { outputTokens.record(Double(tokens)) }
    }

    private static func add(_ latency: Nanoseconds?, to moments: inout RunningMoments, _ left: inout BlockSeries.LeftOut) {
        guard let latency else { return }
        guard latency.count > 0 else {
            left.notPositive += 1
            return
        }
        moments.record(naturalLogarithm(latency.seconds))
    }

    func block(start: Timestamp, length: Duration) -> LatencyBlock {
        var block = LatencyBlock(start: start, length: length, requests: requests, failed: failed)
        block.logTimeToFirstToken = Self.mean(firstToken)
        block.logTimePerOutputToken = Self.mean(perToken)
        block.inputTokens = inputTokens.count > 0 ? inputTokens.mean : nil
        block.outputTokens = outputTokens.count > 0 ? outputTokens.mean : nil
        return block
    }

    private static func mean(_ moments: RunningMoments) -> LatencyBlock.BlockMean? {
        moments.count > 0 ? .init(mean: moments.mean, count: moments.count) : nil
    }
}
