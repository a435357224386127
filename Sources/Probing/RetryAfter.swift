import FoundationEssentials
import Measurements
import Transport

/// How long a server asks to be left alone.
enum RetryAfter {
    /// What is asked for beyond it is not believed.
    private static let longest = 86_400.0

    /// From `retry-after-ms` in milliseconds, or `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
    ///
    /// A date counts from the answer's own `Date`, since the server's clock need not be ours; without one from our clock.
    static func read(_ headers: HTTPHeaders, now: Timestamp) -> Duration? {
        if let milliseconds = headers["retry-after-ms"].flatMap(Double.init) { return duration(milliseconds / 1_000) }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return duration(seconds) }
        guard let date = HTTPDate.time(text) else { return nil }
        let sent = headers["date"].flatMap(HTTPDate.time) ?? now
        return duration(max(0, Double(date.nanosecondsSinceEpoch) - Double(sent.nanosecondsSinceEpoch)) / 1e9)
    }

    private static func duration(_ seconds: Double) -> Duration? {
        guard seconds >= 0, seconds <= longest else { return nil }
        return .nanoseconds(Int64(seconds * 1e9))
    }
}

/// A date of HTTP.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Reads the form that is sent, `Sun, 06 Nov 1994 08:49:37 GMT`, and the C library's, `Sun Nov  6 08:49:37 1994` (RFC 9110 §5.6.7).
    /// The third one, with a year of two digits, nobody sends any more. The time of day is whole seconds, `HH:MM:SS`.
    static func time(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6 && parts[5] == "GMT" || parts.count == 5 else { return nil }
        let (day, month, year, clock) =
            parts.count == 6 ? (parts[1], parts[2], parts[3], parts[4]) : (parts[2], parts[1], parts[4], parts[3])
        guard let number = months.firstIndex(of: String(month)), year.utf8.count == 4, day.utf8.count <= 2,
            clock.utf8.count == 8
        else { return nil }
        func padded(_ text: some StringProtocol) -> String { text.utf8.count < 2 ? "0" + text : String(text) }
        return Timestamp(iso8601: "\(year)-\(padded(String(number + 1)))-\(padded(day))T\(clock)Z")
    }
}
