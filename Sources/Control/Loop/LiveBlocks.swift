import Measurements
import Verification

/// The blocks of a live target: made of single requests where a source sees them, told by sources that count otherwise.
struct LiveBlocks: Sendable {
    let length: Duration
    private var measured: BlockSeries?
    private var told: [LatencyBlock] = []
    /// Two hours of 15 s.
    private static let capacity = 480

    init(length: Duration) { self.length = length }

    mutating func record(_ measurements: [InferenceMeasurement], now: Timestamp) {
        // Aligned to the epoch, so that a loop that is made anew goes on with the same blocks.
        let width = Nanoseconds(seconds: length.inSeconds).count
        let aligned = Timestamp(nanosecondsSinceEpoch: now.nanosecondsSinceEpoch / width * width)
        var series = measured ?? BlockSeries(start: aligned, length: length, capacity: Self.capacity)
        series.record(measurements, now: now)
        measured = series
    }

    mutating func take(_ blocks: [LatencyBlock]) {
        let newest = told.last?.start
        told += blocks.filter { block in newest.map { block.start > $0 } ?? true }
        if told.count > Self.capacity { told.removeFirst(told.count - Self.capacity) }
    }

    /// Whole blocks so far, oldest first.
    var blocks: [LatencyBlock] {
        let measured = measured?.blocks() ?? []
        return told.isEmpty || measured.contains { $0.requests > 0 } ? measured : told
    }
}
