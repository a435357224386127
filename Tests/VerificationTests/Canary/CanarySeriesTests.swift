import Measurements
import Testing
import Verification

@Suite struct CanarySeriesTests {
    static let start = Timestamp(secondsSinceEpoch: 1_700_000_000)

    static func at(_ seconds: Double) -> Timestamp { start.advanced(by: Nanoseconds(seconds: seconds)) }

    static func request(_ group: CanaryGroup, ended seconds: Double, firstToken: Double = 0.2, tokens: Int = 10) -> CanaryRequest {
        let answer = CanaryRequest.Answer(
            timeToFirstToken: Nanoseconds(seconds: firstToken), timePerOutputToken: Nanoseconds(milliseconds: 30),
            endToEnd: Nanoseconds(seconds: 1), inputTokens: 100, outputTokens: tokens, cachedTokens: 25)
        return CanaryRequest(group, end: at(seconds), .answered(answer), metObjective: true)
    }

    @Test("requests are in the bucket of their group in which they ended, and every bucket is taken once")
    func buckets() {
        var series = CanarySeries(start: Self.start)
        series.record([Self.request(.canary, ended: 3), Self.request(.control, ended: 12)], now: Self.at(15))
        let first = series.takeBuckets()
        #expect(first.map(\.start) == [Self.start] && first[0].canary.requests == 1 && first[0].control.requests == 0)
        #expect(first[0].canary.hitRate == 0.25 && first[0].canary.judged == 1 && first[0].canary.missed == 0)
        series.record([Self.request(.canary, ended: 4), Self.request(.canary, ended: -1)], now: Self.at(41))
        #expect(series.leftOut == 2, "one came too late, one ended before the start")
        #expect(series.takeBuckets().map(\.control.requests) == [1, 0, 0] && series.takeBuckets().isEmpty)
    }

    @Test("failures and late requests count once, and latencies of zero or of few tokens enter no logarithm")
    func unusable() {
        var series = CanarySeries(start: Self.start)
        let late = CanaryRequest(.canary, end: Self.at(2), .overdue, metObjective: false)
        let failed = CanaryRequest(.canary, end: Self.at(5), .failed)
        series.record([late, failed, Self.request(.canary, ended: 6, firstToken: 0, tokens: 7)], now: Self.at(10))
        let group = series.takeBuckets()[0].canary
        #expect(group.requests == 2 && group.failed == 1 && group.judged == 2 && group.missed == 1)
        #expect(group.firstToken.count == 0 && group.perToken.count == 0)
    }

    @Test("what the platform tells stands beside the requests")
    func facts() {
        var series = CanarySeries(start: Self.start)
        series.record(.canary, at: Self.at(4)) { $0.restarts = 1 }
        series.advance(to: Self.at(10))
        #expect(series.takeBuckets()[0].canary.restarts == 1)
    }

    @Test("a clock that is wrong by centuries fills no memory and traps nothing")
    func wrongClock() {
        var series = CanarySeries(start: Self.start, capacity: 4)
        series.record([Self.request(.canary, ended: 1e8)], now: Self.at(1))
        #expect(series.leftOut == 1)
        series.advance(to: Timestamp(nanosecondsSinceEpoch: .max))
        #expect(series.takeBuckets().count == 4)
        for second in 0..<100 { series.record([Self.request(.control, ended: Double(second))], now: Self.at(Double(second))) }
        #expect(series.takeBuckets().isEmpty && series.leftOut == 101)
    }
}
