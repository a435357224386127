import Statistics

/// The shift of a mean after a change, from AR(1)-whitened residuals, with bounds that hold at every look together.
///
/// Whitening: with lag-1 correlation φ and k blocks since the last used one, `w = (r_t − φᵏ r_{t−k}) / (1 − φᵏ)` has the mean of r, and its
/// terms are independent; gaps need no filling. The bound is that of a ``ConfidenceSequence``, with the uncertainty of the fit added in
/// quadrature.
struct MeanShift {
    let regression: LoadRegression
    /// Number of blocks for which the bound is tightest.
    let tightestAfter: Double
    private(set) var used = 0
    private(set) var requests = 0
    private var last: (index: Int, residual: Double)?
    private var whitened = RunningMoments()
    private var regressors: [Double]

    init(regression: LoadRegression, tightestAfter: Double) {
        self.regression = regression
        self.tightestAfter = tightestAfter
        regressors = [Double](repeating: 0, count: regression.row(0).count)
    }

    /// - Returns: Whether the block counts; the first one only gives the next its predecessor.
    mutating func record(index: Int, predictor: Double, outcome: Double, requests count: Int) -> Bool {
        let row = regression.row(predictor)
        let residual = outcome - regression.expected(row)
        defer { last = (index, residual) }
        guard let last, index > last.index else { return false }
        let memory = power(regression.autocorrelation, Double(index - last.index))
        whitened.record((residual - memory * last.residual) / (1 - memory))
        for position in row.indices { regressors[position] += row[position] }
        used += 1
        requests += count
        return true
    }

    var estimate: Double { whitened.mean }

    /// Standard deviation of the estimate at this moment; `nil` below two blocks.
    var deviation: Double? {
        guard used >= 2 else { return nil }
        return (variance / Double(used) + fitVariance).squareRoot()
    }

    /// Distance from the estimate to either bound, each missed with probability at most `alpha` at any look; `nil` below two blocks.
    func halfWidth(alpha: Double) -> Double? {
        guard used >= 2 else { return nil }
        let distance = ConfidenceSequence(alpha: alpha, tightestAfter: tightestAfter).distance(after: used)
        let ofFit = ConfidenceSequence.quantileOfBefore
        return (variance * distance * distance + ofFit * ofFit * fitVariance).squareRoot()
    }

    /// Of one whitened residual: what was seen before, or after where that is more.
    private var variance: Double { max(regression.longRunVariance, whitened.sampleVariance ?? 0) }

    /// Of the expected mean, from the blocks before being finitely many.
    private var fitVariance: Double {
        regression.leverage(regressors.map { $0 / Double(used) }) * regression.longRunVariance
    }
}
