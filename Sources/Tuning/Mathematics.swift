import Measurements

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// The natural logarithm of a positive number.
func logarithm(of value: Double) -> Double { log(value) }

/// The exponential function.
func exponential(of value: Double) -> Double { exp(value) }

/// What is left of something after an age, `2^(−age / halfLife)`; all of it before its time.
func halving(after age: Nanoseconds, halfLife: Nanoseconds) -> Double {
    exp2(-max(0, age.seconds) / halfLife.seconds)
}

/// The lower triangle L with `L Lᵀ = A` of a symmetric positive definite matrix, row by row.
struct Cholesky {
    private var rows: [[Double]]

    /// - Returns: `nil` where the matrix is not positive definite, or not finite.
    init?(_ matrix: [[Double]]) {
        rows = matrix
        for row in matrix.indices {
            for column in 0...row {
                var sum = matrix[row][column]
                for inner in 0..<column { sum -= rows[row][inner] * rows[column][inner] }
                if row == column {
                    guard sum > 0, sum.isFinite else { return nil }
                    rows[row][row] = sum.squareRoot()
                } else {
                    rows[row][column] = sum / rows[column][column]
                }
            }
        }
    }

    /// `L⁻¹ b`.
    func forward(_ right: [Double]) -> [Double] {
        var solution = right
        for row in right.indices {
            for inner in 0..<row { solution[row] -= rows[row][inner] * solution[inner] }
            solution[row] /= rows[row][row]
        }
        return solution
    }
}
