public import Measurements
public import Statistics

/// Which failures are tried again, how often, and after what wait.
public struct RetryPolicy: Sendable, Hashable {
    /// The first included; 1 never tries again.
    public var maximumAttempts: Int
    /// The longest wait after the first failure; doubles with each.
    public var base: Nanoseconds
    /// The longest wait of all, also where a server asks for more: who would have to wait longer gives up.
    public var longest: Nanoseconds
    /// Of HTTP.
    public var statuses: Set<Int>
    /// Types of errors that come without a status.
    public var errors: Set<String>

    public init(
        maximumAttempts: Int = 1, base: Nanoseconds = Nanoseconds(milliseconds: 500), longest: Nanoseconds = Nanoseconds(seconds: 60),
        statuses: Set<Int> = [408, 409, 425, 429, 500, 502, 503, 504, 529],
        errors: Set<String> = ["unreachable", "disconnected", "overloaded_error", "rate_limit_error"]
    ) {
        self.maximumAttempts = maximumAttempts
        self.base = base
        self.longest = longest
        self.statuses = statuses
        self.errors = errors
    }

    public static let never = RetryPolicy()

    /// The wait before the next attempt; `nil` where there is none.
    ///
    /// Evenly distributed between nothing and the doubled base ("full jitter"), and never less than the server asked for.
    /// Source: M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
    /// - Parameter attempts: Made so far, at least 1.
    /// - Parameter retryAfter: What the server asked for.
    public func wait(
        after error: InferenceError, attempts: Int, retryAfter: Nanoseconds?, _ generator: inout SplitMix64
    ) -> Nanoseconds? {
        guard attempts < maximumAttempts, isWorthwhile(error) else { return nil }
        let ceiling = min(base.seconds * power(2, Double(attempts - 1)), longest.seconds)
        let jittered = Nanoseconds(seconds: ceiling * generator.uniform())
        guard let retryAfter else { return jittered }
        return retryAfter > longest ? nil : max(retryAfter, jittered)
    }

    private func isWorthwhile(_ error: InferenceError) -> Bool {
        error.code.map(statuses.contains) == true || errors.contains(error.type)
    }
}
