import Statistics

/// Least squares with a weight for every row and a penalty for every coefficient.
///
/// Minimizes `Σ vᵢ (yᵢ − xᵢ'β)² + Σ Rⱼ (βⱼ − pⱼ/Rⱼ)²`. Where a penalty is `s² / σ²`, the solution is the mean of the posterior whose prior has the
/// deviation σ and the mean p/R (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, §3.3).
struct WeightedRidge {
    let width: Int
    let rows: Int
    private let design: [Double]
    private let response: [Double]
    private let weights: [Double]
    private let normal: [Double]
    private let moments: [Double]

    /// - Parameters:
    ///   - design: By rows, `response.count * width` numbers.
    ///   - weights: Not negative, one a row.
    init(design: [Double], width: Int, response: [Double], weights: [Double]) {
        precondition(
            design.count == response.count * width && weights.count == response.count,
            "\(design.count) numbers, \(response.count) responses and \(weights.count) weights are no regression of width \(width)")
        self.design = design
        self.width = width
        self.response = response
        self.weights = weights
        rows = response.count
        var normal = [Double](repeating: 0, count: width * width)
        var moments = [Double](repeating: 0, count: width)
        for row in 0..<rows {
            Self.addOuterProduct(design, at: row * width, width: width, times: weights[row], to: &normal)
            let product = weights[row] * response[row]
            for i in 0..<width { moments[i] += product * design[row * width + i] }
        }
        Self.mirror(&normal, width: width)
        self.normal = normal
        self.moments = moments
    }

    /// - Parameters:
    ///   - penalties: Above 0 for every coefficient the rows do not determine.
    ///   - pulls: Penalty times what each coefficient is drawn to; to 0 unless told.
    /// - Returns: `nil` where the system has no unique solution.
    func solve(penalties: [Double], pulls: [Double]? = nil) -> RidgeSolution? {
        var matrix = normal
        for i in 0..<width { matrix[i * width + i] += penalties[i] }
        guard let factor = CholeskyFactor(matrix, width: width) else { return nil }
        let coefficients = factor.solve(pulls.map { zip(moments, $0).map(+) } ?? moments)
        let inverse = factor.inverse()
        // tr(A⁻¹ X'VX): how many coefficients the rows, not the penalties, have decided.
        var trace = 0.0
        for index in 0..<width * width { trace += inverse[index] * normal[index] }
        var squares = 0.0
        var residuals = [Double](repeating: 0, count: rows)
        for row in 0..<rows {
            var fitted = 0.0
            for i in 0..<width { fitted += design[row * width + i] * coefficients[i] }
            let residual = response[row] - fitted
            residuals[row] = residual
            squares += weights[row] * residual * residual
        }
        let freedom = max(1, Double(rows) - trace)
        return RidgeSolution(
            coefficients: coefficients, inverse: inverse, residuals: residuals, degreesOfFreedom: freedom,
            variance: squares / freedom)
    }

    /// `A⁻¹ X' diag(v e / (1 − h))² X A⁻¹`, which holds whatever the variances of the rows are.
    ///
    /// Source: J. G. MacKinnon, H. White, Journal of Econometrics 29 (1985) 305-325 (HC3); leverages are clipped at 0.75.
    func sandwich(_ solution: RidgeSolution) -> [Double] {
        var meat = [Double](repeating: 0, count: width * width)
        for row in 0..<rows {
            let leverage = min(Self.largestLeverage, weights[row] * quadraticForm(solution.inverse, row))
            let influence = weights[row] * solution.residuals[row] / (1 - leverage)
            Self.addOuterProduct(design, at: row * width, width: width, times: influence * influence, to: &meat)
        }
        Self.mirror(&meat, width: width)
        return product(product(solution.inverse, meat), solution.inverse)
    }

    static let largestLeverage = 0.75

    /// `x' M x` of a row, for a symmetric matrix.
    private func quadraticForm(_ matrix: [Double], _ row: Int) -> Double {
        let start = row * width
        var sum = 0.0
        for i in 0..<width {
            let value = design[start + i]
            // Most of a row is the other actions, which were not taken.
            if value == 0 { continue }
            var inner = 0.5 * matrix[i * width + i] * value
            for j in 0..<i { inner += matrix[i * width + j] * design[start + j] }
            sum += 2 * value * inner
        }
        return sum
    }

    private func product(_ left: [Double], _ right: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: width * width)
        for i in 0..<width {
            for k in 0..<width {
                let factor = left[i * width + k]
                for j in 0..<width { result[i * width + j] += factor * right[k * width + j] }
            }
        }
        return result
    }

    /// The lower half only; ``mirror(_:width:)`` completes it.
    private static func addOuterProduct(_ design: [Double], at start: Int, width: Int, times factor: Double, to matrix: inout [Double]) {
        for i in 0..<width {
            let value = factor * design[start + i]
            if value == 0 { continue }
            for j in 0...i { matrix[i * width + j] += value * design[start + j] }
        }
    }

    private static func mirror(_ matrix: inout [Double], width: Int) {
        for i in 0..<width { for j in 0..<i { matrix[j * width + i] = matrix[i * width + j] } }
    }
}

/// What a ``WeightedRidge`` found.
struct RidgeSolution {
    let coefficients: [Double]
    /// `(X'VX + R)⁻¹` by rows.
    let inverse: [Double]
    let residuals: [Double]
    /// Rows less the coefficients they have decided, at least 1.
    let degreesOfFreedom: Double
    /// Of a row of weight 1.
    let variance: Double
}
