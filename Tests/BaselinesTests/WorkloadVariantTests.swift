import EngineModels
import Measurements
import Scaling
import Testing

@testable import Baselines

@Suite("llm-d's Workload Variant Autoscaler")
struct WorkloadVariantTests {
    // MARK: Saturation of cache and queue

    @Test(
        "one replica more where little is spare, one fewer where enough would be left",
        arguments: [(0.45, 1, 2), (0.50, 1, 3), (0.72, 1, 4), (0.85, 9, 4), (0.10, 3, 4), (0.10, 0, 2)])
    func saturation(cache: Double, queue: Int, result: Int) {
        let replicas = (0..<3).map { _ in Loads.replica(waiting: queue, cache: cache) }
        #expect(SaturationRule().desired(replicas, wanted: 3) == result)
    }

    @Test("nothing is changed while others are wanted than report")
    func transition() {
        let replicas = (0..<3).map { _ in Loads.replica(cache: 0.9) }
        #expect(SaturationRule().desired(replicas, wanted: 4) == 4)
    }

    @Test("the load of a saturated replica is left out where one is removed")
    func saturatedLeftOut() {
        let replicas = [Loads.replica(cache: 0.95), Loads.replica(cache: 0.1), Loads.replica(cache: 0.1)]
        #expect(SaturationRule().desired(replicas, wanted: 3) == 2)
    }

    @Test("it decides every minute on the largest values of its four scrapes")
    func scrapes() {
        var scaler = SaturationScaler()
        let peak = (0..<3).map { Loads.replica(cache: 0.75, number: $0) }
        let calm = (0..<3).map { Loads.replica(cache: 0.2, number: $0) }
        var asked = (1...4).map { scaler.replicas(after: Loads.observation(at: Double(15 * $0), of: 15, $0 == 2 ? peak : calm)) }
        #expect(asked == [3, 3, 3, 4])
        asked = (5...8).map { scaler.replicas(after: Loads.observation(at: Double(15 * $0), of: 15, calm)) }
        #expect(asked == [3, 3, 3, 2])
    }

    // MARK: Capacity in tokens

    private let lengths = TokenCapacityRule.Lengths(input: 1_000, output: 200)

    private func replicas(_ count: Int, tokens: Int, waiting: Int = 0) -> [ScalingObservation.ReplicaLoad] {
        (0..<count).map { _ in
            ScalingObservation.ReplicaLoad(
                running: 10, waiting: waiting, waitingTokens: 0, cachedTokens: tokens, cacheCapacity: 430_000)
        }
    }

    @Test("what an iteration's tokens keep in steady state bounds a replica")
    func derived() {
        let rule = TokenCapacityRule(settings: EngineSettings())
        // 2048·200/1200 = 341 are more than 256 sequences of 1100 tokens.
        #expect(rule.derivedCapacity(lengths) == 281_600)
        #expect(rule.derivedCapacity(TokenCapacityRule.Lengths(input: 3_800, output: 200)) == Int(102.4 * 3_900))
        #expect(rule.derivedCapacity(TokenCapacityRule.Lengths(input: 0, output: 0)) == 0)
    }

    @Test("demand over 0.85 of the supply adds, and below 0.7 removes, whole replicas")
    func tokens() {
        var rule = TokenCapacityRule(settings: EngineSettings())
        #expect(rule.desired(replicas(2, tokens: 100_000), starting: 0, queuedUpstream: 0, lengths: lengths) == 2)
        #expect(rule.desired(replicas(2, tokens: 10_000), starting: 0, queuedUpstream: 0, lengths: lengths) == 1)
        #expect(rule.desired(replicas(2, tokens: 300_000), starting: 0, queuedUpstream: 0, lengths: lengths) == 3)
        #expect(rule.desired(replicas(2, tokens: 300_000), starting: 1, queuedUpstream: 0, lengths: lengths) == 3)
        #expect(rule.desired(replicas(2, tokens: 100_000), starting: 0, queuedUpstream: 500, lengths: lengths) == 4, "1200 tokens each")
    }

    @Test("what was in use while a queue was long is the capacity from then on, for answers of such length")
    func observed() {
        var rule = TokenCapacityRule(settings: EngineSettings())
        #expect(rule.capacity(of: replicas(1, tokens: 90_000, waiting: 5)[0], lengths) == 90_000)
        #expect(rule.capacity(of: replicas(1, tokens: 10_000)[0], lengths) == 90_000)
        #expect(rule.capacity(of: replicas(1, tokens: 110_000, waiting: 9)[0], lengths) == 110_000)
        #expect(rule.capacity(of: replicas(1, tokens: 10_000)[0], lengths) == 100_000)
        #expect(rule.capacity(of: replicas(1, tokens: 10_000)[0], TokenCapacityRule.Lengths(input: 1_000, output: 50)) == 99_961)
    }

    // MARK: Queueing model

    private let parameters = QueueModel.Parameters(alpha: 10, beta: 0.05, gamma: 0.0005)

    @Test("with one in the batch and a long queue it is the queue M/M/1")
    func textbook() throws {
        let model = QueueModel(parameters, inputTokens: 1_000, outputTokens: 200, maximumBatch: 1, maximumQueue: 5_000)
        let mu = model.rateRange.upperBound / 0.999
        let rate = 0.5 * mu
        let performance = try #require(model.performance(at: rate))
        #expect(abs(performance.throughput - rate) < 1e-9)
        // ρ/(μ−λ) in seconds.
        #expect(abs(performance.wait - 1_000 * 0.5 / (mu - rate)) < 1e-6 * performance.wait)
        #expect(model.performance(at: 1.01 * mu) == nil)
    }

    @Test("the largest rate is where the tighter of both times reaches its objective")
    func size() throws {
        let model = QueueModel(parameters, inputTokens: 1_000, outputTokens: 200, maximumBatch: 64, maximumQueue: 100)
        let rate = try #require(model.largestRate(timeToFirstToken: 2_000, timePerOutputToken: 40))
        let performance = try #require(model.performance(at: rate))
        #expect(abs(performance.timePerToken - 40) < 0.05)
        #expect(model.largestRate(timeToFirstToken: 2_000, timePerOutputToken: 5) == nil)
        let replicas = QueueingModelScaler.desired(
            rate: 3.5 * rate, inputTokens: 1_000, outputTokens: 200, parameters,
            .explicit(timeToFirstToken: 2_000, timePerOutputToken: 40), maximumBatch: 64)
        #expect(replicas == 4)
    }

    private func measurement(_ parameters: QueueModel.Parameters, rate: Double, slowness: Double = 1) throws -> LatencyFilter.Measurement {
        let model = QueueModel(parameters, inputTokens: 1_000, outputTokens: 200, maximumBatch: 64, maximumQueue: 640)
        let performance = try #require(model.performance(at: rate))
        return LatencyFilter.Measurement(
            rate: rate, inputTokens: 1_000, outputTokens: 200, timeToFirstToken: slowness * (performance.wait + performance.prefill),
            timePerOutputToken: slowness * performance.timePerToken, maximumBatch: 64)
    }

    @Test("parameters are guessed from the first measurement: its gap, then both equations of an idle engine")
    func guess() throws {
        let measurement = LatencyFilter.Measurement(
            rate: 1, inputTokens: 1_000, outputTokens: 199, timeToFirstToken: 118, timePerOutputToken: 20, maximumBatch: 64)
        let guess = try #require(LatencyFilter.guess(measurement))
        #expect(guess[0] == 18 && abs(guess[1] + guess[2] - 0.1) < 1e-12)
        #expect(abs(guess[2] - 1.9 / 1_099) < 1e-12)
    }

    @Test("the filter finds parameters that explain what it measures, and turns an outlier down")
    func filter() throws {
        var filter = LatencyFilter()
        let usual = try measurement(parameters, rate: 0.02)
        // The first guess puts a tenth of the gap into the cache, which is too much already with two requests at a time.
        for _ in 0..<20 { #expect(filter.take(usual) == .updated) }
        let learned = try #require(filter.parameters)
        let seen = try measurement(learned, rate: 0.02)
        #expect(abs(seen.timePerOutputToken / usual.timePerOutputToken - 1) < 0.01)
        #expect(abs(seen.timeToFirstToken / usual.timeToFirstToken - 1) < 0.01)
        let outlier = filter.take(try measurement(parameters, rate: 0.02, slowness: 3))
        guard case .rejected(let normalized) = outlier else { return #expect(Bool(false), "\(outlier)") }
        #expect(normalized >= LatencyFilter.largestInnovation && filter.parameters == learned)
    }

    @Test("what was turned down leaves the filter as sure as it was: after a jump of the load it may turn everything down")
    func stuck() throws {
        var filter = LatencyFilter()
        for _ in 0..<3 { _ = filter.take(try measurement(parameters, rate: 0.3)) }
        let learned = filter.parameters
        for _ in 0..<50 {
            guard case .rejected = filter.take(try measurement(parameters, rate: 2.5)) else { return #expect(Bool(false), "taken in") }
        }
        #expect(filter.parameters == learned)
    }

    @Test("one that recovers takes in what stays different")
    func recovering() throws {
        var filter = LatencyFilter(recovers: true)
        for _ in 0..<3 { _ = filter.take(try measurement(parameters, rate: 0.3)) }
        let jump = try measurement(parameters, rate: 2.5)
        for _ in 0..<500 { _ = filter.take(jump) }
        let seen = try measurement(try #require(filter.parameters), rate: 2.5)
        #expect(abs(seen.timePerOutputToken / jump.timePerOutputToken - 1) < 0.05)
    }

    @Test("nothing is learned from a measurement that is none")
    func invalid() throws {
        var filter = LatencyFilter()
        var nothing = try measurement(parameters, rate: 1)
        nothing.rate = 0
        #expect(filter.take(nothing) == .failed && filter.parameters == nil)
    }
}
