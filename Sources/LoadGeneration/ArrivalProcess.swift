public import Measurements
import Statistics

/// When the requests of an open loop come, whether or not earlier ones were answered.
public enum ArrivalProcess: Sendable, Hashable {
    /// Evenly spaced.
    case constant(requestsPerSecond: Double)
    /// Independent of each other: exponential gaps, whose coefficient of variation is 1.
    case poisson(requestsPerSecond: Double)
    /// Gamma gaps. Their coefficient of variation is `1 / √shape`: with a shape below 1 requests come in bursts, 1 is Poisson, and with a
    /// large one they are evenly spaced.
    case gamma(requestsPerSecond: Double, shape: Double)
    /// A rate that goes evenly from one to another in a time, and stays there.
    case ramp(from: Double, to: Double, over: Nanoseconds)
    /// Offsets from the start, in order.
    case trace([Nanoseconds])

    /// Mean requests per second; of a ramp those of its middle, of a trace those over its length.
    public var requestsPerSecond: Double? {
        switch self {
        case .constant(let rate), .poisson(let rate), .gamma(let rate, _): rate
        case .ramp(let start, let end, _): (start + end) / 2
        case .trace(let offsets):
            offsets.last.flatMap { last in
                last.count > 0 && offsets.count > 1 ? Double(offsets.count - 1) / last.seconds : nil
            }
        }
    }

    /// How results name it.
    public var shape: OfferedLoad.Shape {
        switch self {
        case .constant: .constant
        case .poisson: .poisson
        case .gamma: .gamma
        case .ramp: .ramp
        case .trace: .trace
        }
    }

    /// What is wrong with its numbers; `nil` where they can be run.
    public var problem: String? {
        func isRate(_ rate: Double) -> Bool { rate > 0 && rate <= Self.maximumRate }
        switch self {
        case .constant(let rate) where !isRate(rate), .poisson(let rate) where !isRate(rate), .gamma(let rate, _) where !isRate(rate):
            return "a rate lies above 0 and at most at \(Int(Self.maximumRate)) requests a second, got \(rate)"
        case .gamma(_, let shape) where !(0.01...1e6).contains(shape):
            return "the shape of gamma arrivals lies in 0.01...1000000, got \(shape)"
        case .ramp(let start, let end, let length):
            let areRates = start >= 0 && end >= 0 && start <= Self.maximumRate && isRate(max(start, end))
            if !areRates {
                return "a ramp goes between rates of 0...\(Int(Self.maximumRate)) of which one is above 0, got \(start) to \(end)"
            }
            return length.count > 0 ? nil : "a ramp takes some time, got \(length.seconds) s"
        case .trace(let offsets):
            guard let first = offsets.first else { return "a trace holds at least one request, got none" }
            if first.count < 0 { return "a trace starts at 0 or later, got \(first.seconds) s" }
            return zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 } ? nil : "the times of a trace never go back, these do"
        default: return nil
        }
    }

    static let maximumRate = 1e6
}

/// The offsets of an arrival process from its start, in order; endless but for a trace and a ramp to zero.
public struct ArrivalTimes: Sequence, IteratorProtocol, Sendable {
    private let process: ArrivalProcess
    private var generator: SplitMix64
    private var index = 0
    private var elapsed = 0.0

    /// - Parameter process: One without a ``ArrivalProcess/problem``; others trap.
    public init(_ process: ArrivalProcess, seed: UInt64) {
        precondition(process.problem == nil, process.problem ?? "")
        self.process = process
        generator = SplitMix64(seed: seed)
    }

    public mutating func next() -> Nanoseconds? {
        defer { index += 1 }
        switch process {
        case .constant(let rate): return Nanoseconds(seconds: Double(index) / rate)  // A product: sums of gaps would drift.
        case .poisson(let rate): return later(by: generator.exponential() / rate)
        case .gamma(let rate, let shape): return later(by: generator.gamma(shape: shape) / rate)
        case .ramp(let start, let end, let length): return ramp(start, end, length.seconds).map(Nanoseconds.init(seconds:))
        case .trace(let offsets): return index < offsets.count ? offsets[index] : nil
        }
    }

    private mutating func later(by gap: Double) -> Nanoseconds {
        elapsed += gap
        return Nanoseconds(seconds: elapsed)
    }

    /// Where the integral of the rate reaches the number of requests before this one.
    private func ramp(_ start: Double, _ end: Double, _ length: Double) -> Double? {
        let number = Double(index)
        let within = (start + end) / 2 * length
        if number >= within { return end > 0 ? length + (number - within) / end : nil }
        let slope = (end - start) / length
        // Of the two forms of the root this one keeps its digits when the slope is small.
        return 2 * number / (start + (start * start + 2 * slope * number).squareRoot())
    }
}
