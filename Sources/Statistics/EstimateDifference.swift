/// How two estimates with intervals of their own differ: the difference, its interval, and how surprising it would be were there none.
///
/// The interval is put together from the two (method of variance estimates recovery): its lower end is as far from the difference as the
/// root of the sum of squares of the lower distance of the one and the upper distance of the other. It takes intervals that are not
/// symmetric, such as those of percentiles, rates and shares, and needs nothing but figures that documents hold.
///
/// Sources: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693-1702; R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890
/// (shares); A. Donner and G. Y. Zou, Statistical Methods in Medical Research 21 (2012) 347-359 (ratios, by logarithms).
public struct EstimateDifference: Sendable, Hashable, Codable {
    public var difference: Double
    public var interval: ConfidenceInterval
    /// Two-sided: one less the confidence of the interval that just excludes 0, by the normal distribution.
    public var p: Double

    /// The second less the first.
    public init(from first: Double, _ firstInterval: ConfidenceInterval, to second: Double, _ secondInterval: ConfidenceInterval) {
        difference = second - first
        let below = Self.root(second - secondInterval.lower, firstInterval.upper - first)
        let above = Self.root(secondInterval.upper - second, first - firstInterval.lower)
        interval = ConfidenceInterval(lower: difference - below, upper: difference + above, confidence: firstInterval.confidence)
        let margin = difference > 0 ? below : above
        let z = standardNormalQuantile(0.5 + firstInterval.confidence / 2)
        if difference == 0 {
            p = 1
        } else {
            p = margin > 0 ? min(1, 2 * standardNormalCumulative(-z * abs(difference) / margin)) : 0
        }
    }

    /// The second over the first, both positive with positive lower ends: difference and interval are of the natural logarithm.
    public static func ofLogarithms(
        from first: Double, _ firstInterval: ConfidenceInterval, to second: Double, _ secondInterval: ConfidenceInterval
    ) -> EstimateDifference? {
        guard first > 0, second > 0, firstInterval.lower > 0, secondInterval.lower > 0 else { return nil }
        return EstimateDifference(
            from: naturalLogarithm(first), firstInterval.logarithm, to: naturalLogarithm(second), secondInterval.logarithm)
    }

    /// Difference and interval as factors, where they are of logarithms.
    public var factors: (ratio: Double, interval: ConfidenceInterval) {
        let ends = ConfidenceInterval(
            lower: exponential(interval.lower), upper: exponential(interval.upper), confidence: interval.confidence)
        return (exponential(difference), ends)
    }

    private static func root(_ a: Double, _ b: Double) -> Double {
        let (a, b) = (max(0, a), max(0, b))
        return (a * a + b * b).squareRoot()
    }
}

extension ConfidenceInterval {
    fileprivate var logarithm: ConfidenceInterval {
        ConfidenceInterval(lower: naturalLogarithm(lower), upper: naturalLogarithm(upper), confidence: confidence)
    }
}
