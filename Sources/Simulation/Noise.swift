import Statistics

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#elseif canImport(Darwin)
    private import Darwin
#endif

extension SplitMix64 {
    /// Evenly from 0 up to, not including, 1.
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Nearly normal with mean 0 and deviation 1, never beyond ±6: the sum of twelve uniform numbers.
    mutating func nearlyNormal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }

    /// Lognormal with mean 1.
    mutating func lognormal(deviation: Double) -> Double {
        deviation == 0 ? 1 : exp(deviation * nearlyNormal() - deviation * deviation / 2)
    }

    /// Exponential with mean 1.
    mutating func exponential() -> Double { -log(1 - uniform()) }
}
