import EngineModels

/// A latency model in whole picoseconds.
///
/// Sums of whole numbers do not depend on their order, so that a hundred iterations taken in one leap end at exactly the time a hundred
/// single ones do. 64 bits reach for 106 days.
struct IterationCost: Hashable {
    private let overhead: Int64
    private let weightRead: Int64
    private let readPerToken: Int64
    private let computeFloor: Int64
    private let computePerToken: Int64
    let cachePerToken: Int64
    private let halfAttention: Int64

    static let picosecondsPerMillisecond = 1e9

    /// - Parameter slowness: Factor on all times, greater than 0.
    init(_ model: LatencyModel, slowness: Double = 1) {
        func whole(_ milliseconds: Double) -> Int64 { Int64((milliseconds * slowness * Self.picosecondsPerMillisecond).rounded()) }
        overhead = whole(model.overhead)
        weightRead = whole(model.weightRead)
        readPerToken = whole(model.readPerToken)
        computeFloor = whole(model.computeFloor)
        computePerToken = whole(model.computePerToken)
        cachePerToken = whole(model.cachePerToken)
        halfAttention = whole(model.attention / 2)
    }

    /// - Parameter doubledPairs: Twice the sum over the chunks of `chunk·(done + chunk/2)`.
    func iteration(tokens: Int64, cached: Int64, doubledPairs: Int64 = 0) -> Int64 {
        overhead + max(weightRead + readPerToken * tokens, computeFloor + computePerToken * tokens) + cachePerToken * cached
            + halfAttention * doubledPairs
    }
}

/// Iterations that differ only in that every sequence is one token longer each time: `T(k) = k·first + growth·k(k−1)/2`.
struct DecodeRun {
    /// Picoseconds of the first iteration, greater than 0.
    let first: Int64
    /// What each takes longer than the one before.
    let growth: Int64

    func duration(of iterations: Int64) -> Int64 { iterations * first + growth * (iterations * (iterations - 1) / 2) }

    /// The most iterations, up to a limit, that end within a time.
    func iterations(within time: Int64, limit: Int64) -> Int64 {
        if duration(of: limit) <= time { return limit }
        guard growth > 0 else { return time / first }
        // The positive root of growth/2·k² + (first − growth/2)·k = time; whole numbers then put right what rounding did.
        let slope = Double(first) - Double(growth) / 2
        let root = ((slope * slope + 2 * Double(growth) * Double(time)).squareRoot() - slope) / Double(growth)
        var count = min(max(Int64(root), 0), limit)
        while count > 0, duration(of: count) > time { count -= 1 }
        while count < limit, duration(of: count + 1) <= time { count += 1 }
        return count
    }
}
