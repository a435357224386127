#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// The gamma function of a positive number.
func gammaFunction(of value: Double) -> Double { tgamma(value) }

/// The sine and cosine of an angle in radians.
func sineAndCosine(of angle: Double) -> (sine: Double, cosine: Double) { (sin(angle), cos(angle)) }
