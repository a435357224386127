public import Measurements

/// An engine with its model on its devices: how fast it is and how much it can hold.
public struct EngineProfile: Sendable, Codable, Hashable {
    public var name: String
    public var model: String
    /// What it runs on, e.g. `4xH100 SXM (TP4)`.
    public var hardware: String
    public var latency: LatencyModel
    /// Devices that ``latency`` and ``cacheTokens`` are for.
    public var devices: Int
    /// Memory of one device, bytes.
    public var deviceBytes: Double
    /// Of all weights, bytes.
    public var weightBytes: Double
    /// One token takes in the cache, bytes.
    public var bytesPerToken: Double
    /// Room of the cache at nine tenths of the memory, tokens.
    public var cacheTokens: Int
    /// What the server around the engine adds to every token's way out.
    public var serverLatency: Nanoseconds

    public init(
        name: String, model: String, hardware: String, latency: LatencyModel, devices: Int, deviceBytes: Double, weightBytes: Double,
        bytesPerToken: Double,
        cacheTokens: Int, serverLatency: Nanoseconds = Nanoseconds(milliseconds: 6)
    ) {
        self.name = name
        self.model = model
        self.hardware = hardware
        self.latency = latency
        self.devices = devices
        self.deviceBytes = deviceBytes
        self.weightBytes = weightBytes
        self.bytesPerToken = bytesPerToken
        self.cacheTokens = cacheTokens
        self.serverLatency = serverLatency
    }

    /// What a replica with these settings takes for an iteration.
    public func latency(under settings: EngineSettings) -> LatencyModel {
        let ratio = Double(settings.tensorParallel ?? devices) / Double(devices)
        return latency.spread(over: ratio).quantized(settings.quantization)
    }

    /// Tokens that a replica with these settings has room for; 0 where the weights do not fit.
    ///
    /// The cache gets `share · memory − weights − what else is needed`, the last as it is in ``cacheTokens``.
    public func cacheTokens(under settings: EngineSettings) -> Int {
        let devicesUsed = Double(settings.tensorParallel ?? devices)
        let elsewhere = 0.9 * deviceBytes * Double(devices) - weightBytes - bytesPerToken * Double(cacheTokens)
        let free =
            settings.gpuMemoryUtilization * deviceBytes * devicesUsed - weightBytes * settings.quantization.weightBytes
            - elsewhere * devicesUsed / Double(devices)
        return max(0, min(Int(free / (bytesPerToken * settings.quantization.cacheBytes)), EngineSettings.maximumCacheTokens))
    }
}

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
    static let maximumCacheTokens = 1 << 26

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
