import Transport

/// How long a server asks to be left alone.
enum RetryAfter {
    /// What is asked for beyond it is not believed.
    private static let longest = 86_400.0

    /// From `retry-after-ms` in milliseconds, or `Retry-After` in seconds (RFC 9110 §10.2.3); a date there says nothing to who has
    /// another clock.
    static func read(_ headers: HTTPHeaders) -> Duration? {
        if let milliseconds = headers["retry-after-ms"].flatMap(Double.init) { return duration(milliseconds / 1_000) }
        return headers["retry-after"].flatMap(Double.init).flatMap(duration)
    }

    private static func duration(_ seconds: Double) -> Duration? {
        guard seconds >= 0, seconds <= longest else { return nil }
        return .nanoseconds(Int64(seconds * 1e9))
    }
}
