#if canImport(Glibc)
    private import Glibc
#elseif canImport(Darwin)
    private import Darwin
#endif

/// How wide the logarithms of a forecast's errors are spread: one number, learned from all errors, where the quantiles of as many errors
/// would rest on the few largest.
struct ErrorSpread: Sendable, Codable, Hashable {
    /// An error so long ago counts for 1/e; seconds.
    private let memory: Double
    private var square = 0.0
    /// Of all that was seen, `0...1`.
    private var weight = 0.0

    /// - Parameter memory: Taken to be 1 s at least.
    init(memory: Double) { self.memory = max(1, memory) }

    /// What a forecast of a calm service misses by, before any was judged, and the seconds of errors that this thought is worth.
    private static let prior = (deviation: 0.18, seconds: 600.0)

    /// Root of the mean square.
    var deviation: Double {
        let doubt = Self.prior.seconds / max(1, memory)
        return (max(0, square + doubt * Self.prior.deviation * Self.prior.deviation) / max(weight + doubt, doubt)).squareRoot()
    }

    /// - Parameter seconds: For which the error stands.
    mutating func add(_ error: Double, seconds: Double) {
        let share = min(1, seconds / max(1, memory))
        square += share * (error * error - square)
        weight += share * (1 - weight)
    }
}

/// What standardised errors are like: Student's t with 6 degrees of freedom, for demand jumps more often than a normal distribution has it.
enum ErrorShape {
    /// Errors in deviations, and weights that add up to 1.
    static let nodes: [(error: Double, weight: Double)] = {
        let freedom = 6.0
        let scale = (freedom / (freedom - 2)).squareRoot()
        let errors = stride(from: -3.0, through: 6, by: 0.25).map { $0 }
        let densities = errors.map { pow(1 + $0 * scale * $0 * scale / freedom, -(freedom + 1) / 2) }
        let sum = densities.reduce(0, +)
        return zip(errors, densities).map { ($0, $1 / sum) }
    }()
}
