#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// The natural logarithm of a positive number.
package func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// `e^value`.
package func exponential(_ value: Double) -> Double { exp(value) }

/// `base^exponent` for a base that is not negative.
package func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
