import Statistics

/// How many tokens prompts or answers have.
public enum TokenLengths: Sendable, Codable, Hashable {
    case constant(Int)
    case uniform(min: Int, max: Int)
    /// Around a median, with the standard deviation of the logarithm, held within bounds.
    case lognormal(median: Double, deviation: Double, min: Int, max: Int)
    /// One of those listed, each as likely.
    case observed([Int])
    /// Along a distribution known at some points, straight in between; beyond the outermost points as at them.
    case quantiles([QuantilePoint])

    func next(_ draws: inout NormalDraws) -> Int {
        switch self {
        case .constant(let length): return length
        case .uniform(let low, let high): return low + Int(Double(high - low + 1) * (1 - draws.unit()))
        case .lognormal(let median, let deviation, let low, let high):
            return min(max(Int((median * exponential(deviation * draws.next())).rounded()), low), high)
        case .observed(let lengths): return lengths[Int(Double(lengths.count) * (1 - draws.unit()))]
        case .quantiles(let points): return QuantilePoint.length(of: points, at: draws.unit())
        }
    }
}

/// A point of a distribution of lengths.
public struct QuantilePoint: Sendable, Codable, Hashable {
    /// `0...1`, rising from point to point.
    public var share: Double
    /// Tokens that so large a share does not exceed.
    public var tokens: Double

    public init(share: Double, tokens: Double) {
        self.share = share
        self.tokens = tokens
    }

    static func length(of points: [QuantilePoint], at share: Double) -> Int {
        guard let after = points.firstIndex(where: { $0.share >= share }) else { return Int(points.last?.tokens.rounded() ?? 1) }
        guard after > 0 else { return Int(points[0].tokens.rounded()) }
        let (low, high) = (points[after - 1], points[after])
        return Int((low.tokens + (high.tokens - low.tokens) * (share - low.share) / (high.share - low.share)).rounded())
    }
}

/// Lengths that change slowly: a factor on them that goes along a line from 1 to another value and stays there.
public struct LengthDrift: Sendable, Codable, Hashable {
    public var factor: Double
    public var fromSecond: Double
    public var toSecond: Double

    public init(factor: Double, fromSecond: Double, toSecond: Double) {
        self.factor = factor
        self.fromSecond = fromSecond
        self.toSecond = toSecond
    }

    func factor(at second: Double) -> Double {
        guard second > fromSecond else { return 1 }
        return second >= toSecond ? factor : 1 + (factor - 1) * (second - fromSecond) / (toSecond - fromSecond)
    }
}

/// The lengths of requests: drawn each for itself, or in the pairs that were seen.
enum RequestLengths: Sendable {
    case independent(inputs: TokenLengths, outputs: TokenLengths)
    case pairs([(input: Int, output: Int)])

    func next(_ draws: inout NormalDraws) -> (input: Int, output: Int) {
        switch self {
        case .independent(let inputs, let outputs): return (inputs.next(&draws), outputs.next(&draws))
        case .pairs(let pairs): return pairs[Int(Double(pairs.count) * (1 - draws.unit()))]
        }
    }
}
