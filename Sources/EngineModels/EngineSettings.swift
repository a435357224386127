/// What can be set at one replica of an engine.
public struct EngineSettings: Sendable, Codable, Hashable {
    /// Most sequences decoded together, at least 1; `--max-num-seqs`.
    public var maxNumSeqs: Int
    /// Most tokens in one iteration, at least ``maxNumSeqs``; `--max-num-batched-tokens`.
    public var maxNumBatchedTokens: Int
    /// Share of device memory the engine may take, `0...1`; `--gpu-memory-utilization`.
    public var gpuMemoryUtilization: Double
    /// Devices of one replica; `nil` is as many as the profile was fitted for.
    public var tensorParallel: Int?
    public var quantization: Quantization

    /// A bound that keeps sums within 64 bits.
    public static let maximumCacheTokens = 1 << 26

    public init(
        maxNumSeqs: Int = 256, maxNumBatchedTokens: Int = 2_048, gpuMemoryUtilization: Double = 0.9, tensorParallel: Int? = nil,
        quantization: Quantization = .none
    ) {
        self.maxNumSeqs = maxNumSeqs
        self.maxNumBatchedTokens = maxNumBatchedTokens
        self.gpuMemoryUtilization = gpuMemoryUtilization
        self.tensorParallel = tensorParallel
        self.quantization = quantization
    }

    /// Why no engine starts with these; `nil` where one does.
    public func problem(with profile: EngineProfile) -> String? {
        if !(1...16_384).contains(maxNumSeqs) { return "the number of sequences is \(maxNumSeqs) and must be in 1...16384" }
        if !(maxNumSeqs...65_536).contains(maxNumBatchedTokens) {
            return "tokens of an iteration are \(maxNumBatchedTokens) and must be in \(maxNumSeqs)...65536, one a sequence at least"
        }
        if !(gpuMemoryUtilization > 0 && gpuMemoryUtilization <= 1) {
            return "the share of memory is \(gpuMemoryUtilization) and must be above 0 and at most 1"
        }
        if let tensorParallel, !(1...64).contains(tensorParallel) { return "devices are \(tensorParallel) and must be in 1...64" }
        let factors = [quantization.weightBytes, quantization.cacheBytes, quantization.compute]
        if !factors.allSatisfy({ $0 > 0 && $0 <= 8 }) { return "a factor of \(quantization.name) is not above 0 and at most 8" }
        return profile.cacheTokens(under: self) < 16 ? "\(profile.model) leaves no room for its cache with these settings" : nil
    }
}
