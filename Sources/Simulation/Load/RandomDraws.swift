import Statistics

/// Standard normal numbers from a seeded generator.
///
/// Source: G. E. P. Box, M. E. Muller, Ann. Math. Stat. 29 (1958) 610-611, doi:10.1214/aoms/1177706645.
struct NormalDraws: Sendable {
    private var generator: SplitMix64
    private var spare: Double?

    init(_ generator: SplitMix64) { self.generator = generator }

    mutating func next() -> Double {
        if let spare {
            self.spare = nil
            return spare
        }
        let radius = (-2 * naturalLogarithm(generator.unit())).squareRoot()
        let direction = sineAndCosine(of: 2 * Double.pi * generator.unit())
        spare = radius * direction.sine
        return radius * direction.cosine
    }

    mutating func unit() -> Double { generator.unit() }
}

extension SplitMix64 {
    /// A number above 0 and at most 1.
    mutating func unit() -> Double { (Double(next() >> 11) + 1) * 0x1p-53 }
}
