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
    /// Gaps with Weibull's distribution of this shape: in bursts below 1.
    case weibull(shape: Double)
}

extension ArrivalProcess {
    /// From one arrival to the next where one comes a second, in the mean.
    func nextGap(_ draws: inout NormalDraws) -> Double {
        switch self {
        case .constant: return 1
        case .poisson: return -naturalLogarithm(draws.unit())
        case .gamma(let variation):
            guard variation > 0 else { return 1 }
            let shape = 1 / (variation * variation)
            return draws.nextGamma(shape: shape) / shape
        case .weibull(let shape): return power(-naturalLogarithm(draws.unit()), 1 / shape) / gammaFunction(of: 1 + 1 / shape)
        }
    }
}

/// Requests to come, in order of arrival: a seeded open-loop load, which waits for no answer.
///
/// A process of rate 1 is stretched in time so that the expected number of arrivals follows the shape, with bursts that keep their size.
public struct Arrivals: Sequence, IteratorProtocol, Sendable {
    private let shape: LoadShape
    private let process: ArrivalProcess
    private let requestLengths: RequestLengths
    private let outputDrift: LengthDrift?
    private var gaps: NormalDraws
    private var lengths: NormalDraws
    private var expected = 0.0
    private var moment = 0.0
    private var count = 0

    /// - Parameter outputDrift: Answers that grow longer or shorter, so that as many requests are another load.
    public init(
        shape: LoadShape, process: ArrivalProcess = .poisson, inputs: TokenLengths, outputs: TokenLengths, outputDrift: LengthDrift? = nil,
        seed: UInt64
    ) {
        self.init(shape, process, .independent(inputs: inputs, outputs: outputs), outputDrift, seed)
    }

    /// With the lengths of recorded requests, of which there is at least one: prompt and answer of one belong together.
    public init(
        shape: LoadShape, process: ArrivalProcess = .poisson, lengthsLike trace: RequestTrace, outputDrift: LengthDrift? = nil, seed: UInt64
    ) {
        precondition(!trace.requests.isEmpty, "an empty trace has no lengths")
        self.init(shape, process, .pairs(trace.requests.map { ($0.inputTokens, $0.outputTokens) }), outputDrift, seed)
    }

    private init(
        _ shape: LoadShape, _ process: ArrivalProcess, _ requestLengths: RequestLengths, _ outputDrift: LengthDrift?, _ seed: UInt64
    ) {
        self.shape = shape
        self.process = process
        self.requestLengths = requestLengths
        self.outputDrift = outputDrift
        var seeds = SplitMix64(seed: seed)
        gaps = NormalDraws(SplitMix64(seed: seeds.next()))
        lengths = NormalDraws(SplitMix64(seed: seeds.next()))
    }

    /// `nil` where none ever comes again.
    public mutating func next() -> SimulatedRequest? {
        expected += process.nextGap(&gaps)
        guard let arrival = shape.moment(expecting: expected, after: moment) else { return nil }
        moment = Swift.max(moment, arrival)
        defer { count += 1 }
        let drawn = requestLengths.next(&lengths)
        let outputTokens = Double(drawn.output) * (outputDrift?.factor(at: moment) ?? 1)
        return SimulatedRequest(
            id: count, arrival: Nanoseconds(seconds: moment), inputTokens: Swift.max(1, drawn.input),
            outputTokens: Swift.max(1, Int(outputTokens.rounded())))
    }

    /// All that arrive before a time, as a trace of that length.
    public mutating func trace(before end: Nanoseconds) -> RequestTrace { RequestTrace(requests(before: end), span: end) }

    /// All that arrive before a time.
    /// - Parameter isCancelled: Asked every 4 096 requests; once it says so the rest is left out.
    public mutating func requests(before end: Nanoseconds, unless isCancelled: () -> Bool = { false }) -> [SimulatedRequest] {
        var requests: [SimulatedRequest] = []
        while let request = next(), request.arrival < end {
            if requests.count % 4_096 == 0, isCancelled() { break }
            requests.append(request)
        }
        return requests
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
            let accepted = naturalLogarithm(unit()) < normal * normal / 2 + reduced - reduced * cube + reduced * naturalLogarithm(cube)
            if accepted { return reduced * cube }
        }
    }
}
