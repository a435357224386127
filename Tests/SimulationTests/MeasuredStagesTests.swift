import EngineModels
import Measurements
import Simulation
import Testing

/// Runs of vLLM 0.15.1 on H100 SXM as they were measured, replayed: evenly spaced requests for 300 s of which the first fifth is left out, one
/// replica, 128 sequences, 2048 tokens an iteration, prompts that but for their last blocks are in the cache.
@Suite("Engines as they were measured")
struct MeasuredStagesTests {
    struct Stage: Sendable {
        let input: Int
        let output: Int
        let rate: Double
        /// Means in milliseconds.
        let interToken: Double
        let firstToken: Double
        let endToEnd: Double
        /// Whether it was used to fit the profile.
        let isTuning: Bool
    }

    struct Engine: Sendable, CustomTestStringConvertible {
        let profile: EngineProfile
        let stages: [Stage]
        /// Between tokens with 128 sequences of 1 800 tokens in the mean, in milliseconds; outside the fit.
        let saturated: Double?

        var testDescription: String { profile.name }
    }

    static let engines = [
        Engine(
            profile: .llama7BOnH100,
            stages: [
                Stage(input: 592, output: 247, rate: 5, interToken: 7.26, firstToken: 25.0, endToEnd: 1_810, isTuning: false),
                Stage(input: 592, output: 247, rate: 10, interToken: 8.89, firstToken: 29.5, endToEnd: 2_216, isTuning: false),
                Stage(input: 786, output: 251, rate: 6, interToken: 8.18, firstToken: 27.1, endToEnd: 2_071, isTuning: false),
                Stage(input: 575, output: 248, rate: 8, interToken: 8.22, firstToken: 27.1, endToEnd: 2_058, isTuning: true),
                Stage(input: 575, output: 248, rate: 20, interToken: 16.62, firstToken: 51.9, endToEnd: 4_158, isTuning: true),
            ], saturated: nil),
        Engine(
            profile: .llama70BOnFourH100,
            stages: [
                Stage(input: 592, output: 247, rate: 5, interToken: 17.40, firstToken: 53.4, endToEnd: 4_333, isTuning: false),
                Stage(input: 592, output: 247, rate: 10, interToken: 19.05, firstToken: 56.7, endToEnd: 4_742, isTuning: false),
                Stage(input: 786, output: 251, rate: 6, interToken: 18.03, firstToken: 54.8, endToEnd: 4_562, isTuning: false),
                Stage(input: 575, output: 248, rate: 8, interToken: 18.71, firstToken: 57.4, endToEnd: 4_678, isTuning: true),
            ], saturated: 29.5),
        Engine(
            profile: .codeLlama34BOnTwoH100,
            stages: [
                Stage(input: 592, output: 247, rate: 5, interToken: 14.50, firstToken: 44.5, endToEnd: 3_610, isTuning: false),
                Stage(input: 592, output: 247, rate: 10, interToken: 15.17, firstToken: 46.1, endToEnd: 3_779, isTuning: false),
                Stage(input: 786, output: 251, rate: 6, interToken: 14.50, firstToken: 45.7, endToEnd: 3_670, isTuning: false),
                Stage(input: 575, output: 248, rate: 8, interToken: 14.77, firstToken: 46.0, endToEnd: 3_694, isTuning: true),
                Stage(input: 575, output: 248, rate: 20, interToken: 17.00, firstToken: 53.8, endToEnd: 4_252, isTuning: true),
            ], saturated: 26.8),
    ]

    /// Simulated over measured: between tokens, to the first token, end to end.
    private func replay(_ stage: Stage, on profile: EngineProfile) -> (interToken: Double, firstToken: Double, endToEnd: Double) {
        var arrivals = Arrivals(
            shape: .constant(rate: stage.rate), process: .constant, inputs: .constant(stage.input), outputs: .constant(stage.output),
            seed: 1)
        var pool = EnginePool(
            PoolSetup(
                profile: profile, settings: EngineSettings(maxNumSeqs: 128, maxNumBatchedTokens: 2_048),
                noise: PoolNoise(withinReplica: 0.05)))
        for var request in arrivals.requests(before: Nanoseconds(seconds: 300)) {
            request.cachedTokens = stage.input / 16 * 16 - 16
            pool.submit(request)
        }
        pool.advance(to: Nanoseconds(seconds: 400))
        let outcomes = pool.takeOutcomes().filter { $0.arrival.seconds >= 60 }
        func mean(_ value: (RequestOutcome) -> Double) -> Double { outcomes.map(value).reduce(0, +) / Double(outcomes.count) }
        return (
            mean { $0.timePerOutputToken?.milliseconds ?? .nan } / stage.interToken,
            mean(\.timeToFirstToken.milliseconds) / stage.firstToken, mean(\.endToEnd.milliseconds) / stage.endToEnd
        )
    }

    @Test("AT-S2: within 4 % of the engine between tokens and end to end in stages it was not fitted to", arguments: engines)
    func heldOut(engine: Engine) {
        let ratios = engine.stages.filter { !$0.isTuning }.map { replay($0, on: engine.profile) }
        func error(_ value: ((interToken: Double, firstToken: Double, endToEnd: Double)) -> Double) -> Double {
            ratios.map { abs(value($0) - 1) }.reduce(0, +) / Double(ratios.count)
        }
        #expect(ratios.count == 3)
        #expect(error(\.interToken) <= 0.04, "\(ratios)")
        #expect(error(\.endToEnd) <= 0.04, "\(ratios)")
        #expect(error(\.firstToken) <= 0.06, "\(ratios)")
    }

    @Test("no single stage, fitted or not, is more than 6 % off, and 12 % to the first token", arguments: engines)
    func every(engine: Engine) {
        for stage in engine.stages {
            let ratio = replay(stage, on: engine.profile)
            #expect(abs(ratio.interToken - 1) < 0.06 && abs(ratio.endToEnd - 1) < 0.06 && abs(ratio.firstToken - 1) < 0.12, "\(ratio)")
        }
    }

    @Test("AT-S2: within 12 % when 128 long sequences saturate it", arguments: engines.filter { $0.saturated != nil })
    func saturation(engine: Engine) throws {
        var pool = EnginePool(PoolSetup(profile: engine.profile, settings: EngineSettings(maxNumSeqs: 128, maxNumBatchedTokens: 2_048)))
        // 800 tokens of prompt and 2 000 of answer; the first crowd is of all ages, so that 1 800 are read in the mean.
        for id in 0..<1_000 {
            let output = id < 128 ? (id + 1) * 2_000 / 128 : 2_000
            pool.submit(SimulatedRequest(id: id, arrival: Nanoseconds(0), inputTokens: 800, outputTokens: output, cachedTokens: 784))
        }
        pool.advance(to: Nanoseconds(seconds: 250))
        let pace = pool.takeOutcomes().filter { $0.id >= 128 }.compactMap(\.timePerOutputToken?.milliseconds)
        let mean = pace.reduce(0, +) / Double(pace.count)
        let measured = try #require(engine.saturated)
        #expect(pace.count > 200 && pool.status.running == 128 && pool.status.preemptions == 0)
        #expect(abs(mean / measured - 1) < 0.12, "\(mean) ms, measured \(measured) ms")
    }
}
