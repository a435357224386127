/// A measured length of time in whole nanoseconds; small enough to hold a million of, and without the 128-bit arithmetic of `Duration`.
public struct Nanoseconds: Sendable, Hashable, Comparable, Codable {
    public let count: Int64

    public init(_ count: Int64) { self.count = count }

    /// - Parameter seconds: Finite; values beyond 292 years are clamped.
    public init(seconds: Double) {
        let nanoseconds = (seconds * 1e9).rounded()
        count = Int64(min(max(nanoseconds, -9.2e18), 9.2e18))
    }

    /// - Parameter milliseconds: Finite.
    public init(milliseconds: Double) { self.init(seconds: milliseconds / 1_000) }

    public var seconds: Double { Double(count) / 1e9 }
    public var milliseconds: Double { Double(count) / 1e6 }
    public var duration: Duration { .nanoseconds(count) }

    /// In milliseconds as a decimal number without an exponent, exact to the nanosecond: `12.05`.
    public var millisecondsText: String {
        let (whole, rest) = count.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let sign = count < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(whole)" }
        var fraction = String(rest)
        fraction = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        return "\(sign)\(whole).\(fraction)"
    }

    public static func < (left: Nanoseconds, right: Nanoseconds) -> Bool { left.count < right.count }
    public static func + (left: Nanoseconds, right: Nanoseconds) -> Nanoseconds { Nanoseconds(left.count &+ right.count) }
    public static func - (left: Nanoseconds, right: Nanoseconds) -> Nanoseconds { Nanoseconds(left.count &- right.count) }

    public init(from decoder: any Decoder) throws { count = try decoder.singleValueContainer().decode(Int64.self) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }
}

extension Duration {
    /// This duration in seconds, to the precision of a `Double`.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// A duration of finite seconds, to the nanosecond.
    public static func seconds(fractional seconds: Double) -> Duration { Nanoseconds(seconds: seconds).duration }
}
