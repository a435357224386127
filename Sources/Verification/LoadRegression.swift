import Statistics

/// The latency a load led to before the change, by least squares of the log latency on `1, z, z²`, z being the standardised log latency
/// that the load model predicts.
///
/// The regression takes from the model only how latency moves with load; a model that is wrong in scale is put right by the intercept, one
/// that is wrong in steepness by the slope.
struct LoadRegression {
    /// One usable block.
    struct Point {
        /// Position in time, in blocks.
        var index: Int
        /// Log of the predicted latency.
        var predictor: Double
        /// Mean log of the measured latency.
        var outcome: Double
    }

    let terms: MetricFinding.LoadFit.Terms
    /// Correlation of neighbouring residuals, `0...0.9`.
    let autocorrelation: Double
    /// Of the innovations `r_t − φ r_{t−1}`.
    let innovationVariance: Double
    let residualDeviation: Double
    /// Predictors between which the fit is trusted.
    let support: ClosedRange<Double>

    private let center: Double
    private let scale: Double
    private let coefficients: [Double]
    private let factor: CholeskyFactor

    /// Fits fewer terms to fewer points: a constant below 8 or where the load never varied, a line below 20.
    init?(_ points: [Point]) {
        guard points.count >= 2 else { return nil }
        let count = Double(points.count)
        let center = points.reduce(0) { $0 + $1.predictor } / count
        let scale = (points.reduce(0) { $0 + ($1.predictor - center) * ($1.predictor - center) } / count).squareRoot()
        let terms: MetricFinding.LoadFit.Terms =
            points.count < 8 || scale < 1e-3 ? .constant : points.count < 20 ? .linear : .quadratic
        let rows = points.map { Self.row($0.predictor, terms, center, scale) }
        let width = rows[0].count
        var normal = [Double](repeating: 0, count: width * width)
        var moments = [Double](repeating: 0, count: width)
        for (row, point) in zip(rows, points) {
            for i in 0..<width {
                moments[i] += row[i] * point.outcome
                for j in 0..<width { normal[i * width + j] += row[i] * row[j] }
            }
        }
        // A ridge far below what data can tell, so that two loads and nothing between still give a solution.
        for i in 1..<max(1, width) { normal[i * width + i] += 1e-6 * count }
        guard let factor = CholeskyFactor(normal, width: width) else { return nil }
        let coefficients = factor.solve(moments)
        let residuals = zip(rows, points).map { row, point in point.outcome - zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 } }
        let noise = ResidualNoise(residuals, indices: points.map(\.index), terms: width)

        let low = points.lazy.map(\.predictor).min() ?? center
        let high = points.lazy.map(\.predictor).max() ?? center
        let slack = max(Self.supportSlack * (high - low), Self.minimumSlack)
        support = low - slack...high + slack
        self.terms = terms
        self.center = center
        self.scale = scale
        self.coefficients = coefficients
        self.factor = factor
        autocorrelation = noise.autocorrelation
        innovationVariance = noise.innovationVariance
        residualDeviation = noise.deviation
    }

    /// How far beyond the loads that were seen the fit is trusted, as a share of their range.
    static let supportSlack = 0.25
    static let minimumSlack = 0.02

    func row(_ predictor: Double) -> [Double] { Self.row(predictor, terms, center, scale) }

    func expected(_ row: [Double]) -> Double { zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 } }

    /// `row' (X'X)⁻¹ row`.
    func leverage(_ row: [Double]) -> Double { zip(row, factor.solve(row)).reduce(0) { $0 + $1.0 * $1.1 } }

    /// Variance of the whitened series, and of a mean of correlated residuals times their number.
    var longRunVariance: Double { innovationVariance / ((1 - autocorrelation) * (1 - autocorrelation)) }

    private static func row(_ predictor: Double, _ terms: MetricFinding.LoadFit.Terms, _ center: Double, _ scale: Double) -> [Double] {
        let z = scale > 0 ? (predictor - center) / scale : 0
        switch terms {
        case .constant: return [1]
        case .linear: return [1, z]
        case .quadratic: return [1, z, z * z - 1]
        }
    }
}

/// Variance and correlation of a regression's residuals.
private struct ResidualNoise {
    let autocorrelation: Double
    let innovationVariance: Double
    let deviation: Double

    /// Blocks do not agree better than to half a percent, however quiet they were.
    private static let varianceFloor = 0.005 * 0.005

    /// - Parameter terms: Coefficients that were fitted.
    init(_ residuals: [Double], indices: [Int], terms: Int) {
        let count = Double(residuals.count)
        let squares = residuals.reduce(0) { $0 + $1 * $1 }
        let neighbours = residuals.indices.dropFirst().filter { indices[$0] - indices[$0 - 1] == 1 }
        let products = neighbours.reduce(0) { $0 + residuals[$1] * residuals[$1 - 1] }
        let raw = squares > 0 && !neighbours.isEmpty ? products / Double(neighbours.count) / (squares / count) : 0
        // Short series look less correlated than they are.
        let autocorrelation = min(0.9, max(0, raw + 1.5 / count))
        let innovations = neighbours.reduce(0) { sum, next in
            let innovation = residuals[next] - autocorrelation * residuals[next - 1]
            return sum + innovation * innovation
        }
        // Divisor of the mean of 1/χ², so that few blocks give a wide interval.
        let usesInnovations = neighbours.count >= 4
        let freedom = Double((usesInnovations ? neighbours.count : residuals.count) - terms - 2)
        innovationVariance = max(Self.varianceFloor, (usesInnovations ? innovations : squares) / max(1, freedom))
        self.autocorrelation = autocorrelation
        deviation = max(Self.varianceFloor, squares / max(1, count - Double(terms))).squareRoot()
    }
}
