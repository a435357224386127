import Measurements
import Simulation
import Testing

/// Runs of vLLM 0.15.1 on H100 SXM as they were measured, replayed: evenly spaced requests for 300 s of which the first fifth is left out, one
/// replica, 128 sequences, 2048 tokens an iteration, prompts that but for their last blocks are in the cache.
@Suite struct MeasuredStagesTests {
    struct Stage: Sendable, CustomTestStringConvertible {
        let profile: EngineProfile
        let input: Int
        let output: Int
        let rate: Double
        /// Milliseconds.
        let interToken: Double
        let firstToken: Double
        let endToEnd: Double

        var testDescription: String { "\(profile.name) \(input)/\(output) at \(rate)/s" }
    }

    private static func stages(_ profile: EngineProfile, _ rows: [(Int, Int, Double, Double, Double, Double)]) -> [Stage] {
        rows.map { Stage(profile: profile, input: $0.0, output: $0.1, rate: $0.2, interToken: $0.3, firstToken: $0.4, endToEnd: $0.5) }
    }

    static let all =
        stages(
            .llama7BOnH100,
            [
                (592, 247, 5, 7.26, 25.0, 1_810), (592, 247, 10, 8.89, 29.5, 2_216), (786, 251, 6, 8.18, 27.1, 2_071),
                (575, 248, 8, 8.22, 27.1, 2_058), (575, 248, 20, 16.62, 51.9, 4_158),
            ])
        + stages(
            .llama70BOnFourH100,
            [
                (575, 248, 8, 18.71, 57.4, 4_678), (592, 247, 5, 17.40, 53.4, 4_333), (592, 247, 10, 19.05, 56.7, 4_742),
                (786, 251, 6, 18.03, 54.8, 4_562),
            ])
        + stages(
            .codeLlama34BOnTwoH100,
            [
                (575, 248, 8, 14.77, 46.0, 3_694), (575, 248, 20, 17.00, 53.8, 4_252), (592, 247, 5, 14.50, 44.5, 3_610),
                (592, 247, 10, 15.17, 46.1, 3_779), (786, 251, 6, 14.50, 45.7, 3_670),
            ])

    @Test("latencies are within 6 % of those of the real engine between tokens and end to end, and 12 % to the first", arguments: all)
    func replay(stage: Stage) {
        var arrivals = Arrivals(
            shape: .constant(rate: stage.rate), process: .constant, inputs: .constant(stage.input), outputs: .constant(stage.output),
            seed: 1)
        var pool = EnginePool(
            PoolSetup(
                profile: stage.profile, settings: EngineSettings(maxNumSeqs: 128, maxNumBatchedTokens: 2_048),
                noise: PoolNoise(withinReplica: 0.05)))
        for var request in arrivals.requests(before: Nanoseconds(seconds: 300)) {
            request.cachedTokens = stage.input / 16 * 16 - 16
            pool.submit(request)
        }
        pool.advance(to: Nanoseconds(seconds: 400))
        let records = pool.takeOutcomes().filter { $0.arrival.seconds >= 60 }
        func mean(_ value: (RequestOutcome) -> Double) -> Double { records.map(value).reduce(0, +) / Double(records.count) }
        let interToken = mean { $0.timePerOutputToken?.milliseconds ?? .nan } / stage.interToken
        let firstToken = mean(\.timeToFirstToken.milliseconds) / stage.firstToken
        let endToEnd = mean(\.endToEnd.milliseconds) / stage.endToEnd
        #expect(abs(interToken - 1) < 0.06, "\(interToken)")
        #expect(abs(endToEnd - 1) < 0.06, "\(endToEnd)")
        #expect(abs(firstToken - 1) < 0.12, "\(firstToken)")
    }
}
