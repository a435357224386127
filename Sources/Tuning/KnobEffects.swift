public import Learning
public import Measurements
import Statistics

/// What is known of the effects of configurations: a linear Bayesian model of knob values on the rows of all experiments.
///
/// Kept are the rows and not their sums, so that everything known can be recomputed and read. An observation is a difference between two
/// configurations with the variance `se² / weight`; the posterior is normal, by one Cholesky factor of as many rows and columns as there are
/// experiments.
///
/// Settings that are bad are so without bound, which no normal distribution foresees. An effect beyond two prior deviations counts as two; and a
/// configuration that is worse by more than one tells of itself and those like it, not of how good the one is that it was compared with.
public struct KnobEffects: Sendable, Codable, Hashable {
    public private(set) var grid: TuningGrid
    public private(set) var prior: EffectPrior
    public private(set) var rows: [ExperimentRow] = []

    /// The oldest rows beyond these are forgotten.
    public static let maximumRows = 200
    /// A week-old row counts half.
    static let halfLife = Nanoseconds(seconds: 7 * 86_400)
    static let urgentWeight = 0.25
    static let smallestDeviation = 0.03

    public init(grid: TuningGrid, prior: EffectPrior = .flat) {
        self.grid = grid
        self.prior = prior
    }

    /// Adds what an experiment measured; an effect that is not finite tells nothing and is left out.
    public mutating func record(_ row: ExperimentRow) {
        guard row.effect.logRatio.isFinite, row.effect.deviation.isFinite, row.effect.deviation >= 0 else { return }
        rows.append(row)
        if rows.count > Self.maximumRows { rows.removeFirst(rows.count - Self.maximumRows) }
    }

    /// The same rows over other values.
    func over(_ grid: TuningGrid) -> KnobEffects {
        var copy = self
        copy.grid = grid
        return copy
    }

    /// A new engine or version: what is known stays believed with four times the variance (pitfall P20).
    public mutating func weaken() {
        for index in rows.indices { rows[index].effect.deviation = 2 * max(rows[index].effect.deviation, Self.smallestDeviation) }
    }

    /// The effect of each configuration relative to another one, log ratio of the objective; below zero is better.
    public func effects(of configurations: [Configuration], from incumbent: Configuration, at now: Timestamp) -> [EffectEstimate] {
        let factor = rows.isEmpty ? nil : CholeskyFactor(observationCovariance(at: now), width: rows.count)
        let misses = rows.map { believed($0) - (prior.mean(of: $0.to) - prior.mean(of: $0.from)) }
        let whitenedMisses = factor?.forward(misses) ?? []
        return configurations.map { configuration in
            var mean = prior.mean(of: configuration) - prior.mean(of: incumbent)
            var variance = difference(configuration, incumbent, configuration, incumbent)
            if let factor {
                let gains = factor.forward(rows.map { difference($0.to, counterpart(of: $0), configuration, incumbent) })
                mean += zip(gains, whitenedMisses).reduce(0) { $0 + $1.0 * $1.1 }
                variance -= gains.reduce(0) { $0 + $1 * $1 }
            }
            return EffectEstimate(logRatio: mean, deviation: max(variance, 0).squareRoot())
        }
    }

    /// What was believed of the effect of a configuration relative to another one before any experiment.
    public func priorEffect(of configuration: Configuration, from incumbent: Configuration) -> EffectEstimate {
        EffectEstimate(
            logRatio: prior.mean(of: configuration) - prior.mean(of: incumbent),
            deviation: max(0, difference(configuration, incumbent, configuration, incumbent)).squareRoot())
    }

    /// Covariance of `J(a) − J(b)` and `J(c) − J(d)` before any experiment; `nil` is a constant.
    private func difference(_ a: Configuration, _ b: Configuration?, _ c: Configuration, _ d: Configuration?) -> Double {
        func covariance(_ x: Configuration?, _ y: Configuration?) -> Double {
            guard let x, let y else { return 0 }
            return prior.covariance(x, y, in: grid)
        }
        return covariance(a, c) - covariance(a, d) - covariance(b, c) + covariance(b, d)
    }

    private func believed(_ row: ExperimentRow) -> Double { min(max(row.effect.logRatio, -2 * prior.deviation), 2 * prior.deviation) }

    /// What a row is a difference to; `nil` is a constant.
    private func counterpart(of row: ExperimentRow) -> Configuration? { row.effect.logRatio > prior.deviation ? nil : row.from }

    /// By rows.
    private func observationCovariance(at now: Timestamp) -> [Double] {
        rows.indices.flatMap { row in
            rows.indices.map { column in
                let common = difference(
                    rows[row].to, counterpart(of: rows[row]), rows[column].to, counterpart(of: rows[column]))
                return row == column ? common + noise(of: rows[row], at: now) : common
            }
        }
    }

    private func noise(of row: ExperimentRow, at now: Timestamp) -> Double {
        // What counts as less than was measured is as certain as it was, in relation to its size.
        let share = row.effect.logRatio == 0 ? 1 : believed(row) / row.effect.logRatio
        let deviation = max(row.effect.deviation * share, Self.smallestDeviation)
        let weight = max(1e-6, halving(after: now.since(row.time), halfLife: Self.halfLife) * (row.isUrgent ? Self.urgentWeight : 1))
        return deviation * deviation / weight
    }
}
