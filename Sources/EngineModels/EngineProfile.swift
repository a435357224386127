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
    /// Without it settings that move memory change the cache in proportion.
    public var memory: DeviceMemory?
    /// Room of the cache at nine tenths of the memory, tokens.
    public var cacheTokens: Int
    /// What the server around the engine adds to every token's way out.
    public var serverLatency: Nanoseconds

    public init(
        name: String, model: String, hardware: String, latency: LatencyModel, memory: DeviceMemory?, devices: Int, cacheTokens: Int,
        serverLatency: Nanoseconds = Nanoseconds(milliseconds: 6)
    ) {
        self.name = name
        self.model = model
        self.hardware = hardware
        self.latency = latency
        self.memory = memory
        self.devices = devices
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
        let spread = Double(settings.tensorParallel ?? devices) / Double(devices)
        let room = Double(cacheTokens) / settings.quantization.cacheBytes
        guard let memory else { return Self.bounded(room * spread * settings.gpuMemoryUtilization / Self.usualUtilization) }
        let all = memory.deviceBytes * Double(devices)
        let elsewhere = Self.usualUtilization * all - memory.weightBytes - memory.bytesPerToken * Double(cacheTokens)
        let free =
            (settings.gpuMemoryUtilization * all - elsewhere) * spread - memory.weightBytes * settings.quantization.weightBytes
        return Self.bounded(free / (memory.bytesPerToken * settings.quantization.cacheBytes))
    }

    /// Share of the memory that engines take unless told otherwise.
    private static let usualUtilization = 0.9

    private static func bounded(_ tokens: Double) -> Int { Int(min(max(0, tokens), Double(EngineSettings.maximumCacheTokens))) }
}

/// Where the memory of an engine's devices goes.
public struct DeviceMemory: Sendable, Codable, Hashable {
    /// Memory of one device, bytes.
    public var deviceBytes: Double
    /// Of all weights, bytes.
    public var weightBytes: Double
    /// One token takes in the cache, bytes.
    public var bytesPerToken: Double

    public init(deviceBytes: Double, weightBytes: Double, bytesPerToken: Double) {
        self.deviceBytes = deviceBytes
        self.weightBytes = weightBytes
        self.bytesPerToken = bytesPerToken
    }
}
