import EngineModels
import FoundationEssentials
import Measurements
import Simulation
import TestSupport
import Testing

@Suite("A table of measured engines")
struct EngineCatalogTests {
    private let own = #"""
        {"_remark": "ours", "api_ms": 4, "mine": {"model": "Qwen", "gpu": "2xL40S", "a0": 1, "w": 8, "s1": 0.01, "c2": 2, "s2": 0.03,
         "ck": 1e-4, "e": 1e-6, "kv_cap_tokens": 50000, "devices": 2},
         "cold_start": {"default": {"median_s": 40, "sigma": 0.1}}}
        """#

    @Test("makes an engine of each entry that runs like any other")
    func reading() throws {
        let catalog = try EngineCatalog(json: Array(own.utf8))
        let profile = try #require(catalog.profiles.first)
        #expect(catalog.profiles.count == 1 && profile.name == "mine" && profile.devices == 2 && profile.hardware == "2xL40S")
        #expect(profile.serverLatency == Nanoseconds(milliseconds: 4) && profile.latency.computePerToken == 0.03)
        #expect(catalog.coldStart == ColdStart(median: Nanoseconds(seconds: 40), deviation: 0.1))
        // Without figures of memory the cache follows its share of it.
        #expect(profile.cacheTokens(under: EngineSettings()) == 50_000)
        #expect(abs(profile.cacheTokens(under: EngineSettings(gpuMemoryUtilization: 0.45)) - 25_000) <= 1)
        #expect(abs(profile.cacheTokens(under: EngineSettings(tensorParallel: 4)) - 100_000) <= 1)
        var pool = EnginePool(PoolSetup(profile: profile))
        pool.submit(SimulatedRequest(id: 0, arrival: Nanoseconds(0), inputTokens: 100, outputTokens: 10))
        pool.advance(to: Nanoseconds(seconds: 10))
        #expect(pool.takeOutcomes().map(\.ending) == [.completed])
    }

    @Test(
        "names the engine and the figure that is wrong",
        arguments: [
            ("{}", "expected an object with an engine in it, such as {\"name\": {\"a0\": …}}"),
            (#"{"x": {"a0": 1, "w": "fast"}}"#, "engine 'x' expects a number 'w' in 0.0...10000.0"),
            (#"{"x": {"a0": -1}}"#, "engine 'x' expects a number 'a0' in 0.0...10000.0"),
            (
                #"{"x": {"a0": 0, "w": 0, "s1": 0, "c2": 0, "s2": 1, "ck": 0, "e": 0, "kv_cap_tokens": 100}}"#,
                "engine 'x' takes no time for an iteration: 'a0', 'w' and 'c2' are 0"
            ),
            (
                #"{"x": {"a0": 1, "w": 0, "s1": 0, "c2": 0, "s2": 1, "ck": 0, "e": 0, "kv_cap_tokens": 1e12}}"#,
                "engine 'x' expects a whole number 'kv_cap_tokens' in 16...67108864"
            ),
            (
                #"{"x": {"a0": 1, "w": 0, "s1": 0, "c2": 0, "s2": 1, "ck": 0, "e": 0, "kv_cap_tokens": 99, "devices": 2.5}}"#,
                "engine 'x' expects a whole number 'devices' in 1...64"
            ),
            (#"{"x": {"w": 1}}"#, "engine 'x' expects a number 'a0' in 0.0...10000.0"),
            (#"{"x": 3}"#, "engine 'x' expects a number 'a0' in 0.0...10000.0"),
            (#"{"api_ms": 1e99, "x": {"a0": 1}}"#, "'api_ms' expects milliseconds, a number in 0...10000"),
            (#"{"api_ms": "six", "x": {"a0": 1}}"#, "'api_ms' expects milliseconds, a number in 0...10000"),
        ])
    func problems(text: String, message: String) {
        let error = #expect(throws: TraceError.self) { try EngineCatalog(json: Array(text.utf8)) }
        #expect(error.map(\.description) == message)
    }

    @Test("of the shared data is what is known here", .enabled(if: SharedData.isPresent, "needs the shared profiles"))
    func shared() throws {
        let file = try Data(contentsOf: URL(filePath: SharedData.path("profiles/engine_params.json")))
        let catalog = try EngineCatalog(json: Array(file))
        #expect(catalog.profiles == EngineProfile.known)
        #expect(catalog.coldStart == ColdStart())
    }

    @Test("settings move the cache and the pace as the kernels do")
    func knobs() {
        let profile = EngineProfile.llama70BOnFourH100
        let eight = EngineSettings(tensorParallel: 8)
        #expect(profile.cacheTokens(under: EngineSettings()) == 430_000)
        // Weights stay, so that twice the devices hold more than twice the tokens.
        #expect(profile.cacheTokens(under: eight) > 860_000)
        #expect(profile.cacheTokens(under: EngineSettings(gpuMemoryUtilization: 0.5)) < 100_000)
        #expect(profile.cacheTokens(under: EngineSettings(quantization: .fp8)) > 1_000_000)
        // Weights of 70B read by 8 instead of 4 devices, as measured: 15.0 ms and 8.89 ms; 113 ms and 66.1 ms for 2048 tokens.
        func floor(_ settings: EngineSettings) -> Double { profile.latency(under: settings).iteration(tokens: 1, cached: 0) - 2.25 }
        func full(_ settings: EngineSettings) -> Double { profile.latency(under: settings).iteration(tokens: 2_048, cached: 0) - 2.25 }
        #expect(abs(floor(eight) / floor(EngineSettings()) - 8.89 / 15.0) < 0.06)
        #expect(abs(full(eight) / full(EngineSettings()) - 66.1 / 113) < 0.07)
        #expect(abs(floor(EngineSettings(quantization: .w4a16)) / floor(EngineSettings()) - 0.28) < 0.02)
    }
}
