#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// `Φ(z)`, the share of a standard normal population at or below `z`.
public func standardNormalCumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

/// The standard normal quantile: the `z` below which a share of the population lies.
///
/// - Parameter share: In `0...1`, both ends excluded; outside is a caller's bug and traps.
public func standardNormalQuantile(_ share: Double) -> Double {
    precondition(share > 0 && share < 1, "a quantile of the normal distribution needs a share inside 0...1, got \(share)")
    return bisect(-40...40) { standardNormalCumulative($0) < share }
}

/// The quantile of Student's t: the value below which a share of the population lies.
///
/// - Parameters:
///   - share: In `0...1`, both ends excluded.
///   - degreesOfFreedom: Greater than zero, not necessarily whole.
public func studentQuantile(_ share: Double, degreesOfFreedom: Double) -> Double {
    precondition(share > 0 && share < 1 && degreesOfFreedom > 0, "no t quantile of \(share) with \(degreesOfFreedom) degrees of freedom")
    if share < 0.5 { return -studentQuantile(1 - share, degreesOfFreedom: degreesOfFreedom) }
    var high = 1.0
    while studentCumulative(high, degreesOfFreedom: degreesOfFreedom) < share, high < 1e12 { high *= 2 }
    return bisect(0...high) { studentCumulative($0, degreesOfFreedom: degreesOfFreedom) < share }
}

/// The share of Student's t at or below a value.
public func studentCumulative(_ t: Double, degreesOfFreedom: Double) -> Double {
    let tail = 0.5 * incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
    return t < 0 ? tail : 1 - tail
}

/// The regularized incomplete beta function `I_x(a, b)`, by its continued fraction.
///
/// Source: W. H. Press et al., Numerical Recipes, 3rd ed. 2007, §6.4 (modified Lentz).
func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast below this point only; beyond it the mirror image is taken.
    return x <= (a + 1) / (a + b + 2) ? betaFraction(x, a, b) : 1 - betaFraction(1 - x, b, a)
}

private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let logarithm: Double = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)
    let front = exp(logarithm) / a
    let tiny = 1e-300
    func nonZero(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...300 {
        let m = Double(step)
        let place = a + 2 * m
        let even: Double = m * (b - m) * x / ((place - 1) * place)
        let odd: Double = -(a + m) * (a + b + m) * x / (place * (place + 1))
        for term in [even, odd] {
            d = 1 / nonZero(1 + term * d)
            c = nonZero(1 + term / c)
            fraction *= d * c
        }
        if abs(d * c - 1) < 1e-15 { break }
    }
    return front * fraction
}

/// The point of a range where a condition that holds at first ceases to hold, to the last bit.
private func bisect(_ range: ClosedRange<Double>, isBelow: (Double) -> Bool) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<200 {
        let middle = low + (high - low) / 2
        if middle == low || middle == high { break }
        if isBelow(middle) { low = middle } else { high = middle }
    }
    return high
}
