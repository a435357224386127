import Statistics

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// φ(z), the standard normal density; z finite.
func normalDensity(_ z: Double) -> Double { exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() }

/// The mean of `max(0, X)` for normal X: `σ φ(μ/σ) + μ Φ(μ/σ)`.
///
/// - Parameter deviation: At least 0; zero gives `max(0, mean)`.
func expectedExcess(mean: Double, deviation: Double) -> Double {
    guard deviation > 0 else { return max(0, mean) }
    let z = mean / deviation
    return deviation * normalDensity(z) + mean * standardNormalCumulative(z)
}

/// `e^x − 1` without cancellation near zero.
func expm1(_ x: Double) -> Double {
    #if canImport(Glibc)
        Glibc.expm1(x)
    #else
        Darwin.expm1(x)
    #endif
}
