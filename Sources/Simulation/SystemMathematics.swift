#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// The natural logarithm of a positive number.
func logarithm(of value: Double) -> Double { log(value) }

/// The exponential function.
func exponential(of value: Double) -> Double { exp(value) }

/// `base^exponent` for a positive base.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// The gamma function of a positive number.
func gammaFunction(of value: Double) -> Double { tgamma(value) }

/// The sine and cosine of an angle in radians.
func sineAndCosine(of angle: Double) -> (sine: Double, cosine: Double) { (sin(angle), cos(angle)) }
