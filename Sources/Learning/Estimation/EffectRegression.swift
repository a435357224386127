/// Estimates what actions do beyond what physics says, by inverse-propensity-weighted ridge regression with no-op holdouts.
///
/// `r = β₀ + β₁ (before) + β₂ (load − mean) + β₃ (trend − mean) + Σ δₐ [action = a] + ε`, with r the outcome less the physical model's prediction.
/// Weighted by the inverse of the chance each action had, it holds if either the model or the chances are right (J. M. Robins, A. Rotnitzky,
/// L. P. Zhao, JASA 89 (1994) 846-866). The outcome before enters with a slope that is fitted, so that a trigger's bad luck, which passes by
/// itself, is not taken for an effect; holdouts share the trigger and show how it passes.
///
/// What a canary showed is one more row, `r = δₐ + ε` with a variance that is known: it needs neither level nor covariates. Such rows make the
/// penalty on δₐ harder and draw it to what they showed, and are no part of what is learned of the noise.
public struct EffectRegression: Sendable {
    public var settings: EffectSettings

    public init(settings: EffectSettings = EffectSettings()) { self.settings = settings }

    /// - Parameters:
    ///   - rows: Usable episodes, in any order.
    ///   - actions: How many actions there are; rows name them `0..<actions`.
    ///   - widths: Prior deviation of what physics is wrong by, one an action; ``EffectSettings/priorDeviation`` unless told.
    ///   - weightOf: Factor on a row's weight beside propensity, quality and age, e.g. for what lies before a change point.
    ///   - contrasts: What canaries showed.
    /// - Returns: `nil` without rows and contrasts, or with more actions than a model holds.
    public func fit(
        _ rows: [EffectRow], actions: Int, widths: [Double]? = nil, weightOf: [Double]? = nil, contrasts: [EffectContrast] = []
    ) -> EffectFit? {
        guard !rows.isEmpty || !contrasts.isEmpty,
            let prepared = PreparedRows(rows, actions: actions, settings: settings, factors: weightOf)
        else { return nil }
        let sums = ContrastSums.sums(contrasts, actions: actions, halfLife: settings.halfLife)
        let ridge = WeightedRidge(
            design: prepared.design, width: prepared.width, response: rows.map(\.residual), weights: prepared.weights)
        let widths = widths ?? Array(repeating: settings.priorDeviation, count: actions)
        var variance = prepared.startingVariance(rows)
        var found: RidgeSolution?
        for _ in 0..<settings.iterations {
            guard
                let solution = ridge.solve(
                    penalties: prepared.penalties(variance: variance, widths: widths, sums), pulls: prepared.pulls(variance: variance, sums)
                )
            else { return nil }
            variance = max(settings.smallestVariance, solution.variance)
            found = solution
        }
        guard let found else { return nil }
        let covariance = boundedCovariance(found, variance, ridge.sandwich(found))
        return EffectFit(rows: rows, prepared: prepared, sums: sums, solution: found, variance: variance, covariance: covariance)
    }

    /// The robust variance where it lies between that of the model and four times that: with few rows the sandwich is itself a guess.
    private func boundedCovariance(_ solution: RidgeSolution, _ variance: Double, _ sandwich: [Double]) -> [Double] {
        let width = solution.coefficients.count
        var covariance = solution.inverse.map { $0 * variance }
        // Scaled by rows and columns alike, so that correlations stay and the matrix stays a covariance.
        let scales = (0..<width).map { i in
            let model = covariance[i * width + i]
            guard model > 0 else { return 1.0 }
            return (max(min(sandwich[i * width + i], 4 * model), model) / model).squareRoot()
        }
        for i in 0..<width { for j in 0..<width { covariance[i * width + j] *= scales[i] * scales[j] } }
        return covariance
    }
}

/// How effects are estimated; the defaults are those of the control dossier, §3.16.
public struct EffectSettings: Sendable, Codable, Hashable {
    /// Most that an unlikely action counts for.
    public var largestWeight = 8.0
    /// Days after which an episode counts half.
    public var halfLife = 7.0
    /// Prior deviation of what physics is wrong by, log units.
    public var priorDeviation = 0.15
    public var iterations = 3
    /// Episodes of an action from which on its effect may depend on the load.
    public var interactionCount = 20
    /// Half of the smallest shift of an action's effect that matters, in deviations of an episode, and the sum at which it is believed.
    public var actionSlack = 0.35
    public var actionThreshold = 5.0
    /// Episodes do not agree better than to half a percent.
    public var smallestVariance = 0.005 * 0.005

    public init() {}
}
