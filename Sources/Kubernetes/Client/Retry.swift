import Measurements

/// When a request may be sent again, and after how long.
enum Retry {
    /// The longest wait a `Retry-After` is followed for.
    static let longestWait: Duration = .seconds(30)

    /// Whether sending it again cannot do anything twice, and may do better.
    static func isSafe(_ asked: AskedRequest, after error: KubernetesError) -> Bool {
        guard !error.mayHaveBeenCarriedOut else { return false }
        return switch error.kind {
        // A disruption budget does not change in seconds.
        case .tooManyRequests(_, let throttle): throttle != .disruptionBudget
        case .unreachable: true
        case .timeout, .serverError(retryable: true): !asked.isWrite
        default: false
        }
    }

    /// What the server asks for and up to a tenth more, or 0.2 s, 0.4 s, 0.8 s… by the attempt, from half of it upwards.
    static func wait(after error: KubernetesError, attempt: Int, jitter: inout SeededJitter) -> Duration {
        if case .tooManyRequests(let asked?, _) = error.kind {
            return min(asked, longestWait) + jitter.fraction(of: max(asked / 10, .milliseconds(100)))
        }
        let full = backoff(attempt, base: .milliseconds(200))
        return full / 2 + jitter.fraction(of: full / 2)
    }

    /// Doubles with each attempt, up to ``longestWait``.
    static func backoff(_ attempt: Int, base: Duration) -> Duration { min(base * (1 << min(max(attempt - 1, 0), 20)), longestWait) }
}

/// Spreads waits, the same way for the same seed.
struct SeededJitter: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Evenly between nothing and the whole.
    mutating func fraction(of whole: Duration) -> Duration { .seconds(fractional: whole.inSeconds * next()) }

    /// Evenly in `0..<1`. Source: SplitMix64, G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014, doi:10.1145/2660193.2660195.
    private mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
    }
}
