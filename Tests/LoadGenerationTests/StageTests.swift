import LoadGeneration
import Measurements
import Statistics
import Testing

@Suite("Stages and stop rules")
struct StageTests {
    @Test("warm-up covers the first requests, or the first time, and nothing else")
    func warmUp() {
        #expect(
            WarmUp.requests(3).covers(index: 2, intended: Nanoseconds(0)) && !WarmUp.requests(3).covers(index: 3, intended: Nanoseconds(0)))
        #expect(WarmUp.time(Nanoseconds(10)).covers(index: 99, intended: Nanoseconds(9)))
        #expect(!WarmUp.time(Nanoseconds(10)).covers(index: 0, intended: Nanoseconds(10)))
        #expect(!WarmUp.none.covers(index: 0, intended: Nanoseconds(0)))
    }

    @Test("a stage that could go on for ever is refused, a trace ends by itself")
    func endless() {
        #expect(LoadStage("x", load: .closed(concurrency: 1), stop: StopRules()).problem != nil)
        let precise = StopRules(precision: PrecisionTarget(relativeHalfWidth: 0.05))
        #expect(LoadStage("x", load: .closed(concurrency: 1), stop: precise).problem != nil)
        #expect(LoadStage("x", load: .closed(concurrency: 1), stop: StopRules(requests: 1)).problem == nil)
        #expect(LoadStage("x", load: .open(.trace([Nanoseconds(0)])), stop: StopRules()).problem == nil)
        #expect(LoadStage("x", load: .closed(concurrency: 0), stop: StopRules(requests: 1)).problem != nil)
        #expect(
            LoadStage("x", load: .open(.constant(requestsPerSecond: 1), maximumInFlight: 0), stop: StopRules(requests: 1)).problem != nil)
    }

    @Test("sweeps make a stage for each load")
    func sweeps() {
        let stop = StopRules(requests: 10)
        #expect(LoadSweep.concurrency([1, 8], stop: stop).map(\.load) == [.closed(concurrency: 1), .closed(concurrency: 8)])
        let rates = LoadSweep.rate([2], maximumInFlight: 4, stop: stop) { .poisson(requestsPerSecond: $0) }
        #expect(rates.map(\.load) == [.open(.poisson(requestsPerSecond: 2), maximumInFlight: 4)])
        let values = LoadSweep.geometric(from: 1, to: 64, steps: 4)
        #expect(zip(values, [1, 4, 16, 64]).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test("the interval of batch means holds its promise for values that resemble their neighbours")
    func coverage() {
        // A first-order autoregressive series with mean 10: an interval for independent values would miss it most of the time.
        var generator = SplitMix64(seed: 1)
        var held = 0
        for _ in 0..<300 {
            var batches = BatchMeans()
            var value = 0.0
            for _ in 0..<2_000 {
                value = 0.8 * value + Double.random(in: -1..<1, using: &generator)
                batches.record(10 + value)
            }
            if let mean = batches.mean, let half = batches.halfWidth, abs(mean - 10) <= half { held += 1 }
        }
        #expect((270...297).contains(held), "\(held) of 300 intervals hold the mean")
    }

    @Test("a precision is met once the interval is narrow, and never before enough answers")
    func precision() {
        var batches = BatchMeans()
        let target = PrecisionTarget(relativeHalfWidth: 0.01, minimumRequests: 100)
        for index in 0..<99 { batches.record(index % 2 == 0 ? 1 : 1.001) }
        #expect(!batches.meets(target))
        batches.record(1)
        #expect(batches.meets(target))
        var wild = BatchMeans()
        for index in 0..<200 { wild.record(index % 7 == 0 ? 100 : 1) }
        wild.record(.nan)
        #expect(!wild.meets(target) && wild.count == 200)
    }
}
