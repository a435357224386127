/// `A = L L'` of a symmetric positive matrix, kept by rows; the cost grows with the cube of its width.
package struct CholeskyFactor: Sendable {
    package let width: Int
    private let lower: [Double]

    /// `nil` where the matrix is not positive or not finite.
    /// - Parameter matrix: By rows, `width * width` numbers, `width` at least 1.
    package init?(_ matrix: [Double], width: Int) {
        precondition(width >= 1 && matrix.count == width * width, "no factor of \(matrix.count) numbers as a matrix of width \(width)")
        var lower = [Double](repeating: 0, count: width * width)
        for column in 0..<width {
            for row in column..<width {
                var sum = matrix[row * width + column]
                for k in 0..<column { sum -= lower[row * width + k] * lower[column * width + k] }
                if row == column {
                    guard sum > 0, sum.isFinite else { return nil }
                    lower[row * width + row] = sum.squareRoot()
                } else {
                    lower[row * width + column] = sum / lower[column * width + column]
                }
            }
        }
        self.width = width
        self.lower = lower
    }

    /// `L⁻¹ b`.
    package func forward(_ right: [Double]) -> [Double] {
        var solution = right
        for row in 0..<width {
            for k in 0..<row { solution[row] -= lower[row * width + k] * solution[k] }
            solution[row] /= lower[row * width + row]
        }
        return solution
    }

    /// `A⁻¹ b`.
    package func solve(_ right: [Double]) -> [Double] {
        var solution = forward(right)
        for row in (0..<width).reversed() {
            for k in row + 1..<max(row + 1, width) { solution[row] -= lower[k * width + row] * solution[k] }
            solution[row] /= lower[row * width + row]
        }
        return solution
    }

    /// `A⁻¹` by rows.
    package func inverse() -> [Double] {
        (0..<width).flatMap { column in
            var unit = [Double](repeating: 0, count: width)
            unit[column] = 1
            return solve(unit)  // Symmetric: a column is a row.
        }
    }
}
