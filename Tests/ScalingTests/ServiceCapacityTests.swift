import EngineModels
import Scaling
import Testing

@Suite("The capacity of a replica")
struct ServiceCapacityTests {
    private let service = ServiceCapacity(profile: .llama70BOnFourH100, settings: EngineSettings())
    private let mix = RequestMix(inputTokens: 1_155, outputTokens: 211)

    @Test("is a fixed point: batch, cache and prompts make the time that makes the batch")
    func fixedPoint() throws {
        let state = try #require(service.steadyState(rate: 6, mix))
        let batch = 6 * 211 * state.timePerOutputToken / 1_000
        #expect(abs(state.batch - batch) < 1e-3)
        let decode = 2.25 + max(14.6 + 0.018 * batch, 3.1 + 0.0537 * batch) + 4.2e-5 * batch * (1_155 + 105.5)
        #expect(abs(state.timePerOutputToken - decode / (1 - state.prefillShare)) < 1e-3)
        #expect(abs(state.prefillShare - 6 * (1_155 * 0.0537 + 2.5e-7 * 1_155 * 577.5) / 1_000) < 1e-9)
    }

    @Test("is about 8 conversations a second for Llama-70B, and keeps the limit just so")
    func rate() throws {
        let rate = service.rate(timePerOutputToken: 45, mix)
        #expect(rate > 7.5 && rate < 8.5)
        #expect(try #require(service.steadyState(rate: rate, mix)).timePerOutputToken <= 45)
        #expect((service.steadyState(rate: rate * 1.01, mix)?.timePerOutputToken ?? .infinity) > 45)
    }

    @Test("is bounded by sequences, cache and prompts, and nothing where one request is too slow")
    func bounds() {
        let few = ServiceCapacity(profile: .llama70BOnFourH100, settings: EngineSettings(maxNumSeqs: 8))
        #expect(few.rate(timePerOutputToken: 45, mix) < service.rate(timePerOutputToken: 45, mix) / 3)
        var profile = EngineProfile.llama70BOnFourH100
        profile.cacheTokens = 20_000
        profile.memory = nil
        #expect(
            ServiceCapacity(profile: profile, settings: EngineSettings()).rate(timePerOutputToken: 45, mix)
                < service.rate(timePerOutputToken: 45, mix))
        let prompts = RequestMix(inputTokens: 8_000, outputTokens: 2)
        let rate = service.rate(timePerOutputToken: 45, prompts)
        #expect(rate * (8_000 * 0.0537 + 2.5e-7 * 8_000 * 4_000) / 1_000 <= ServiceCapacity.longestPrefillShare + 1e-3)
        #expect(service.rate(timePerOutputToken: 10, mix) == 0)
        #expect(service.steadyState(rate: 1_000, mix) == nil)
    }

    @Test("grows with what the cache has of the prompts")
    func cached() {
        let half = RequestMix(inputTokens: 1_155, outputTokens: 211, cachedTokens: 578)
        #expect(service.rate(timePerOutputToken: 45, half) > 1.2 * service.rate(timePerOutputToken: 45, mix))
    }
}
