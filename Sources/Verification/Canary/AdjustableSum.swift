import Statistics

/// A sum of logarithms with what is needed to take from it what the lengths of the requests explain.
public struct AdjustableSum: Sendable, Codable, Hashable {
    public private(set) var count = 0
    public private(set) var sum = 0.0
    /// Sums of log input tokens, log output tokens and log² input tokens.
    public private(set) var lengths = [Double](repeating: 0, count: 3)
    /// Sums of the products of `1, log in, log out, log² in` with each other, the upper triangle row by row, and with the logarithm.
    private(set) var products = [Double](repeating: 0, count: 10)
    private(set) var moments = [Double](repeating: 0, count: 4)

    public init() {}

    public mutating func add(_ logarithm: Double, inputTokens: Int, outputTokens: Int) {
        let input = Statistics.naturalLogarithm(Double(max(1, inputTokens)))
        let output = Statistics.naturalLogarithm(Double(max(1, outputTokens)))
        let squared = input * input
        count += 1
        sum += logarithm
        lengths[0] += input
        lengths[1] += output
        lengths[2] += squared
        var place = 0
        let row = [1, input, output, squared]
        for i in row.indices {
            moments[i] += row[i] * logarithm
            for j in i..<row.count {
                products[place] += row[i] * row[j]
                place += 1
            }
        }
    }

    /// Adds requests of which only the mean is known; nothing is explained by their lengths then.
    public mutating func add(mean: Double, count: Int) {
        self.count += count
        sum += mean * Double(count)
    }

    mutating func add(_ other: AdjustableSum) {
        count += other.count
        sum += other.sum
        for index in lengths.indices { lengths[index] += other.lengths[index] }
        for index in products.indices { products[index] += other.products[index] }
        for index in moments.indices { moments[index] += other.moments[index] }
    }
}

/// What the lengths of a request explain of a latency, by least squares over many requests.
///
/// Source: A. Deng, Y. Xu, R. Kohavi, T. Walker, WSDM 2013, doi:10.1145/2433396.2433413. Lengths may be used as no setting of an engine
/// changes them; a batch or a queue would explain the change's effect away.
struct LengthAdjustment {
    private let slopes: [Double]

    /// - Parameter sums: Of the control group, before the change. Too few requests, or all alike, explain nothing.
    init(_ sums: AdjustableSum) {
        var normal = [Double](repeating: 0, count: 16)
        var place = 0
        for i in 0..<4 {
            for j in i..<4 {
                normal[i * 4 + j] = sums.products[place]
                normal[j * 4 + i] = sums.products[place]
                place += 1
            }
        }
        for i in 1..<4 { normal[i * 4 + i] += Self.ridge * max(1, sums.products[0]) }
        let solution = sums.count >= Self.fewestRequests ? CholeskyFactor(normal, width: 4)?.solve(sums.moments) : nil
        let found = solution.flatMap { $0.allSatisfy(\.isFinite) ? $0 : nil } ?? [0, 0, 0, 0]
        slopes = Array(found[1...])
    }

    private static let fewestRequests = 50
    /// So that prompts all alike still give a solution.
    private static let ridge = 1e-6

    /// The mean of a bucket less what the lengths explain, up to a constant; `nil` for an empty one.
    func mean(of sums: AdjustableSum) -> Double? {
        guard sums.count > 0 else { return nil }
        let explained = zip(slopes, sums.lengths).reduce(0) { $0 + $1.0 * $1.1 }
        return (sums.sum - explained) / Double(sums.count)
    }
}
