import Statistics

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

extension SplitMix64 {
    /// Exponential with mean 1.
    mutating func exponential() -> Double { -log(1 - uniform()) }

    /// Standard normal.
    ///
    /// Source: G. E. P. Box, M. E. Muller, Annals of Mathematical Statistics 29 (1958) 610-611.
    mutating func normal() -> Double { (2 * exponential()).squareRoot() * cos(2 * Double.pi * uniform()) }

    /// Gamma with a shape, and with mean 1.
    ///
    /// Source: G. Marsaglia, W. W. Tsang, ACM Transactions on Mathematical Software 26 (2000) 363-372, doi:10.1145/358407.358414.
    mutating func gamma(shape: Double) -> Double {
        if shape < 1 { return gamma(shape: shape + 1) * (shape + 1) / shape * pow(1 - uniform(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            guard v > 0 else { continue }
            if log(1 - uniform()) < x * x / 2 + d - d * v + d * log(v) { return d * v / shape }
        }
    }
}
