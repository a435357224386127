import Measurements

/// Blocks in order of time, each with its position and the load it was under.
struct LoadSeries {
    struct Entry {
        var block: LatencyBlock
        /// Position in time, in blocks.
        var index: Int
        var load: OfferedLoad
    }

    private(set) var entries: [Entry] = []

    /// - Parameters:
    ///   - before: The blocks before the change: what a block does not tell about its tokens is taken from their mean.
    ///   - length: Of a block.
    ///   - knowsLoad: Otherwise every block counts as under the same load.
    init(before: [LatencyBlock], after: [LatencyBlock], length: Duration, knowsLoad: Bool) {
        let before = Self.inOrder(before)
        let after = Self.inOrder(after).drop { block in before.last.map { block.start <= $0.start } ?? false }
        guard let origin = (before.last ?? after.first)?.start else { return }
        let all = before + after
        // Ended requests lag behind the sent ones; the two are never mixed in one series.
        let countsArrivals = all.allSatisfy { $0.arrivals != nil }
        let inputTokens = Self.usual(before.compactMap(\.inputTokens)) ?? 512
        let outputTokens = Self.usual(before.compactMap(\.outputTokens)) ?? 128
        var previous: (index: Int, rate: Double)?
        for block in all {
            // Clamped far beyond any observation, where a wrong clock would leave the integers.
            let index = Int(max(-1e9, min((block.start.since(origin).seconds / length.inSeconds).rounded(), 1e9)))
            let count = (countsArrivals ? block.arrivals : nil) ?? block.requests
            let rate = Double(max(0, count)) / length.inSeconds
            let smoothed = previous.map { $0.index == index - 1 ? (rate + $0.rate) / 2 : rate } ?? rate
            let load = OfferedLoad(
                requestsPerSecond: knowsLoad ? smoothed : 1,
                inputTokens: knowsLoad ? Self.valid(block.inputTokens) ?? inputTokens : inputTokens,
                outputTokens: knowsLoad ? Self.valid(block.outputTokens) ?? outputTokens : outputTokens)
            entries.append(Entry(block: block, index: index, load: load))
            previous = (index, rate)
        }
        beforeCount = before.count
    }

    private var beforeCount = 0
    var before: ArraySlice<Entry> { entries[..<beforeCount] }
    var after: ArraySlice<Entry> { entries[beforeCount...] }

    /// By start; of blocks with the same start the one with most requests, as a later delivery completes an earlier one.
    private static func inOrder(_ blocks: [LatencyBlock]) -> [LatencyBlock] {
        var ordered: [LatencyBlock] = []
        for block in blocks.sorted(by: { ($0.start, $1.requests) < ($1.start, $0.requests) }) where ordered.last?.start != block.start {
            ordered.append(block)
        }
        return ordered
    }

    private static func valid(_ tokens: Double?) -> Double? { tokens.flatMap { $0.isFinite && $0 >= 0 ? min($0, 1e7) : nil } }

    private static func usual(_ tokens: [Double]) -> Double? {
        let valid = tokens.compactMap { Self.valid($0) }
        return valid.isEmpty ? nil : valid.reduce(0, +) / Double(valid.count)
    }
}
