import Statistics

/// Rows as a design matrix: constant, before, load, trend, one column an action, and load by action where there are enough episodes.
struct PreparedRows {
    static let covariates = 4
    /// Beyond it the cubic cost of a solution is felt, and no effect model of ours is wider.
    static let maximumWidth = 32
    /// Most actions of one model.
    static let maximumActions = maximumWidth - covariates

    let actions: Int
    let width: Int
    let design: [Double]
    /// Mean 1.
    let weights: [Double]
    let means: CovariateMeans
    /// Column of an action's load interaction; `nil` where it has none.
    let interactions: [Int?]

    init?(_ rows: [EffectRow], actions: Int, settings: EffectSettings, factors: [Double]?) {
        guard actions <= Self.maximumActions else { return nil }
        let raw = rows.indices.map { index in
            Self.weight(rows[index], settings) * (factors?[index] ?? 1)
        }
        let total = raw.reduce(0, +)
        guard rows.isEmpty || total > 0, total.isFinite else { return nil }
        let weights = raw.map { $0 * Double(rows.count) / total }
        self.weights = weights
        let means = CovariateMeans(rows, weights: weights)
        self.means = means
        var counts = [Int](repeating: 0, count: actions)
        for row in rows { if let action = row.action { counts[action] += 1 } }
        var next = Self.covariates + actions
        let interactions: [Int?] = counts.map { count in
            guard count >= settings.interactionCount, next < Self.maximumWidth else { return nil }
            defer { next += 1 }
            return next
        }
        self.interactions = interactions
        self.actions = actions
        width = next
        design = rows.flatMap { Self.line($0, means: means, interactions: interactions, width: next) }
    }

    static func weight(_ row: EffectRow, _ settings: EffectSettings) -> Double {
        min(1 / row.propensity, settings.largestWeight) * row.quality * power(2, -row.age / settings.halfLife)
    }

    static func line(_ row: EffectRow, means: CovariateMeans, interactions: [Int?], width: Int) -> [Double] {
        var line = [Double](repeating: 0, count: width)
        line[0] = 1
        line[1] = row.residualBefore - means.before
        line[2] = row.load - means.load
        line[3] = row.trend - means.trend
        if let action = row.action {
            line[covariates + action] = 1
            if let column = interactions[action] { line[column] = row.load - means.load }
        }
        return line
    }

    func penalties(variance: Double, widths: [Double], _ contrasts: [ContrastSums] = []) -> [Double] {
        var penalties = [Double](repeating: 1e-3, count: width)
        penalties[0] = 1e-6
        for action in 0..<actions {
            let penalty = variance / (widths[action] * widths[action])
            penalties[Self.covariates + action] = penalty
            if let column = interactions[action] { penalties[column] = penalty }
        }
        for (action, sums) in contrasts.enumerated() { penalties[Self.covariates + action] += variance * sums.precision }
        return penalties
    }

    func pulls(variance: Double, _ contrasts: [ContrastSums]) -> [Double] {
        var pulls = [Double](repeating: 0, count: width)
        for (action, sums) in contrasts.enumerated() { pulls[Self.covariates + action] = variance * sums.moment }
        return pulls
    }

    /// Of the residuals around their mean: what is known before anything was fitted.
    func startingVariance(_ rows: [EffectRow]) -> Double {
        guard !rows.isEmpty else { return 1e-6 }
        let count = Double(rows.count)
        let mean = zip(rows, weights).reduce(0) { $0 + $1.0.residual * $1.1 } / count
        let squares = zip(rows, weights).reduce(0) { $0 + $1.1 * ($1.0.residual - mean) * ($1.0.residual - mean) }
        return max(1e-6, squares / count)
    }
}

/// Means of what an effect model is told beside the action; its effects are those at these means.
struct CovariateMeans {
    let before: Double
    let load: Double
    let trend: Double

    init(_ rows: [EffectRow], weights: [Double]) {
        let total = max(weights.reduce(0, +), 1e-300)
        func mean(_ value: (EffectRow) -> Double) -> Double { zip(rows, weights).reduce(0) { $0 + value($1.0) * $1.1 } / total }
        before = mean(\.residualBefore)
        load = mean(\.load)
        trend = mean(\.trend)
    }
}
