import Statistics

/// What an effect model found.
public struct EffectFit: Sendable {
    /// One an action, in the order of the actions.
    public let effects: [FittedEffect]
    /// Of a row of weight 1, log units squared.
    public let residualVariance: Double
    /// Rows less the coefficients they decided, at least 1; see ``FittedEffect/degreesOfFreedom(ofRows:)``.
    public let degreesOfFreedom: Double
    /// Without those of canaries.
    public let rowCount: Int
    public let holdoutCount: Int
    /// How much of the outcome before is still there after, whatever was done: the fitted slope.
    public let persistence: Double
    /// Mean logarithm of the arrival rate: where ``FittedEffect/excess`` holds; 0 without rows.
    public let meanLoad: Double

    private let coefficients: [Double]
    private let means: CovariateMeans
    private let interactions: [Int?]

    init(
        rows: [EffectRow], prepared: PreparedRows, sums: [ContrastSums], solution: RidgeSolution, variance: Double, covariance: [Double]
    ) {
        let width = prepared.width
        effects = (0..<prepared.actions).map { action in
            let column = PreparedRows.covariates + action
            let weights = rows.indices.filter { rows[$0].action == action }.map { prepared.weights[$0] }
            let sum = weights.reduce(0, +)
            let squares = weights.reduce(0) { $0 + $1 * $1 }
            let canaries = sums[action]
            let predicted = rows.indices.filter { rows[$0].action == action }
                .reduce(0) { $0 + prepared.weights[$1] * rows[$1].predictedEffect }
            // A row of weight 1 has the precision 1 / variance.
            let precision = sum + variance * canaries.precision
            return FittedEffect(
                excess: solution.coefficients[column], variance: covariance[column * width + column],
                predicted: precision > 0 ? (predicted + variance * canaries.predicted) / precision : 0,
                count: weights.count + canaries.count,
                effectiveCount: (squares > 0 ? sum * sum / squares : 0) + canaries.effectiveCount, canaries: canaries.count,
                effectiveCanaries: canaries.effectiveCount,
                canaryShare: min(1, solution.inverse[column * width + column] * variance * canaries.precision),
                slope: prepared.interactions[action].map { slope in
                    LoadSlope(
                        value: solution.coefficients[slope], variance: covariance[slope * width + slope],
                        covariance: covariance[slope * width + column])
                })
        }
        residualVariance = variance
        degreesOfFreedom = solution.degreesOfFreedom
        rowCount = rows.count
        holdoutCount = rows.count { $0.action == nil }
        persistence = solution.coefficients[1]
        meanLoad = prepared.means.load
        coefficients = solution.coefficients
        means = prepared.means
        interactions = prepared.interactions
    }

    /// The residual expected of an episode if it had taken an action; `nil` for nothing.
    func expectedResidual(_ row: EffectRow, taking action: Int?) -> Double {
        var row = row
        row.action = action
        let line = PreparedRows.line(row, means: means, interactions: interactions, width: coefficients.count)
        return zip(line, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
    }
}

/// What an action does beyond what physics says, log units.
public struct FittedEffect: Sendable, Hashable {
    /// At the mean load of the episodes.
    public let excess: Double
    /// Of ``excess``.
    public let variance: Double
    /// Mean effect that physics expected in the action's episodes.
    public let predicted: Double
    public let count: Int
    /// Equally weighted episodes that would be worth as much.
    public let effectiveCount: Double
    /// Canaries among ``count``, and equally weighted ones that would be worth as much.
    public let canaries: Int
    public let effectiveCanaries: Double
    /// Share of what is known of the effect that canaries have shown, in `0...1`.
    public let canaryShare: Double
    /// `nil` while there are too few episodes to tell.
    public let slope: LoadSlope?

    /// The same beside another prediction of physics, e.g. for another load.
    public func predicting(_ predicted: Double) -> FittedEffect {
        FittedEffect(
            excess: excess, variance: variance, predicted: predicted, count: count, effectiveCount: effectiveCount, canaries: canaries,
            effectiveCanaries: effectiveCanaries, canaryShare: canaryShare, slope: slope)
    }

    /// Of ``variance``, whose parts come from rows and from canaries (F. E. Satterthwaite, Biometrics Bulletin 2 (1946) 110-114).
    public func degreesOfFreedom(ofRows rows: Double) -> Double {
        guard effectiveCanaries > 0 else { return rows }
        let (ours, theirs) = (1 - canaryShare, canaryShare)
        return 1 / (ours * ours / rows + theirs * theirs / (ContrastSums.degreesOfFreedom * effectiveCanaries))
    }

    /// Factor on the deviation, where that of what rows have shown is known: how far canaries hold is not learned from rows.
    public func widening(ofRows rows: Double) -> Double {
        ((1 - canaryShare) * rows * rows + canaryShare).squareRoot()
    }

    /// Physics and what was learned beyond it, at the mean load.
    public var total: Double { predicted + excess }

    /// ``total`` with its two-sided interval.
    /// - Parameters:
    ///   - degreesOfFreedom: Of the fit.
    ///   - widening: Factor on the deviation, from how often earlier intervals held.
    public func interval(confidence: Double = 0.9, degreesOfFreedom: Double, widening: Double = 1) -> ClosedRange<Double> {
        let half =
            studentQuantile(0.5 + confidence / 2, degreesOfFreedom: degreesOfFreedom) * variance.squareRoot() * widening
        return total - half...total + half
    }

    /// Probability that the outcome falls, in `0...1`.
    public func probabilityOfFall(degreesOfFreedom: Double, widening: Double = 1) -> Double {
        studentCumulative(-total / (variance.squareRoot() * widening), degreesOfFreedom: degreesOfFreedom)
    }
}

/// How an effect moves with the logarithm of the arrival rate.
public struct LoadSlope: Sendable, Codable, Hashable {
    public let value: Double
    public let variance: Double
    /// With the effect at the mean load.
    public let covariance: Double
}
