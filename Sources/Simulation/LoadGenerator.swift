import Measurements
import Statistics

/// A seeded schedule of requests without end: when each comes, and how long its prompt and answer are.
public struct LoadGenerator: Sendable, IteratorProtocol {
    /// How requests follow one another.
    public enum Arrivals: Sendable, Hashable, Codable {
        /// At even distances.
        case constant(perSecond: Double)
        /// Independently of one another.
        case poisson(perSecond: Double)

        /// Requests a second; above 0 and finite.
        public var rate: Double {
            switch self {
            case .constant(let rate), .poisson(let rate): rate
            }
        }
    }

    public let arrivals: Arrivals
    public let promptTokens: ClosedRange<Int>
    public let outputTokens: ClosedRange<Int>
    private var generator: SplitMix64
    private var time = 0.0
    private var count = 0

    /// - Parameters:
    ///   - promptTokens: Lengths are spread evenly over this range; at least 1.
    ///   - outputTokens: The same.
    public init(arrivals: Arrivals, promptTokens: ClosedRange<Int>, outputTokens: ClosedRange<Int>, seed: UInt64) {
        precondition(arrivals.rate > 0 && arrivals.rate.isFinite, "a rate of requests is above 0, not \(arrivals.rate)")
        precondition(promptTokens.lowerBound > 0 && outputTokens.lowerBound > 0, "prompts and answers have at least one token")
        self.arrivals = arrivals
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        generator = SplitMix64(seed: seed)
    }

    /// The next request; there always is one.
    public mutating func next() -> SimulatedRequest? {
        switch arrivals {
        case .constant(let rate): time += 1 / rate
        case .poisson(let rate): time += generator.exponential() / rate
        }
        defer { count += 1 }
        return SimulatedRequest(
            id: count, arrival: Nanoseconds(seconds: time), promptTokens: Int.random(in: promptTokens, using: &generator),
            outputTokens: Int.random(in: outputTokens, using: &generator))
    }
}
