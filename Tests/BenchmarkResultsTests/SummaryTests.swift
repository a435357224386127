import BenchmarkResults
import Measurements
import Statistics
import Testing

@Suite struct SummaryTests {
    @Test("counts, rates and latencies from the schedule are of the measured requests only")
    func figures() throws {
        var records = (0..<400).map { RunMaker.record(at: Double($0) * 0.1, wait: 0, first: 0.2, perToken: 0.01, tokens: 11) }
        for index in 0..<40 { records[index].isWarmUp = true }
        records[100].measurement.error = InferenceError(type: "http_500")
        records[101].earlierAttempts = [
            FailedAttempt(error: InferenceError(type: "http_429"), began: Nanoseconds(seconds: 10.1), ended: Nanoseconds(seconds: 10.2))
        ]
        let run = RunMaker.run([RunMaker.stage(records, rate: 10)])
        let whole = try #require(BenchmarkSummary(run).stages.first?.whole)
        #expect(whole.counts.sent == 360 && whole.counts.completed == 359 && whole.counts.warmUp == 40)
        #expect(whole.counts.failedByType == ["http_500": 1] && whole.counts.retriedAttemptsByType == ["http_429": 1])
        let first = try #require(whole.latencies[.timeToFirstToken])
        #expect(first.count == 359 && abs(first.mean - 0.2) < 1e-9 && first.value(at: .p50).map { abs($0 - 0.2) < 1e-9 } == true)
        let perToken = try #require(whole.latencies[.interTokenLatency])
        #expect(perToken.count == 3_590 && abs(perToken.mean - 0.01) < 1e-9)
        #expect(whole.throughput.achievedRate.map { abs($0 - 10) < 1e-6 } == true)
        #expect(whole.tokens.output == 359 * 11 && whole.cost.total == nil && whole.cost.unpricedRequests == 359)
    }
}
