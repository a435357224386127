extension EngineProfile {
    /// Llama-2-7B on one H100.
    ///
    /// The profiles' floors and slopes come from kernels measured for Vidur (MIT); overhead and cost of the cache were fitted to measured runs
    /// of vLLM 0.15.1 on H100 SXM. Within 4 % of held-out inter-token latencies. Cache sizes are computed from the memory left by the weights.
    public static let llama7BOnH100 = EngineProfile(
        name: "L7-H100", model: "Llama-2-7B", hardware: "1xH100 SXM",
        latency: LatencyModel(
            overhead: 0.75, weightRead: 5.6, readPerToken: 0.015, computeFloor: 1.42, computePerToken: 0.0192, cachePerToken: 1.57e-4,
            attention: 1e-6),
        memory: DeviceMemory(deviceBytes: 80e9, weightBytes: 13.5e9, bytesPerToken: 524_288), devices: 1, cacheTokens: 107_000)

    /// Llama-2-70B on four H100.
    public static let llama70BOnFourH100 = EngineProfile(
        name: "L70-H100x4", model: "Llama-2-70B", hardware: "4xH100 SXM (TP4)",
        latency: LatencyModel(
            overhead: 2.25, weightRead: 14.6, readPerToken: 0.018, computeFloor: 3.1, computePerToken: 0.0537, cachePerToken: 4.2e-5,
            attention: 2.5e-7),
        memory: DeviceMemory(deviceBytes: 80e9, weightBytes: 138e9, bytesPerToken: 327_680), devices: 4, cacheTokens: 430_000)

    /// CodeLlama-34B on two H100.
    public static let codeLlama34BOnTwoH100 = EngineProfile(
        name: "CL34-H100x2", model: "CodeLlama-34B", hardware: "2xH100 SXM (TP2)",
        latency: LatencyModel(
            overhead: 0.25, weightRead: 13.4, readPerToken: 0.016, computeFloor: 3.2, computePerToken: 0.05, cachePerToken: 3.6e-5,
            attention: 4e-7),
        memory: DeviceMemory(deviceBytes: 80e9, weightBytes: 67.5e9, bytesPerToken: 196_608), devices: 2, cacheTokens: 330_000)

    /// Llama-3-8B on one A100; kernels and sizes only, never compared with an engine end to end.
    public static let llama8BOnA100 = EngineProfile(
        name: "L8-A100", model: "Llama-3-8B", hardware: "1xA100-80GB",
        latency: LatencyModel(
            overhead: 1.5, weightRead: 10.3, readPerToken: 0.032, computeFloor: 8.1, computePerToken: 0.0668, cachePerToken: 8.2e-5,
            attention: 9e-7),
        memory: DeviceMemory(deviceBytes: 80e9, weightBytes: 15.5e9, bytesPerToken: 131_072), devices: 1, cacheTokens: 430_000)

    public static let known = [llama7BOnH100, llama70BOnFourH100, codeLlama34BOnTwoH100, llama8BOnA100]

    public static func named(_ name: String) -> EngineProfile? { known.first { $0.name == name } }
}
