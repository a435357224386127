import Statistics

/// What the canaries of one action tell together: the sums of observations of known variance, each as one row that has nothing but the action.
struct ContrastSums {
    /// Deviation of an effect from one canary to the next that no canary sees in its own standard error.
    ///
    /// Each has other replicas: with 3 % between them, and two to a group that come back on other nodes, its level moves by 0.055
    /// (`CanaryTerms.hardwareDeviation`), and it is made under another load. Without it ten canaries would claim what no ten canaries know.
    static let betweenCanaries = 0.055
    /// Degrees of freedom of one canary's standard error: none is judged by fewer buckets (`CanaryTerms.minimumBuckets`).
    static let degreesOfFreedom = 8.0

    private(set) var count = 0
    /// Inverse variance.
    private(set) var precision = 0.0
    /// Of ``EffectContrast/excess``, weighted by precision.
    private(set) var moment = 0.0
    /// Of ``EffectContrast/predictedEffect``, weighted by precision.
    private(set) var predicted = 0.0
    private var squares = 0.0

    /// Equally weighted canaries that would be worth as much.
    var effectiveCount: Double { squares > 0 ? precision * precision / squares : 0 }

    private mutating func add(_ contrast: EffectContrast, halfLife: Double) {
        let variance = contrast.variance + Self.betweenCanaries * Self.betweenCanaries
        let weight = contrast.quality * power(2, -contrast.age / halfLife) / variance
        count += 1
        precision += weight
        moment += weight * contrast.excess
        predicted += weight * contrast.predictedEffect
        squares += weight * weight
    }

    /// - Returns: One an action.
    static func sums(_ contrasts: [EffectContrast], actions: Int, halfLife: Double) -> [ContrastSums] {
        var sums = Array(repeating: ContrastSums(), count: actions)
        for contrast in contrasts { sums[contrast.action].add(contrast, halfLife: halfLife) }
        return sums
    }
}
