import Foundation
import Measurements
import Testing
import Verification

@Suite struct BlockSeriesTests {
    static let start = Timestamp(secondsSinceEpoch: 1_700_000_000)

    static func at(_ seconds: Double) -> Timestamp { start.advanced(by: Nanoseconds(seconds: seconds)) }

    /// A request sent after `sent` seconds that took `took`.
    static func request(_ sent: Double, took: Double = 1, firstToken: Double = 0.1, tokens: Int? = 10) -> InferenceMeasurement {
        var request = InferenceMeasurement(id: UUID(), time: at(sent))
        request.timeToFirstToken = Nanoseconds(seconds: firstToken)
        request.endToEnd = Nanoseconds(seconds: took)
        request.inputTokens = 100
        request.outputTokens = tokens
        return request
    }

    @Test("a request belongs to the block in which it ended")
    func byEnd() throws {
        var series = BlockSeries(start: Self.start)
        series.record([Self.request(14.5), Self.request(1), Self.request(-3, took: 2)], now: Self.at(31))
        let blocks = series.blocks()
        #expect(blocks.map(\.requests) == [1, 1] && blocks.map(\.start) == [Self.at(0), Self.at(15)])
        #expect(series.left.beforeStart == 1)
        let block = blocks[0]
        #expect(abs(try #require(block.logTimeToFirstToken).mean - log(0.1)) < 1e-12)
        #expect(abs(try #require(block.logTimePerOutputToken).mean - log(0.1)) < 1e-12, "0.9 s for 9 gaps")
        #expect(block.inputTokens == 100 && block.outputTokens == 10 && block.arrivals == nil)
    }

    @Test("a late request completes its block while that is held, and is counted once it is not")
    func late() {
        var series = BlockSeries(start: Self.start, capacity: 4)
        series.record([Self.request(1)], now: Self.at(40))
        series.record([Self.request(2)], now: Self.at(50))
        #expect(series.blocks().map(\.requests) == [2, 0, 0])
        series.record([Self.request(3)], now: Self.at(76))
        #expect(series.left.tooLate == 1 && series.blocks().count == 4 && series.blocks()[0].start == Self.at(15))
        #expect(series.blocks(lateness: .seconds(15)).last?.start == Self.at(45))
    }

    @Test("holds the newest blocks only, through a night and against a clock that is wrong")
    func bounded() {
        var series = BlockSeries(start: Self.start, length: .seconds(10), capacity: 30)
        for second in stride(from: 0.0, to: 3_600, by: 5) { series.record([Self.request(second)], now: Self.at(second + 1)) }
        #expect(series.blocks().count == 30)
        series.record([Self.request(1e8)], now: Self.at(3_601))
        #expect(series.left.fromFuture == 1)
        series.advance(to: Self.at(1e9))
        #expect(series.blocks().count == 30 && series.blocks().allSatisfy { $0.requests == 0 && $0.logTimeToFirstToken == nil })
    }

    @Test("zero, negative and not finite latencies enter no logarithm and are counted")
    func unusable() {
        var series = BlockSeries(start: Self.start)
        var notFinite = Self.request(1)
        notFinite.timeToFirstToken = nil
        notFinite.notFinite = .timeToFirstToken
        var timeless = Self.request(1)
        timeless.time = nil
        series.record([Self.request(1, firstToken: 0), Self.request(1, firstToken: -2), notFinite, timeless], now: Self.at(20))
        #expect(series.left.notPositive == 2 && series.left.notFinite == 1 && series.left.withoutTime == 1)
        #expect(series.blocks()[0].requests == 3 && series.blocks()[0].logTimeToFirstToken == nil)
    }

    @Test("failed requests count and bring no latency; short answers bring no time per token")
    func failed() {
        var series = BlockSeries(start: Self.start)
        var failed = Self.request(1)
        failed.error = InferenceError(type: "timeout")
        series.record([failed, Self.request(1, tokens: 7), Self.request(1, tokens: nil)], now: Self.at(20))
        let block = series.blocks()[0]
        #expect(block.requests == 3 && block.failed == 1 && block.logTimeToFirstToken?.count == 2 && block.logTimePerOutputToken == nil)
    }
}
