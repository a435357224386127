import EngineModels
import Measurements
import Scaling
import Testing

@testable import Baselines

@Suite("NVIDIA Dynamo's planner")
struct DynamoTests {
    private let plane = IterationRegression(
        (0..<12).map { index in
            let (prompt, cached) = (Double(100 * (index % 4)), Double(10_000 * (index % 3)))
            return IterationRegression.Sample(promptTokens: prompt, cachedTokens: cached, seconds: 0.01 + 1e-4 * prompt + 1e-7 * cached)
        })

    @Test("a plane is found again, and samples that would make more load quicker are refused")
    func regression() throws {
        let plane = try #require(plane)
        #expect(abs(plane.base - 0.01) < 1e-12 && abs(plane.perPromptToken - 1e-4) < 1e-12 && abs(plane.perCachedToken - 1e-7) < 1e-15)
        let inverted = (0..<12).map { index in
            let prompt = Double(index % 4)
            return IterationRegression.Sample(promptTokens: prompt, cachedTokens: Double(index % 3), seconds: 1 - 0.1 * prompt)
        }
        #expect(IterationRegression(inverted) == nil)
        #expect(IterationRegression(Array(inverted.prefix(4))) == nil)
        let engine = try #require(IterationRegression(.llama70BOnFourH100, EngineSettings(), meanContext: 1_000))
        let actual = EngineProfile.llama70BOnFourH100.latency.iteration(tokens: 600, cached: 100_000)
        #expect(abs(engine.seconds(promptTokens: 500, cachedTokens: 100_000) * 1_000 / actual - 1) < 0.25, "a plane for a kink")
    }

    @Test("prompts that wait are read in iterations of so many tokens")
    func firstToken() throws {
        let plane = try #require(plane)
        let seconds = plane.timeToFirstToken(ahead: 5_000, batchedTokens: 2_000, cachedTokens: 100_000)
        #expect(abs(seconds - (3 * 0.02 + 5_000 * 1e-4)) < 1e-9)
    }

    @Test("an engine is trusted with the largest batch that is within both objectives")
    func throughput() throws {
        let plane = try #require(plane)
        let engine = EngineThroughput(inputTokens: 1_000, outputTokens: 100, timeToFirstToken: 10, timePerOutputToken: 0.05)
        let rate = try #require(
            engine.requestsPerSecond(plane, batchedTokens: 2_048, sequences: 256, cacheTokens: 430_000, meanInput: 1_000))
        // A batch of 36: 360 tokens of prompts and 37800 in the cache take 49.78 ms.
        #expect(abs(rate - 36 / (100 * 0.04978)) < 1e-9)
        let hasty = EngineThroughput(inputTokens: 1_000, outputTokens: 100, timeToFirstToken: 10, timePerOutputToken: 0.001)
        let least = try #require(
            hasty.requestsPerSecond(plane, batchedTokens: 2_048, sequences: 256, cacheTokens: 430_000, meanInput: 1_000))
        #expect(abs(least - 1 / (100 * 0.011105)) < 1e-9, "what a batch of one does")
    }

    @Test("batches are bounded by the cache, by sequences, and by what keeps prompts from piling up")
    func bounds() {
        func largest(_ input: Double, _ output: Double, _ batched: Int, _ sequences: Int, _ cache: Int) -> Int {
            EngineThroughput(inputTokens: input, outputTokens: output, timeToFirstToken: 1, timePerOutputToken: 1)
                .largestBatch(batchedTokens: batched, sequences: sequences, cacheTokens: cache)
        }
        #expect(largest(1_000, 100, 2_048, 256, 21_000) == 20)
        #expect(largest(1_000, 100, 2_048, 16, 430_000) == 16)
        #expect(largest(1_000, 10, 128, 256, 430_000) == 28)
    }

    @Test("the first planner's arithmetic")
    func classic() {
        #expect(DynamoClassicPlanner.replicas(tokensPerSecond: 600 * 3_000 / 180, correction: 1, perReplica: 5_000) == 2)
        #expect(DynamoClassicPlanner.replicas(tokensPerSecond: 600 * 300 / 180, correction: 1, perReplica: 400) == 3)
        #expect(DynamoClassicPlanner.replicas(tokensPerSecond: 0, correction: 1, perReplica: 400) == 1)
    }

    @Test("load is expected to stay, or to go on as a filter has it")
    func predictors() {
        var (constant, kalman) = (LoadPredictor(.constant), LoadPredictor(.kalman))
        for value in [0.0, 0, 100, 110] {
            constant.add(value)
            kalman.add(value)
        }
        #expect(constant.next == 110)
        // Variances of 2001 and 1000 against a noise of 10.
        #expect(abs(kalman.next - (100 + 10 * 2_001 / 2_011 + 10 * 1_000.0 / 2_011)) < 1e-9)
        #expect(LoadPredictor(.kalman).next == 0)
    }

    private func load(_ count: Int, queued: Int, cached: Int) -> [ScalingObservation.ReplicaLoad] {
        (0..<count).map { _ in
            ScalingObservation.ReplicaLoad(running: 1, waiting: 1, waitingTokens: queued, cachedTokens: cached, cacheCapacity: 400_000)
        }
    }

    @Test("by load one is added where all are too slow, and removed where those left would be well within")
    func byLoad() throws {
        let plane = try #require(plane)
        let rule = DynamoLoadRule(timeToFirstToken: 0.5, timePerOutputToken: 0.05)
        let mean = DynamoLoadRule.Load(meanInput: 1_000, meanContext: 1_000, promptTokensPerIteration: 100)
        func desired(_ replicas: [ScalingObservation.ReplicaLoad]) -> Int { rule.desired(replicas, mean, plane, batchedTokens: 2_048) }
        #expect(desired(load(3, queued: 5_000, cached: 0)) == 4, "0.6 s of prompts and more")
        #expect(desired(load(2, queued: 5_000, cached: 0) + load(1, queued: 0, cached: 0)) == 3, "one of them is quick")
        #expect(desired(load(3, queued: 0, cached: 350_000)) == 4, "gaps of 55 ms")
        #expect(desired(load(3, queued: 0, cached: 20_000)) == 2)
        #expect(desired(load(3, queued: 0, cached: 140_000)) == 3, "two would have gaps of 41 ms")
        #expect(desired(load(1, queued: 0, cached: 0)) == 1)
    }

    @Test("with fixed thresholds one full engine is enough for another, and all have to be empty for one fewer")
    func easy() {
        let full = load(1, queued: 200_000, cached: 250_000), half = load(1, queued: 0, cached: 200_000)
        #expect(DynamoEasyPlanner.desired(full + half, .throughput) == 3)
        #expect(DynamoEasyPlanner.desired(half + half, .throughput) == 1)
        #expect(DynamoEasyPlanner.desired(half + half, .latency) == 3)
        #expect(DynamoEasyPlanner.desired(half + load(1, queued: 0, cached: 250_000), .throughput) == 2)
        #expect(DynamoEasyPlanner.desired([], .latency) == nil)
    }
}
