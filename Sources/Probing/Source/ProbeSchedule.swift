public import Statistics

/// When probes are sent: at a mean rate, spread so that they do not beat against anything periodic in the server.
public struct ProbeSchedule: Sendable {
    /// Requests per second, above zero.
    public let rate: Double
    public let jitter: Jitter
    private var generator: SplitMix64

    public enum Jitter: Sendable, Hashable {
        /// Arrivals of a Poisson process: what is seen is what a random request sees.
        case exponential
        /// Gaps within this share of the mean gap around it; 0 is a metronome, at most 1.
        case uniform(Double)
    }

    public init(rate: Double, jitter: Jitter = .exponential, generator: SplitMix64) {
        precondition(rate > 0 && rate.isFinite, "a rate is a positive number of requests per second, got \(rate)")
        self.rate = rate
        self.jitter = jitter
        self.generator = generator
    }

    /// The wait until the next request; with exponential jitter at most 20 mean gaps, which cuts off one in half a billion.
    public mutating func nextGap() -> Duration {
        let mean = 1 / rate
        switch jitter {
        case .exponential:
            let uniform = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator)
            return .nanoseconds(Int64(min(-naturalLogarithm(uniform), 20) * mean * 1e9))
        case .uniform(let share):
            let share = min(max(share, 0), 1)
            return .nanoseconds(Int64(Double.random(in: (1 - share)...(1 + share), using: &generator) * mean * 1e9))
        }
    }
}
