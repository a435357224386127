public import Measurements
public import Simulation
import Statistics

/// Where the requests of trials come from: a record, or rates from which each seed draws its own.
public struct TrialLoad: Sendable {
    public var source: Source
    /// Of requests whose source has no lengths.
    public var lengths: Lengths
    /// As many times as many requests; above 0.
    public var scale: Double
    /// Requests from here on are left out.
    public var end: Nanoseconds
    /// Asked every few thousand requests that are made. Once it says so the rest is left out, and what there is is no load.
    public var isCancelled: @Sendable () -> Bool = { false }

    public enum Source: Sendable {
        /// Requests as they came; `clockTick` is what their clock counts in, within which they are spread.
        case recorded(RequestTrace, clockTick: Nanoseconds)
        /// Rates of minutes or more; what happened within a step is drawn, see ``LoadShape/modulated(for:deviation:correlationSeconds:stepSeconds:seed:)``.
        case rates(RateSeries)
        /// Clients with bursts of their own.
        case clients(ClientTraffic)
        /// A shape with bursts around it, and answers that may drift.
        case shape(LoadShape, ArrivalProcess, LengthDrift?)
    }

    public enum Lengths: Sendable {
        /// Pairs of a prompt and an answer, of at least one request.
        case like(RequestTrace)
        case drawn(inputs: TokenLengths, outputs: TokenLengths)
    }

    public init(source: Source, lengths: Lengths, scale: Double = 1, end: Nanoseconds) {
        self.source = source
        self.lengths = lengths
        self.scale = scale
        self.end = end
    }

    /// How long a source lasts; `nil` for shapes, which last for ever.
    public static func span(of source: Source) -> Nanoseconds? {
        switch source {
        // The last request comes at its end, and is one of it.
        case .recorded(let trace, let tick): trace.span + tick + Nanoseconds(1)
        case .rates(let series): Nanoseconds(seconds: series.seconds)
        case .clients(let traffic): Nanoseconds(seconds: traffic.rates.seconds)
        case .shape: nil
        }
    }

    /// How many requests are to be expected; of a record the trial makes at most twice as many on its way.
    public var expectedRequests: Double {
        switch source {
        case .recorded(let trace, _): scale * Double(trace.requests.count { $0.arrival < end })
        case .rates(let series): scale * LoadShape.series(series).expected(by: end.seconds)
        case .clients(let traffic): scale * LoadShape.series(traffic.rates).expected(by: end.seconds)
        case .shape(let shape, _, _): scale * shape.expected(by: end.seconds)
        }
    }

    /// The requests of a seed, in order of arrival.
    public func requests(seed: UInt64) -> [SimulatedRequest] {
        switch source {
        case .recorded(let trace, let tick): return recorded(trace, tick, seed)
        case .rates(let series):
            let drawn = LoadShape.series(series.scaled(by: scale)).modulated(for: end.seconds, seed: seed)
            return arrivals(.series(drawn), .poisson, nil, seed)
        case .clients(let traffic):
            return traffic.scaled(by: scale).trace(before: end, lengthsLike: lengthsTrace(seed), seed: seed, unless: isCancelled).requests
        case .shape(let shape, let process, let drift): return arrivals(shape.scaled(by: scale), process, drift, seed)
        }
    }

    private func arrivals(_ shape: LoadShape, _ process: ArrivalProcess, _ drift: LengthDrift?, _ seed: UInt64) -> [SimulatedRequest] {
        var arrivals =
            switch lengths {
            case .like(let trace): Arrivals(shape: shape, process: process, lengthsLike: trace, outputDrift: drift, seed: seed)
            case .drawn(let inputs, let outputs):
                Arrivals(shape: shape, process: process, inputs: inputs, outputs: outputs, outputDrift: drift, seed: seed)
            }
        return arrivals.requests(before: end, unless: isCancelled)
    }

    /// As many copies as are needed, shifted against each other, and of them as large a part as is asked for: time never runs faster.
    private func recorded(_ trace: RequestTrace, _ tick: Nanoseconds, _ seed: UInt64) -> [SimulatedRequest] {
        // What comes after the end is not copied into the trial either, however long the record is.
        var trace = end < trace.span ? trace.slice(from: Nanoseconds(0), for: end) : trace
        if tick.count > 0 { trace = trace.jittered(within: tick, seed: seed) }
        let copies = max(1, Int(scale.rounded(.up)))
        if copies > 1 { trace = trace.superposed(copies: copies, jitter: Self.copyJitter, seed: seed, unless: isCancelled) }
        let share = scale / Double(copies)
        var draws = SplitMix64(seed: seed ^ 0x94D0_49BB_1331_11EB)
        return trace.requests.filter { request in
            // Drawn for each, so that the end changes nothing before it.
            let isTaken = share >= 1 || draws.uniform() < share
            return isTaken && request.arrival < end
        }
    }

    /// By which copies of a record are blurred.
    private static let copyJitter = Nanoseconds(seconds: 15)

    private func lengthsTrace(_ seed: UInt64) -> RequestTrace {
        switch lengths {
        case .like(let trace): return trace
        case .drawn(let inputs, let outputs):
            var drawn = Arrivals(shape: .constant(rate: 1), process: .constant, inputs: inputs, outputs: outputs, seed: seed)
            return drawn.trace(before: Nanoseconds(seconds: 20_000))
        }
    }
}

extension LoadShape {
    /// All rates multiplied.
    func scaled(by factor: Double) -> LoadShape {
        switch self {
        case .constant(let rate): .constant(rate: rate * factor)
        case .ramp(let from, let to, let seconds): .ramp(from: from * factor, to: to * factor, seconds: seconds)
        case .step(let before, let after, let second): .step(before: before * factor, after: after * factor, atSecond: second)
        case .diurnal(let mean, let amplitude, let period):
            .diurnal(mean: mean * factor, amplitude: amplitude, periodSeconds: period)
        case .spike(let base, let peak, let second, let seconds):
            .spike(base: base * factor, peak: peak * factor, atSecond: second, seconds: seconds)
        case .series(let series): .series(series.scaled(by: factor))
        }
    }
}

extension ScalingTrial {
    /// The smallest fleet that keeps an objective over the first part of the load; the largest allowed where none does.
    ///
    /// - Parameters:
    ///   - target: Share of requests in time, `0...1`.
    ///   - length: Of the part, from the beginning.
    public func smallestFleet(for target: Double, over length: Nanoseconds) -> Int {
        var part = self
        part.end = min(end, length)
        part.warmUp = Nanoseconds(0)
        // What comes at the very end cannot be answered in time and says nothing.
        let last = Nanoseconds(part.end.count / 10 * 9)
        part.requests = Array(requests.prefix { $0.arrival < last })
        return part.bestFixedFleet(attaining: target)?.replicas ?? replicaRange.upperBound
    }
}
