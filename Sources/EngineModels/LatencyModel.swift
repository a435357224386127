#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// How long one iteration of a batching engine takes:
/// `t(n, K, Q) = overhead + max(weightRead + readPerToken·n, computeFloor + computePerToken·n) + cachePerToken·K + attention·Q`.
///
/// n is the tokens of the iteration, one a decoding sequence and those of the prompt chunks; K the tokens in the cache of the decoding
/// sequences; Q the sum over the chunks of `chunk·(done + chunk/2)`. All in milliseconds.
public struct LatencyModel: Sendable, Codable, Hashable {
    /// Scheduling, launch, sampling and what devices tell each other.
    public var overhead: Double
    /// Reading the weights.
    public var weightRead: Double
    /// Per token while reading weights is the limit.
    public var readPerToken: Double
    public var computeFloor: Double
    /// Per token while computing is the limit.
    public var computePerToken: Double
    /// Per token in the cache.
    public var cachePerToken: Double
    /// Per pair of a prompt's token and one before it.
    public var attention: Double

    public init(
        overhead: Double, weightRead: Double, readPerToken: Double, computeFloor: Double, computePerToken: Double, cachePerToken: Double,
        attention: Double
    ) {
        self.overhead = overhead
        self.weightRead = weightRead
        self.readPerToken = readPerToken
        self.computeFloor = computeFloor
        self.computePerToken = computePerToken
        self.cachePerToken = cachePerToken
        self.attention = attention
    }

    /// The same engine spread over `ratio` times as many devices.
    ///
    /// Exponents: kernels of Llama-2-70B on 1 to 8 H100, measured for Vidur (MIT). The overhead is left as it is, so that a spread over more
    /// devices than the profile was fitted for is told somewhat too well.
    public func spread(over ratio: Double) -> LatencyModel {
        var model = self
        model.weightRead *= pow(ratio, -0.83)
        model.readPerToken *= pow(ratio, -0.94)
        model.computeFloor *= pow(ratio, -0.94)
        model.computePerToken *= pow(ratio, -0.94)
        model.cachePerToken /= ratio
        model.attention /= ratio
        return model
    }

    /// The same engine with numbers of fewer bits.
    public func quantized(_ quantization: Quantization) -> LatencyModel {
        var model = self
        model.weightRead *= quantization.weightBytes
        model.computeFloor *= quantization.compute
        model.computePerToken *= quantization.compute
        model.cachePerToken *= quantization.cacheBytes
        return model
    }
}

/// What numbers of fewer bits change, as factors on sixteen-bit figures. The factors of the presets are assumed, not measured.
public struct Quantization: Sendable, Codable, Hashable {
    public var name: String
    public var weightBytes: Double
    public var cacheBytes: Double
    public var compute: Double

    public init(name: String, weightBytes: Double, cacheBytes: Double, compute: Double) {
        self.name = name
        self.weightBytes = weightBytes
        self.cacheBytes = cacheBytes
        self.compute = compute
    }

    public static let none = Quantization(name: "none", weightBytes: 1, cacheBytes: 1, compute: 1)
    public static let fp8 = Quantization(name: "fp8", weightBytes: 0.5, cacheBytes: 0.5, compute: 0.6)
    public static let w4a16 = Quantization(name: "w4a16", weightBytes: 0.28, cacheBytes: 1, compute: 1)

    /// The preset of a name, as engines spell it.
    public static func named(_ name: String) -> Quantization? { [none, fp8, w4a16].first { $0.name == name } }
}
