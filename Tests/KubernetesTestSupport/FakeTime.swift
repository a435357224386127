import FoundationEssentials

/// A moment, in microseconds since 1970.
public struct FakeTime: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (left: FakeTime, right: FakeTime) -> Bool { left.microseconds < right.microseconds }

    public static var now: FakeTime { FakeTime(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) }

    public func advanced(bySeconds seconds: Int64) -> FakeTime { FakeTime(microseconds: microseconds + seconds * 1_000_000) }

    /// "2026-11-21T03:12:31Z", as `metav1.Time`.
    public var text: String {
        Date(timeIntervalSince1970: Double(microseconds / 1_000_000)).formatted(.iso8601)
    }

    /// "2026-11-21T03:12:31.000001Z", as `metav1.MicroTime`.
    public var microText: String {
        let fraction = "\(microseconds % 1_000_000)"
        return text.dropLast() + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
    }
}
