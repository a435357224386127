public import Measurements
import Statistics

/// How requests follow each other around the rate.
public enum ArrivalProcess: Sendable, Codable, Hashable {
    /// Evenly, as load generators send them.
    case constant
    /// Independently of each other, as of many users.
    case poisson
    /// In bursts, for a coefficient of variation above 1; more evenly than Poisson's below.
    case gamma(variation: Double)
}

/// How many tokens prompts or answers have.
public enum TokenLengths: Sendable, Codable, Hashable {
    case constant(Int)
    case uniform(min: Int, max: Int)
    /// Around a median, with the standard deviation of the logarithm, held within bounds.
    case lognormal(median: Double, deviation: Double, min: Int, max: Int)
    /// One of those listed, each as likely.
    case observed([Int])

    func next(_ draws: inout NormalDraws) -> Int {
        switch self {
        case .constant(let length): return length
        case .uniform(let low, let high): return low + Int(Double(high - low + 1) * (1 - draws.unit()))
        case .lognormal(let median, let deviation, let low, let high):
            return min(max(Int((median * exponential(of: deviation * draws.next())).rounded()), low), high)
        case .observed(let lengths): return lengths[Int(Double(lengths.count) * (1 - draws.unit()))]
        }
    }
}

/// Requests to come, in order of arrival: a seeded open-loop load, which waits for no answer.
///
/// A process of rate 1 is stretched in time so that the expected number of arrivals follows the shape, with bursts that keep their size.
public struct Arrivals: Sequence, IteratorProtocol, Sendable {
    private let shape: LoadShape
    private let process: ArrivalProcess
    private let inputs: TokenLengths
    private let outputs: TokenLengths
    private var gaps: NormalDraws
    private var lengths: NormalDraws
    private var expected = 0.0
    private var moment = 0.0
    private var count = 0

    public init(shape: LoadShape, process: ArrivalProcess = .poisson, inputs: TokenLengths, outputs: TokenLengths, seed: UInt64) {
        self.shape = shape
        self.process = process
        self.inputs = inputs
        self.outputs = outputs
        var seeds = SplitMix64(seed: seed)
        gaps = NormalDraws(SplitMix64(seed: seeds.next()))
        lengths = NormalDraws(SplitMix64(seed: seeds.next()))
    }

    /// `nil` where none ever comes again.
    public mutating func next() -> SimulatedRequest? {
        expected += nextGap()
        guard let arrival = shape.moment(expecting: expected, after: moment) else { return nil }
        moment = Swift.max(moment, arrival)
        defer { count += 1 }
        return SimulatedRequest(
            id: count, arrival: Nanoseconds(seconds: moment), inputTokens: Swift.max(1, inputs.next(&lengths)),
            outputTokens: Swift.max(1, outputs.next(&lengths)))
    }

    /// All that arrive before a time.
    public mutating func requests(before end: Nanoseconds) -> [SimulatedRequest] {
        var requests: [SimulatedRequest] = []
        while let request = next(), request.arrival < end { requests.append(request) }
        return requests
    }

    /// With mean 1.
    private mutating func nextGap() -> Double {
        switch process {
        case .constant: return 1
        case .poisson: return -logarithm(of: gaps.unit())
        case .gamma(let variation):
            let shape = 1 / (variation * variation)
            return gaps.nextGamma(shape: shape) / shape
        }
    }
}

extension NormalDraws {
    /// Source: G. Marsaglia, W. W. Tsang, ACM TOMS 26 (2000) 363-372, doi:10.1145/358407.358414.
    mutating func nextGamma(shape: Double) -> Double {
        guard shape >= 1 else { return nextGamma(shape: shape + 1) * power(unit(), 1 / shape) }
        let reduced = shape - 1.0 / 3
        let scale = 1 / (9 * reduced).squareRoot()
        while true {
            let normal = next()
            let root = 1 + scale * normal
            guard root > 0 else { continue }
            let cube = root * root * root
            let accepted = logarithm(of: unit()) < normal * normal / 2 + reduced - reduced * cube + reduced * logarithm(of: cube)
            if accepted { return reduced * cube }
        }
    }
}
