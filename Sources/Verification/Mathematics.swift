#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// The natural logarithm of a positive number.
func logarithm(of value: Double) -> Double { log(value) }

/// The exponential function.
func exponential(of value: Double) -> Double { exp(value) }

/// `base^exponent` for a base that is not negative.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }
